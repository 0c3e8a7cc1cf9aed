import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { findDockerd } from '../../src/lab/docker/dockerd.ts'
import { type DockerEngine, startDockerEngine } from '../../src/lab/docker/engine.ts'
import { callEngine } from '../../src/lab/docker/engine-calls.ts'
import type { JoiningNode } from '../../src/lab/docker/nodes.ts'
import { type RealDockerEngine, startDockerd } from '../../src/lab/docker/real-engine.ts'
import type { Member } from '../../src/lab/ucp/proxy-contract.ts'
import { missingPart } from '../missing-part.ts'

/** An engine that the access proxy is tried on; which one it is must not be seen through the proxy. */
export interface ProxiedEngine {
  readonly engine: DockerEngine
  readonly members?: () => Promise<readonly Member[]>
  /** Takes away what a test has made, so that the next begins with nodes alone. */
  readonly clear: () => Promise<void>
  readonly close: () => Promise<void>
}

export interface EngineKind {
  readonly name: string
  readonly isReal: boolean
  readonly open: () => Promise<ProxiedEngine>
}

const patience = { timeout: 60_000, interval: 50 }

const listOf = async (socket: string, path: string): Promise<readonly Record<string, unknown>[]> => {
  const { json } = await callEngine(socket, { method: 'GET', path })
  const found = json !== null && typeof json === 'object' && 'Volumes' in json ? json.Volumes : json
  return Array.isArray(found) ? found : []
}

const builtIn = /^(?:ingress|bridge|host|none|docker_gwbridge)$/

const removeEach = async (socket: string, list: string, page: string, key: string): Promise<void> => {
  for (const found of await listOf(socket, list)) {
    const name = String(found[key])
    if (!builtIn.test(String(found.Name)))
      await callEngine(socket, { method: 'DELETE', path: `${page}/${encodeURIComponent(name)}` })
  }
}

/** Removes everything but nodes from the engines, containers before what they use. */
const clearEngines = async (manager: string, sockets: readonly string[]): Promise<void> => {
  await removeEach(manager, '/services', '/services', 'ID')
  const busy = async () => {
    const containers = sockets.map((socket) => listOf(socket, '/containers/json?all=1'))
    return (await Promise.all([listOf(manager, '/tasks'), ...containers])).flat().length
  }
  // Containers outside of services are nobody's to end.
  for (const socket of sockets)
    for (const { Id } of await listOf(socket, '/containers/json?all=1&filters={"is-task":["false"]}'))
      await callEngine(socket, { method: 'DELETE', path: `/containers/${Id}?force=1` })
  await expect.poll(busy, patience).toBe(0)
  await removeEach(manager, '/secrets', '/secrets', 'ID')
  await removeEach(manager, '/configs', '/configs', 'ID')
  await removeEach(manager, '/networks', '/networks', 'Id')
  await expect
    .poll(
      async () => (await listOf(manager, '/networks')).filter(({ Name }) => !builtIn.test(String(Name))),
      patience,
    )
    .toEqual([])
  for (const socket of sockets) await removeEach(socket, '/volumes', '/volumes', 'Name')
}

const join3 = async (engine: DockerEngine): Promise<void> => {
  const nodes: readonly JoiningNode[] = [
    { hostname: 'manager', cpus: 4, memoryBytes: 2 ** 33, role: 'manager' },
    { hostname: 'run-1', cpus: 4, memoryBytes: 2 ** 33, role: 'worker' },
    { hostname: 'spare', cpus: 4, memoryBytes: 2 ** 33, role: 'worker' },
  ]
  for (const node of nodes) await engine.joinNode(node)
}

const openMemory = async (): Promise<ProxiedEngine> => {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-proxy-'))
  const engine = await startDockerEngine({ socketPath: join(folder, 'docker.sock'), seed: 'proxy' })
  await join3(engine)
  return {
    engine,
    clear: () => clearEngines(engine.socketPath, [engine.socketPath]),
    close: async () => {
      await engine.stop()
      await rm(folder, { recursive: true })
    },
  }
}

const openReal = async (): Promise<ProxiedEngine> => {
  const { tools } = await findDockerd()
  if (tools === undefined) throw new Error('dockerd went away')
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-proxy-'))
  const engine: RealDockerEngine = await startDockerd({
    tools,
    cluster: 'proxy',
    folder: join(folder, 'data'),
    socketPath: join(folder, 'docker.sock'),
  })
  const close = async (): Promise<void> => {
    await engine.stop()
    await rm(folder, { recursive: true, force: true })
  }
  const running = () => engine.daemons().filter(({ isOn }) => isOn)
  try {
    for (const reference of ['nginx:1.25', 'signed/nginx:1']) await engine.provideImage({ reference })
    await join3(engine)
  } catch (error) {
    await close()
    throw error
  }
  return {
    engine,
    members: async () => running().map(({ nodeId, socketPath }) => ({ id: nodeId, socketPath })),
    clear: () =>
      clearEngines(
        engine.socketPath,
        running().map(({ socketPath }) => socketPath),
      ),
    close,
  }
}

/** The engine in memory, and three dockerd that form a swarm where this machine can run them. */
export const engineKinds = async (): Promise<readonly EngineKind[]> => {
  const memory: EngineKind = { name: 'the engine in memory', isReal: false, open: openMemory }
  const { tools } = await findDockerd()
  if (tools !== undefined) return [memory, { name: `dockerd ${tools.version}`, isReal: true, open: openReal }]
  missingPart('docker', 'the access proxy before dockerd')
  return [memory]
}
