import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest'
import { findDockerd } from '../../src/lab/docker/dockerd.ts'
import { type DockerEngine, startDockerEngine } from '../../src/lab/docker/engine.ts'
import type { JoiningNode } from '../../src/lab/docker/nodes.ts'
import { type RealDockerEngine, startDockerd } from '../../src/lab/docker/real-engine.ts'
import { missingPart } from '../missing-part.ts'

export interface Answer {
  readonly status: number
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: bodies of the engine are read freely in tests
  readonly json: any
}

/** How long a swarm may take, on a machine that is busy with other things, to do what it was asked. */
export const patience = { timeout: 180_000, interval: 50 } as const

/** Several waits of that length. */
const limits = { timeout: 600_000 } as const

/** A volume plugin that every machine of both engines has. */
export const storageDriver = 'netapp:latest'

/** Images that both engines have. */
const images = ['nginx:1.25', 'nginx:1.26', 'nginx:latest', 'alpine:latest']

const send = (socketPath: string, method: string, path: string, body?: unknown): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const sent = request({ socketPath, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        let json: unknown
        try {
          json = JSON.parse(text)
        } catch {
          json = undefined
        }
        resolve({ status: response.statusCode ?? 0, text, json })
      })
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })

export const filter = (filters: unknown): string => `filters=${encodeURIComponent(JSON.stringify(filters))}`

interface BenchOptions {
  readonly nodes: readonly JoiningNode[]
  /** Of real nodes; three missed make one down. Swarm's own where absent: a busy machine misses shorter ones. */
  readonly heartbeatSeconds?: number
}

/** An engine in swarm mode, empty but for its nodes whenever a test begins. */
export class DockerBench {
  readonly isReal: boolean
  readonly #nodes: readonly JoiningNode[]
  readonly #heartbeatSeconds: number | undefined
  #engine: DockerEngine | undefined
  #real: RealDockerEngine | undefined
  #folder = ''

  constructor(isReal: boolean, { nodes, heartbeatSeconds }: BenchOptions) {
    this.isReal = isReal
    this.#nodes = nodes
    this.#heartbeatSeconds = heartbeatSeconds
  }

