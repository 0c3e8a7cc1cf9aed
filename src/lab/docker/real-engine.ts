import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { Node } from '../../clients/docker-objects.ts'
import { Fault } from '../../core/fault.ts'
import { identify } from '../../engine/process-identity.ts'
import type { DockerdTools } from './dockerd.ts'
import { type Hub, startHub } from './dockerd-hub.ts'
import { type Image, ImageShelf } from './dockerd-images.ts'
import { Daemon } from './dockerd-node.ts'
import type { DockerEngine } from './engine.ts'
import { callEngine } from './engine-calls.ts'
import { removeAbandoned, removeOwn } from './leftovers.ts'
import type { JoiningNode } from './nodes.ts'
import { type StorageDrivers, startStorageDrivers } from './storage-driver.ts'

export interface RealEngineOptions {
  readonly tools: DockerdTools
  readonly cluster: string
  /** The daemons' data; made, and removed by `stop`. */
  readonly folder: string
  /** Of the manager. */
  readonly socketPath: string
  /** Folder of the daemons' logs, one file a node; where absent they go with `folder`. */
  readonly logs?: string
  /** Told of the one process whose end is the end of every daemon and container. */
  readonly onProcess?: (pid: number) => Promise<void>
  /** Told in sentences what happens. */
  readonly log?: (line: string) => void
  /** Called when a node has joined, before `joinNode` resolves. */
  readonly onJoin?: () => Promise<unknown>
  /** Volume drivers that a stand-in serves as plugins on every node, e.g. `netapp:latest`. */
  readonly volumeDrivers?: readonly string[]
  /** How often nodes say that they live; three missed make one `down`. Swarm's own 5 s where absent. */
  readonly heartbeatSeconds?: number
  /** Most nodes at a time; 16 where absent. */
  readonly mostNodes?: number
}

/** One daemon of the swarm. */
export interface EngineNode {
  readonly hostname: string
  readonly nodeId: string
  /** Its own API: its containers, volumes and local networks. */
  readonly socketPath: string
  /** Parent of its containers' cgroups, below the root of each controller: the kernel counts and limits by it what the node does. */
  readonly cgroup: string
  readonly isOn: boolean
}

export interface RealDockerEngine extends DockerEngine {
  /** Of dockerd. */
  readonly version: string
  /** Every node's own engine, the manager first. */
  daemons(): readonly EngineNode[]
  /** An image of that reference on every node, now and later. Idempotent. */
  provideImage(image: Image): Promise<void>
  /** A network link of that name on every node, now and later: what an ipvlan or macvlan network has for a parent. */
  ensureParent(name: string): Promise<void>
}

interface Member {
  readonly daemon: Daemon
  readonly nodeId: string
}

/** RFC 2544's range for benchmarks: no tenant, no engine default and no bank uses it. */
const network = { prefix: '198.18.0.', bits: 24 } as const
const swarmPort = 2377
const standardMostNodes = 16
const standardHeartbeatSeconds = 5
/** What a daemon and its containerd may need before it holds a container; measured: 125 MB. */
const memoryOfDaemonBytes = 256 * 1024 ** 2
const joinMilliseconds = 180_000
const pollMilliseconds = 100

const Swarm = z.looseObject({ JoinTokens: z.looseObject({ Worker: z.string(), Manager: z.string() }) })
const Info = z.looseObject({ Swarm: z.looseObject({ NodeID: z.string(), LocalNodeState: z.string() }) })

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

const availableBytes = async (): Promise<number> => {
  const text = await readFile('/proc/meminfo', 'utf8')
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024
}

class RealEngine implements RealDockerEngine {
  readonly socketPath: string
  readonly version: string
  readonly #options: RealEngineOptions
  readonly #hub: Hub
  /** For sockets, whose paths must be short, and plugins. */
  readonly #short: string
  readonly #cgroup: string
  readonly #drivers: StorageDrivers
  readonly #images: ImageShelf
  readonly #members: Member[] = []
  readonly #listeners: (() => Promise<unknown>)[] = []
  readonly #links = new Set<string>()
  #made = 0
  /** Nodes join, leave, fall and rise one after the other. */
  #queue: Promise<unknown> = Promise.resolve()
  #stopping: Promise<void> | undefined

