import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/clients/clock.ts'
import { Ucp } from '../../src/clients/ucp.ts'
import { changeNode, readNode, type UcpNode } from '../../src/clients/ucp-nodes.ts'
import { Secret } from '../../src/core/secret.ts'
import { type DockerEngine, startDockerEngine } from '../../src/lab/docker/engine.ts'
import type { Ucp as Emulator } from '../../src/lab/ucp/server.ts'
import type { LogEvent } from '../../src/watch/log-lines.ts'
import type { HostSample } from '../../src/watch/node/kernel-figures.ts'
import { NodeJournal } from '../../src/watch/node/node-journal.ts'
import { NodeSession } from '../../src/watch/node/node-session.ts'
import { NodeWatcher } from '../../src/watch/node/node-watcher.ts'
import { rules } from '../watch/node/node-rules.ts'
import { type Drive, driveFor, fastClock, startEmulator } from './provider-harness.ts'

export const collection = '/Run/Std'
const watcherPassword = 'a-watcher-has-a-password'
const never = new AbortController().signal

/** Called before each change of a node that a watcher sends, with how many there were before. */
export type Meddle = (count: number) => Promise<void>

/** A session whose changes of nodes somebody comes before, over real HTTP. */
const meddled = (ucp: Ucp, meddle: () => Promise<void>): Ucp => {
  const [send, within] = [ucp.send.bind(ucp), ucp.within.bind(ucp)]
  ucp.within = (scope) => meddled(within(scope), meddle)
  ucp.send = async (call) => {
    if (call.method === 'POST') await meddle()
    return send(call)
  }
  return ucp
}

export interface WatchOptions {
  readonly password?: () => string
  readonly endpoint?: string
  readonly meddle?: Meddle
  readonly random?: () => number
  readonly onEvent?: (event: LogEvent) => void
}

/** One process of the node watcher; its host has the load that is set, its time is what a test lets pass. */
export class Watched {
  readonly lines: LogEvent[] = []
  readonly watcher: NodeWatcher
  readonly session: NodeSession
  readonly stopping = new AbortController()
  readonly #journal: NodeJournal
  #at = 1_000
  load = 10
  broken = false

  constructor(emulator: Emulator, node: string, options: WatchOptions = {}) {
    let changes = 0
    const open = () => {
      const ucp = new Ucp({
        endpoint: options.endpoint ?? emulator.address,
        caCertificate: emulator.caCertificate,
        username: 'svc-watch',
        password: new Secret(options.password?.() ?? watcherPassword),
        clock: fastClock(),
        http: {
          timeoutMilliseconds: 30_000,
          retries: { attempts: 2, baseMilliseconds: 10, totalMilliseconds: 100 },
        },
      })
      return meddled(ucp, async () => options.meddle?.(changes++))
    }
    const { signal } = this.stopping
    this.session = new NodeSession(node, { open, signal })
    this.#journal = new NodeJournal((event) => {
      this.lines.push(event)
      options.onEvent?.(event)
    }, node)
    this.watcher = new NodeWatcher({
      rules,
      sampler: () => this.#sample(),
      session: this.session,
      journal: this.#journal,
      clock: this.#clock(),
      wallTime: () => new Date(Date.UTC(2026, 10, 23) + this.#at),
      random: options.random ?? (() => 1),
      signal,
    })
  }

  /** Lets so many seconds pass, a sample every five of them, and waits for what comes of it. */
  async pass(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 5) {
      this.#at += 5_000
      this.watcher.tick()
      await this.watcher.settled()
    }
  }

  /** What was logged of these events, without their figures. */
  events(...names: readonly string[]): string[] {
    return this.lines
      .filter(({ event }) => names.length === 0 || names.includes(event))
      .map(({ event, reason, action }) => (event === 'decision' ? `${action}: ${reason}` : event))
  }

  metric(name: string): number | undefined {
    const line = this.#journal
      .metrics()
      .split('\n')
      .find((one) => one.startsWith(`${name} `))
    return line === undefined ? undefined : Number(line.slice(name.length + 1))
  }

  close(): Promise<void> {
    return this.session.close()
  }

  #sample(): HostSample | undefined {
    if (this.broken) return undefined
    const { load } = this
    return {
      ...{ at: this.#at, loadPercent: load, memoryPercent: 20, source: 'pressure', cpus: 4 },
      ...{ busyPercent: load, pressurePercent: load },
    }
  }

  #clock(): Clock {
    return {
      now: () => this.#at,
      wait: async (milliseconds, signal) => {
        signal?.throwIfAborted()
        this.#at += milliseconds
        await new Promise((resolve) => setImmediate(resolve))
        signal?.throwIfAborted()
      },
    }
  }
}