  get engine(): DockerEngine {
    if (this.#engine === undefined) throw new Error('the engine has not been started')
    return this.#engine
  }

  /** A call to the manager. */
  call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    send(this.engine.socketPath, method, path, body)

  /** Running containers of all machines; the engine in memory shows them in one place, as UCP does. */
  async containers(query = ''): Promise<Answer['json'][]> {
    const answers = this.#sockets().map((socket) => send(socket, 'GET', `/containers/json${query}`))
    return (await Promise.all(answers)).flatMap(({ json }) => json)
  }

  /** Tasks of a service that shall run and do. */
  async runningTasks(service = 'web'): Promise<Answer['json'][]> {
    const { json } = await this.call(
      'GET',
      `/tasks?${filter({ service: [service], 'desired-state': ['running'] })}`,
    )
    return json.filter((task: Answer['json']) => task.Status.State === 'running')
  }

  /** Resolves to the running tasks of a service once there are so many; what keeps the others is in the failure. */
  async untilRunning(count: number, service = 'web'): Promise<Answer['json'][]> {
    const look = async (): Promise<readonly string[]> => {
      const { json } = await this.call('GET', `/tasks?${filter({ service: [service] })}`)
      const states = json.map(({ DesiredState, Status }: Answer['json']) =>
        DesiredState === 'running' && Status.State === 'running' ? 'running' : JSON.stringify(Status),
      )
      const running = states.filter((state: string) => state === 'running')
      return running.length === count ? running : states
    }
    await expect.poll(look, patience).toEqual(Array.from({ length: count }, () => 'running'))
    return this.runningTasks(service)
  }

  async open(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'tenantry-bench-'))
    const socketPath = join(this.#folder, 'docker.sock')
    const { tools } = this.isReal ? await findDockerd() : { tools: undefined }
    if (tools === undefined) {
      this.#engine = await startDockerEngine({ socketPath, seed: 'test', volumeDrivers: [storageDriver] })
    } else {
      this.#real = await startDockerd({
        tools,
        cluster: 'bench',
        folder: join(this.#folder, 'data'),
        socketPath,
        volumeDrivers: [storageDriver],
        ...(this.#heartbeatSeconds === undefined ? {} : { heartbeatSeconds: this.#heartbeatSeconds }),
      })
      this.#engine = this.#real
      for (const reference of images) await this.#real.provideImage({ reference })
    }
    for (const node of this.#nodes) await this.engine.joinNode(node)
  }

  async close(): Promise<void> {
    await this.#engine?.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Takes away all but the nodes it began with, and makes those as they were. */
  async clear(): Promise<void> {
    await this.#removeEach('/services', '/services', 'ID')
    for (const socket of this.#sockets())
      for (const { Id, Labels } of (await send(socket, 'GET', '/containers/json?all=1')).json)
        if (Labels['com.docker.swarm.task.id'] === undefined)
          await send(socket, 'DELETE', `/containers/${Id}?force=1`)
    await expect.poll(async () => (await this.containers('?all=1')).length, patience).toBe(0)
    await this.#resetNodes()
    await this.#removeEach('/secrets', '/secrets', 'ID')
    await this.#removeEach('/configs', '/configs', 'ID')
    await expect
      .poll(() => this.#removeEach(`/networks?${filter({ type: ['custom'] })}`, '/networks', 'Id'), patience)
      .toBe(0)
    for (const socket of this.#sockets())
      for (const { Name } of (await send(socket, 'GET', '/volumes')).json.Volumes ?? [])
        await send(socket, 'DELETE', `/volumes/${Name}?force=1`)
  }

  #sockets(): readonly string[] {
    if (this.#real === undefined) return [this.engine.socketPath]
    return this.#real
      .daemons()
      .filter(({ isOn }) => isOn)
      .map(({ socketPath }) => socketPath)
  }

  /** Resolves to how many there were. */
  async #removeEach(list: string, page: string, key: string): Promise<number> {
    const found = (await this.call('GET', list)).json.filter(
      ({ Name }: { Name?: string }) => Name !== 'ingress' && Name !== 'docker_gwbridge',
    )
    for (const one of found) await this.call('DELETE', `${page}/${one[key]}`)
    return found.length
  }

  async #resetNodes(): Promise<void> {
    for (const { ID, Description, Spec, Version } of await this.engine.nodes()) {
      const own = this.#nodes.find(({ hostname }) => hostname === Description.Hostname)
      if (own === undefined) await this.engine.removeNode(ID)
      else if (Spec.Availability !== 'active')
        await this.call('POST', `/nodes/${ID}/update?version=${Version.Index}`, {
          ...Spec,
          Availability: 'active',
        })
    }
  }
}

const real = await findDockerd()

/**
 * The same suite on the engine in memory and, where this machine can run it, on dockerd: a fresh engine for each test in
 * memory, one swarm for all of them of dockerd, cleared between tests.
 */
export const describeEngines = (
  what: string,
  options: BenchOptions,
  suite: (bench: DockerBench) => void,
): void => {
  describe(`${what}, in memory`, () => {
    const bench = new DockerBench(false, options)
    beforeEach(() => bench.open())
    afterEach(() => bench.close())
    suite(bench)
  })
  if (real.tools === undefined) {
    missingPart('docker', `${what} of dockerd: ${real.reason}`)
    return
  }
  describe(`${what}, of dockerd ${real.tools.version}`, limits, () => {
    const bench = new DockerBench(true, options)
    beforeAll(() => bench.open(), limits.timeout)
    afterEach(() => bench.clear(), limits.timeout)
    afterAll(() => bench.close(), limits.timeout)
    suite(bench)
  })
}