  constructor(
    options: RealEngineOptions,
    parts: { hub: Hub; short: string; cgroup: string; drivers: StorageDrivers },
  ) {
    this.socketPath = options.socketPath
    this.version = options.tools.version
    this.#options = options
    this.#hub = parts.hub
    this.#short = parts.short
    this.#cgroup = parts.cgroup
    this.#drivers = parts.drivers
    this.#images = new ImageShelf({
      busybox: options.tools.programs.busybox,
      folder: join(options.folder, 'images'),
    })
    if (options.onJoin !== undefined) this.#listeners.push(options.onJoin)
  }

  whenJoined(listener: () => Promise<unknown>): void {
    this.#listeners.push(listener)
  }

  daemons(): readonly EngineNode[] {
    return this.#members.map(({ daemon, nodeId }) => ({
      hostname: daemon.options.hostname,
      nodeId,
      socketPath: daemon.options.socketPath,
      cgroup: `/${daemon.options.cgroup}`,
      isOn: daemon.isOn,
    }))
  }

  async nodes(): Promise<readonly Node[]> {
    if (this.#members.length === 0) return []
    const { json } = await callEngine(this.socketPath, { method: 'GET', path: '/nodes' })
    const nodes = z.array(Node).parse(json)
    // The engine has no order of its own.
    const order = new Map(this.#members.map(({ nodeId }, position) => [nodeId, position]))
    return nodes.sort((a, b) => (order.get(a.ID) ?? 0) - (order.get(b.ID) ?? 0))
  }

  joinNode(joining: JoiningNode): Promise<string> {
    return this.#inTurn(async () => {
      await this.#refuseTooMany(joining)
      await this.#find(joining.hostname)?.daemon.stop()
      const member = await this.#startMember(joining)
      await this.#label(member.nodeId, joining)
      for (const listener of this.#listeners) await listener()
      this.#options.log?.(`${joining.hostname} has joined ${this.#options.cluster}`)
      return member.nodeId
    })
  }

  removeNode(reference: string): Promise<void> {
    return this.#inTurn(async () => {
      const member = this.#find(reference)
      if (member === undefined) return
      if (member === this.#members[0])
        throw new Fault('conflict', `${reference} is the manager of the swarm and cannot be removed.`)
      await member.daemon.stop()
      await callEngine(this.socketPath, { method: 'DELETE', path: `/nodes/${member.nodeId}?force=true` })
      this.#members.splice(this.#members.indexOf(member), 1)
      await rm(member.daemon.options.folder, { recursive: true, force: true })
    })
  }

  setNodeState(reference: string, reached: 'ready' | 'down'): Promise<void> {
    return this.#inTurn(async () => {
      const member = this.#find(reference)
      if (member === undefined) throw new Fault('not-found', `There is no node ${reference}.`)
      if (member === this.#members[0])
        throw new Fault('conflict', `${reference} is the only manager of the swarm and stays as it is.`)
      if (reached === 'ready') await member.daemon.start()
      else await member.daemon.stop()
      await this.#untilState(member, reached)
    })
  }

  provideImage(image: Image): Promise<void> {
    return this.#inTurn(async () => {
      this.#images.add(image)
      for (const { daemon } of this.#members)
        if (daemon.isOn) await this.#images.provideOne(daemon.options.socketPath, image)
    })
  }

  ensureParent(name: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#links.add(name)
      for (const { daemon } of this.#members) await daemon.ensureLink(name)
    })
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#end()
    return this.#stopping
  }

  async #end(): Promise<void> {
    // A node on its way finds its hub gone.
    await this.#hub.stop()
    await this.#queue
    await this.#drivers.stop()
    await removeOwn(this.#cgroup, [this.#short, this.#options.folder])
    await rm(this.socketPath, { force: true })
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    if (this.#stopping !== undefined)
      return Promise.reject(
        new Fault('unavailable', `The Docker Engine of ${this.#options.cluster} is stopped.`),
      )
    const done = this.#queue.then(action)
    this.#queue = done.catch(() => undefined)
    return done
  }

  #find(reference: string): Member | undefined {
    return this.#members.findLast(
      ({ daemon, nodeId }) => daemon.options.hostname === reference || nodeId === reference,
    )
  }

  async #refuseTooMany({ hostname }: JoiningNode): Promise<void> {
    const most = this.#options.mostNodes ?? standardMostNodes
    const on = this.#members.filter(({ daemon }) => daemon.isOn).length
    if (on >= most)
      throw new Fault(
        'unavailable',
        `${hostname} cannot join: ${on} Docker Engines run already, the most allowed here.`,
        {
          details: { resource: hostname, hint: 'Remove machines from the pools.' },
        },
      )
    const left = await availableBytes()
    if (left < memoryOfDaemonBytes)
      throw new Fault(
        'unavailable',
        `${hostname} cannot join: a Docker Engine needs ${memoryOfDaemonBytes / 1024 ** 2} MiB and this machine has ${Math.floor(left / 1024 ** 2)} MiB left.`,
        { details: { resource: hostname, hint: 'Remove machines from the pools.' } },
      )
  }

  async #startMember(joining: JoiningNode): Promise<Member> {
    const isFirst = this.#members.length === 0
    this.#made += 1
    const name = `n${this.#made}`
    const folder = join(this.#options.folder, name)
    const address = this.#freeAddress()
    const daemon = new Daemon({
      hub: this.#hub,
      tools: this.#options.tools,
      name,
      hostname: joining.hostname,
      address: `${address}/${network.bits}`,
      cpus: joining.cpus,
      memoryBytes: joining.memoryBytes,
      folder,
      socketPath: isFirst ? this.socketPath : join(this.#short, `${name}.sock`),
      cgroup: `${this.#cgroup}/${name}`,
      plugins: this.#drivers.folder,
      logFile: join(this.#options.logs ?? this.#options.folder, `dockerd-${joining.hostname}.log`),
    })
    try {
      for (const link of this.#links) await daemon.ensureLink(link)
      await daemon.start()
      await this.#images.provide(daemon.options.socketPath)
      await (isFirst ? this.#initSwarm(address) : this.#joinSwarm(daemon, address, joining))
      const member = { daemon, nodeId: await this.#nodeIdOf(daemon) }
      this.#members.push(member)
      await this.#untilState(member, 'ready')
      return member
    } catch (error) {
      await daemon.stop().catch(() => undefined)
      await rm(folder, { recursive: true, force: true }).catch(() => undefined)
      throw error
    }
  }

  #freeAddress(): string {
    const used = new Set(this.#members.map(({ daemon }) => daemon.options.address))
    for (let last = 2; last < 255; last++) {
      const address = `${network.prefix}${last}`
      if (!used.has(`${address}/${network.bits}`)) return address
    }
    throw new Fault('unavailable', 'The network of the Docker Engines is full.')
  }

  async #initSwarm(address: string): Promise<void> {
    const HeartbeatPeriod = (this.#options.heartbeatSeconds ?? standardHeartbeatSeconds) * 1e9
    await callEngine(this.socketPath, {
      method: 'POST',
      path: '/swarm/init',
      json: {
        ListenAddr: `${address}:${swarmPort}`,
        AdvertiseAddr: `${address}:${swarmPort}`,
        Spec: { Dispatcher: { HeartbeatPeriod } },
      },
    })
  }

  /** The token goes from one socket to the other and nowhere else. */
  async #joinSwarm(daemon: Daemon, address: string, { role, availability }: JoiningNode): Promise<void> {
    const { JoinTokens } = Swarm.parse(
      (await callEngine(this.socketPath, { method: 'GET', path: '/swarm' })).json,
    )
    await callEngine(daemon.options.socketPath, {
      method: 'POST',
      path: '/swarm/join',
      json: {
        ListenAddr: `${address}:${swarmPort}`,
        AdvertiseAddr: `${address}:${swarmPort}`,
        RemoteAddrs: [`${network.prefix}2:${swarmPort}`],
        ...(availability === undefined ? {} : { Availability: availability }),
        JoinToken: role === 'manager' ? JoinTokens.Manager : JoinTokens.Worker,
      },
    })
  }

  async #nodeIdOf(daemon: Daemon): Promise<string> {
    const deadline = performance.now() + joinMilliseconds
    while (performance.now() < deadline) {
      const answer = await callEngine(daemon.options.socketPath, { method: 'GET', path: '/info' })
      const { NodeID, LocalNodeState } = Info.parse(answer.json).Swarm
      if (LocalNodeState === 'active' && NodeID !== '') return NodeID
      await pause(pollMilliseconds)
    }
    throw new Fault('timeout', `${daemon.options.hostname} did not become a member of the swarm.`)
  }

  async #untilState({ daemon, nodeId }: Member, reached: 'ready' | 'down'): Promise<void> {
    const deadline = performance.now() + joinMilliseconds
    while (performance.now() < deadline) {
      const node = (await this.nodes()).find(({ ID }) => ID === nodeId)
      if (node?.Status.State === reached) return
      await pause(pollMilliseconds)
    }
    throw new Fault('timeout', `${daemon.options.hostname} did not become ${reached}.`)
  }

  async #label(nodeId: string, { labels = {} }: JoiningNode): Promise<void> {
    if (Object.keys(labels).length === 0) return
    const { json } = await callEngine(this.socketPath, { method: 'GET', path: `/nodes/${nodeId}` })
    const { Spec, Version } = Node.parse(json)
    await callEngine(this.socketPath, {
      method: 'POST',
      path: `/nodes/${nodeId}/update?version=${Version.Index}`,
      json: { ...Spec, Labels: { ...Spec.Labels, ...labels } },
    })
  }
}