/** The account that watchers log in with, before it may do anything. */
export const watcherAccount = { name: 'svc-watch', password: new Secret(watcherPassword) }

/** The collections of the offers, and on that of the nodes the rights of a node watcher, no more. */
export const grantWatcher = async (drive: Drive): Promise<void> => {
  for (const path of ['/Run', '/Run/Std', '/Run/Edge']) await drive.create('ucp:index:Collection', { path })
  const operations = { Node: { 'Node View': [], 'Node Update': [] } }
  const role = { name: 'node-watcher-11111111', operations }
  await drive.create('ucp:index:Role', role)
  const grant = { subject: `user:${watcherAccount.name}`, role: role.name, collection }
  await drive.create('ucp:index:Grant', grant)
}

/** A cluster with a manager, a collection and an account with a node watcher's rights on it. */
export class WatchWorld {
  readonly engine: DockerEngine
  readonly emulator: Emulator
  readonly drive: Drive
  readonly #folder: string
  readonly #watched: Watched[] = []
  #joins = 0

  private constructor(folder: string, engine: DockerEngine, emulator: Emulator) {
    this.#folder = folder
    this.engine = engine
    this.emulator = emulator
    // Long enough for a busy machine: nothing here waits for a time to pass.
    this.drive = driveFor(emulator, {}, { timeoutMilliseconds: 30_000 })
  }

  static async open(): Promise<WatchWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'tenantry-node-watcher-'))
    const engine = await startDockerEngine({ socketPath: join(folder, 'engine.sock') })
    const emulator = await startEmulator(
      {},
      {
        engineSocket: engine.socketPath,
        users: [
          { name: 'svc-tenantry', isAdmin: true, password: new Secret('correct-horse-battery') },
          watcherAccount,
        ],
      },
    )
    const world = new WatchWorld(folder, engine, emulator)
    await engine.joinNode({ hostname: 'manager', cpus: 2, memoryBytes: 4e9, role: 'manager' })
    await grantWatcher(world.drive)
    return world
  }

  /** Takes every worker out of the swarm, so that a test begins with none. */
  async clear(): Promise<void> {
    this.emulator.faults.clear()
    await Promise.all(this.#watched.splice(0).map((one) => one.close()))
    for (const { Description, Spec } of await this.engine.nodes())
      if (Spec.Role === 'worker') await this.engine.removeNode(Description.Hostname)
  }

  /** Workers that have joined and stand in the collection, with a label of somebody else. */
  async joined(count = 3, hostnames?: readonly string[]): Promise<readonly string[]> {
    const names = hostnames ?? Array.from({ length: count }, () => `std-${++this.#joins}`)
    for (const hostname of names) {
      await this.engine.joinNode({ hostname, cpus: 4, memoryBytes: 8e9, labels: { zone: 'east' } })
      await this.drive.create('ucp:index:NodePlacement', { hostname, collection })
    }
    return names
  }

  watch(node: string, options?: WatchOptions): Watched {
    const watched = new Watched(this.emulator, node, options)
    this.#watched.push(watched)
    return watched
  }

  async node(hostname: string): Promise<UcpNode> {
    const found = (await this.engine.nodes())
      .filter(({ Description }) => Description.Hostname === hostname)
      .at(-1)
    const node = found === undefined ? undefined : await readNode(this.drive.client.ucp, found.ID)
    if (node === undefined) throw new Error(`no node ${hostname}`)
    return node
  }

  /** What a person does by hand; an undefined label goes away. */
  async byHand(
    hostname: string,
    change: { availability?: string; labels?: Record<string, string | undefined> },
  ) {
    const { id, availability } = await this.node(hostname)
    await changeNode(this.drive.client.ucp, id, { availability, labels: {}, ...change, signal: never })
  }

  async close(): Promise<void> {
    await this.clear()
    await this.drive.close()
    await this.emulator.stop()
    await this.engine.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
