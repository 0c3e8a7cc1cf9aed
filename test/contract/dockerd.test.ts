import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DockerdTools, findDockerd } from '../../src/lab/docker/dockerd.ts'
import { callEngine } from '../../src/lab/docker/engine-calls.ts'
import {
  type RealDockerEngine,
  type RealEngineOptions,
  startDockerd,
} from '../../src/lab/docker/real-engine.ts'
import { missingPart } from '../missing-part.ts'
import { patience } from './docker-bench.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-dockerd-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const readable = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')

/** Command lines of processes that name the folder: hub, daemons, shims. */
const processesOf = async (): Promise<string[]> => {
  const lines = (await readdir('/proc'))
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .map(async (name) => (await readable(`/proc/${name}/cmdline`)).replaceAll('\0', ' '))
  return (await Promise.all(lines)).filter((line) => line.includes(folder))
}

const textsBelow = async (path: string): Promise<string[]> => {
  const names = await readdir(path, { recursive: true, withFileTypes: true })
  return Promise.all(
    names.filter((one) => one.isFile()).map((one) => readable(join(one.parentPath, one.name))),
  )
}

const namesIn = (path: string): Promise<string[]> => readdir(path).catch(() => [])

/** What engines of a process have outside their namespaces: cgroups and short folders. */
const tracesOf = async (pid: number): Promise<string[]> => {
  const places = [tmpdir(), '/sys/fs/cgroup']
  for (const name of await namesIn('/sys/fs/cgroup')) places.push(join('/sys/fs/cgroup', name))
  const found = places.map(async (place) =>
    (await namesIn(place)).filter((name) => name.startsWith(`tenantry-docker.${pid}.`)),
  )
  return (await Promise.all(found)).flat()
}

const untilNothingIsLeft = async (pid: number): Promise<void> => {
  await expect.poll(processesOf, patience).toEqual([])
  await expect.poll(() => tracesOf(pid), patience).toEqual([])
  await expect.poll(() => namesIn(join(folder, 'data')), patience).toEqual([])
  expect(await readable('/proc/self/mountinfo')).not.toContain(folder)
}

const links = async (): Promise<string[]> =>
  (await readable('/proc/net/dev')).split('\n').flatMap((line) => /^\s*(\S+):/.exec(line)?.[1] ?? [])

const runService = async ({ socketPath }: { readonly socketPath: string }): Promise<void> => {
  await callEngine(socketPath, {
    method: 'POST',
    path: '/services/create',
    json: { Name: 'web', TaskTemplate: { ContainerSpec: { Image: 'web:1' } } },
  })
  await expect
    .poll(
      async () => (await callEngine(socketPath, { method: 'GET', path: '/containers/json' })).json,
      patience,
    )
    .toHaveLength(1)
}

const suite = (tools: DockerdTools): void => {
  const start = (more: Partial<RealEngineOptions> = {}): Promise<RealDockerEngine> =>
    startDockerd({
      tools,
      cluster: 'test',
      folder: join(folder, 'data'),
      socketPath: join(folder, 'docker.sock'),
      ...more,
    })

  it('runs beside the machine and leaves nothing of itself', async () => {
    const before = await links()
    const engine = await start()
    try {
      await engine.provideImage({ reference: 'web:1' })
      await engine.joinNode({ hostname: 'alone', cpus: 1, memoryBytes: 2 ** 30 })
      await engine.ensureParent('ens224.310')
      const parent = { Name: 'vpn', Driver: 'ipvlan', Options: { parent: 'ens224.310' } }
      await callEngine(engine.socketPath, { method: 'POST', path: '/networks/create', json: parent })
      await runService(engine)
      expect((await links()).filter((link) => /swarm0|ens224|^n\d+$/.test(link))).toEqual(
        before.filter((link) => /swarm0|ens224|^n\d+$/.test(link)),
      )
      expect(await readable('/proc/self/mountinfo')).not.toContain(folder)
    } finally {
      await engine.stop()
    }
    await untilNothingIsLeft(process.pid)
    await expect(engine.joinNode({ hostname: 'late', cpus: 1, memoryBytes: 1 })).rejects.toMatchObject({
      code: 'unavailable',
    })
  })

  it('says when there are too many nodes, and keeps its manager', async () => {
    const engine = await start({ mostNodes: 1 })
    try {
      await engine.joinNode({ hostname: 'alone', cpus: 1, memoryBytes: 2 ** 30 })
      await expect(
        engine.joinNode({ hostname: 'more', cpus: 1, memoryBytes: 2 ** 30 }),
      ).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('the most allowed here'),
      })
      await expect(engine.removeNode('alone')).rejects.toMatchObject({ code: 'conflict' })
      await expect(engine.setNodeState('none', 'down')).rejects.toMatchObject({ code: 'not-found' })
    } finally {
      await engine.stop()
    }
  })

  it('leaves no join token on a command line, in a log or in the worker’s state', async () => {
    const engine = await start({ logs: join(folder, 'logs') })
    const seen: string[] = []
    try {
      await engine.joinNode({ hostname: 'one', cpus: 1, memoryBytes: 2 ** 30 })
      const watching = setInterval(() => void processesOf().then((lines) => seen.push(...lines)), 50)
      await engine.joinNode({ hostname: 'two', cpus: 1, memoryBytes: 2 ** 30 })
      clearInterval(watching)
      for (const name of await readdir(join(folder, 'logs')))
        seen.push(await readable(join(folder, 'logs', name)))
      // What the engine keeps of how it joined: its certificate, and not the token.
      const kept = await textsBelow(join(folder, 'data', 'n2', 'data', 'swarm'))
      expect(kept.length).toBeGreaterThan(0)
      seen.push(...kept)
    } finally {
      await engine.stop()
    }
    expect(seen.length).toBeGreaterThan(2)
    expect(seen.join('\n')).not.toContain('SWMTKN')
  })

  const own = async (): Promise<{ child: ChildProcess; hub: number }> => {
    const child = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        join(import.meta.dirname, 'dockerd-owner.ts'),
        join(folder, 'data'),
        join(folder, 'docker.sock'),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'], cwd: join(import.meta.dirname, '..', '..') },
    )
    const hub = await new Promise<number>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
      createInterface(child.stdout ?? process.stdin).once('line', (line) =>
        resolve(Number(line.split(' ')[1])),
      )
    })
    return { child, hub }
  }

  it('ends with whoever started it, however that one dies', async () => {
    const { child } = await own()
    await runService({ socketPath: join(folder, 'docker.sock') })
    child.kill('SIGKILL')
    await untilNothingIsLeft(child.pid ?? 0)
  })

  it('ends with the one process that is held, and the next start tidies up', async () => {
    const { child, hub } = await own()
    await runService({ socketPath: join(folder, 'docker.sock') })
    process.kill(hub, 'SIGKILL')
    await expect
      .poll(async () => (await processesOf()).filter((line) => line.includes('dockerd ')), patience)
      .toEqual([])
    child.kill('SIGKILL')
    await expect.poll(processesOf, patience).toEqual([])
    await (await start()).stop()
    await untilNothingIsLeft(child.pid ?? 0)
  })
}

const { tools, ...rest } = await findDockerd()
if (tools === undefined)
  missingPart('docker', `dockerd in namespaces of its own: ${'reason' in rest ? rest.reason : ''}`)

describe.skipIf(tools === undefined)('dockerd in namespaces of its own', { timeout: 600_000 }, () => {
  if (tools !== undefined) suite(tools)
})