const cgroupName = async (cluster: string): Promise<string> => {
  const owner = await identify(process.pid)
  if (owner === undefined) throw new Error('the system knows no start time of this very process')
  const suffix = createHash('sha256').update(`${cluster}/${performance.now()}`).digest('hex').slice(0, 8)
  return `tenantry-docker.${owner.pid}.${owner.started.split(' ', 1)[0]}.${suffix}`
}

/**
 * Real Docker Engines that form a swarm, each in namespaces of its own: nothing of the host's network, mounts or processes
 * is touched. No daemon runs before the first `joinNode`, which becomes the manager; `socketPath` answers from then on.
 *
 * Everything ends with `stop`, and by itself when this process dies in any way.
 * @throws {Fault} `unavailable` when the kernel refuses what it takes.
 */
export const startDockerd = async (options: RealEngineOptions): Promise<RealDockerEngine> => {
  await removeAbandoned()
  const cgroup = await cgroupName(options.cluster)
  const short = await mkdtemp(join(tmpdir(), `${cgroup}-`))
  try {
    await rm(options.folder, { recursive: true, force: true })
    for (const folder of [options.folder, options.logs].filter((one) => one !== undefined))
      await mkdir(folder, { recursive: true, mode: 0o700 })
    const drivers = await startStorageDrivers({
      names: options.volumeDrivers ?? [],
      sockets: join(short, 'plugins'),
      folder: join(options.folder, 'storage'),
    })
    try {
      const hub = await startHub({
        tools: options.tools,
        cgroup,
        folders: [short, options.folder, options.socketPath],
        ...(options.onProcess === undefined ? {} : { onProcess: options.onProcess }),
      })
      return new RealEngine(options, { hub, short, cgroup, drivers })
    } catch (error) {
      await drivers.stop()
      throw error
    }
  } catch (error) {
    await removeOwn(cgroup, [short, options.folder])
    throw error
  }
}
