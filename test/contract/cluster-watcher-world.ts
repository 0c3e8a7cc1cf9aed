import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { appliedFolder, recordApplied } from '../../src/cli/applied.ts'
import { LeaseWatch } from '../../src/cli/lease-watch.ts'
import { EnginePoolStacks } from '../../src/cli/pool-stacks.ts'
import { poolsOf } from '../../src/cli/watched-pools.ts'
import type { Clock } from '../../src/clients/clock.ts'
import { Ucp } from '../../src/clients/ucp.ts'
import { changeNode, listNodes, type UcpNode } from '../../src/clients/ucp-nodes.ts'
import { Vsphere } from '../../src/clients/vsphere.ts'
import { destroyMachine, machinesBelow } from '../../src/clients/vsphere-folder-machines.ts'
import { destroyObject } from '../../src/clients/vsphere-inventory.ts'
import { compilePlatform } from '../../src/compile/compile.ts'
import { Fault } from '../../src/core/fault.ts'
import type { StackRun } from '../../src/engine/engine-attempt.ts'
import type { StackResult } from '../../src/engine/stack-result.ts'
import { type DockerEngine, startDockerEngine } from '../../src/lab/docker/engine.ts'
import type { Ucp as Emulator } from '../../src/lab/ucp/server.ts'
import { startInMemoryVcenter } from '../../src/lab/vcenter/in-memory.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import type { LogEvent } from '../../src/watch/log-lines.ts'
import { ClusterJournal } from '../../src/watch/pools/cluster-journal.ts'
import { ClusterWatcher } from '../../src/watch/pools/cluster-watcher.ts'
import { Leadership, type TakeLead } from '../../src/watch/pools/leadership.ts'
import { readMemories, writeMemories } from '../../src/watch/pools/memory-record.ts'
import { handsOf, ViewOfCluster } from '../../src/watch/pools/view-of-cluster.ts'
import { nonprod } from '../compile/fixtures/clusters.ts'
import { adminPassword, type Drive, driveFor, fastClock, startEmulator } from './provider-harness.ts'
import { VcenterByHand } from './vcenter-by-hand.ts'

const gibibyte = 1024 ** 3
const folder = '/DC0/vm/tenantry-nonprod'
export const stack = 'nonprod.platform'
export const std = `${stack}/std`
const never = new AbortController().signal

/** A process that was killed: nothing of ours catches it. */
export class Killed extends Error {}

export interface WatcherOptions {
  /** Called before each effect, with how many there were before; what it throws ends the process. */
  readonly before?: (effect: string, count: number) => void
  readonly lead?: TakeLead
}

type Vcenter = Awaited<ReturnType<typeof startInMemoryVcenter>>

interface Parts {
  readonly folder: string
  readonly engine: DockerEngine
  readonly emulator: Emulator
  readonly vcenter: Vcenter
}

/** A cluster with one pool of two to four VMs, whose engine is a few lines: everything else is what the watcher meets. */
export class ClusterWorld {
  readonly #parts: Parts
  readonly drive: Drive
  readonly hand: VcenterByHand
  readonly ucp: Ucp
  readonly vsphere: Vsphere
  readonly lines: LogEvent[] = []
  #now = 10_000_000
  /** Percent of every host, where nothing is said of it. */
  load = 20
  readonly loads = new Map<string, number>()
  /** Whether a VM that is made joins the swarm. */
  boots: (name: string) => boolean = () => true
  /** What a run of the engine fails with. */
  runFails: Fault | undefined
  /** Of the process that was started last. */
  metrics: () => string = () => ''
  /** Names of VMs that runs made, in order. */
  readonly made: string[] = []
  /** The fewest VMs that there ever were. */
  fewest = Number.POSITIVE_INFINITY

  private constructor(parts: Parts) {
    this.#parts = parts
    const { emulator, vcenter } = parts
    this.drive = driveFor(emulator, {}, { timeoutMilliseconds: 30_000 })
    this.hand = new VcenterByHand(vcenter)
    this.ucp = new Ucp({
      endpoint: emulator.address,
      caCertificate: emulator.caCertificate,
      username: 'svc-tenantry',
      password: adminPassword,
      clock: fastClock(),
      http: {
        timeoutMilliseconds: 30_000,
        retries: { attempts: 1, baseMilliseconds: 1, totalMilliseconds: 1 },
      },
    })
    this.vsphere = new Vsphere({
      server: vcenter.address,
      user: vcenter.user,
      password: vcenter.password,
      tls: { ca: vcenter.caCertificate },
    })
  }

  static async open(): Promise<ClusterWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'tenantry-cluster-watcher-'))
    const engine = await startDockerEngine({ socketPath: join(folder, 'engine.sock') })
    const emulator = await startEmulator({}, { engineSocket: engine.socketPath })
    const vcenter = await startInMemoryVcenter()
    const world = new ClusterWorld({ folder, engine, emulator, vcenter })
    await world.#begin()
    return world
  }

  async #begin(): Promise<void> {
    const { engine } = this.#parts
    await engine.joinNode({ hostname: 'manager', cpus: 4, memoryBytes: 8 * gibibyte, role: 'manager' })
    for (const path of ['/Run', '/Run/Std']) await this.drive.create('ucp:index:Collection', { path })
    const root = await this.hand.at('/DC0/vm', 'Folder')
    await this.hand.soap('CreateFolder', root, '<name>tenantry-nonprod</name>')
    await recordApplied(this.applied, this.compiled)
    await this.#make(['nonprod-std-01', 'nonprod-std-02'])
    for (const hostname of ['nonprod-std-01', 'nonprod-std-02']) await this.#place(hostname)
  }

  get cluster() {
    return {
      ...nonprod,
      pools: {
        std: { ...nonprod.pools.std, offer: 'run/std' as const, machine: 'standard', min: 2, max: 4 },
      },
    }
  }

  get compiled(): StackState {
    return compilePlatform(this.cluster)
  }

  get state(): string {
    return this.#parts.folder
  }

  get applied(): string {
    return appliedFolder({ PULUMI_BACKEND_URL: `file://${this.state}` }) ?? ''
  }

  get emulator(): Emulator {
    return this.#parts.emulator
  }

  get engine(): DockerEngine {
    return this.#parts.engine
  }

  /** Back to two VMs, as they were applied. */
  async reset(): Promise<void> {
    this.emulator.faults.clear()
    Object.assign(this, {
      load: 20,
      boots: () => true,
      runFails: undefined,
      fewest: Number.POSITIVE_INFINITY,
    })
    this.loads.clear()
    this.lines.length = 0
    this.made.length = 0
    for (const service of await this.#services())
      await this.ucp.send({ method: 'DELETE', path: `/services/${service}` })
    for (const { hostname, role } of await listNodes(this.ucp))
      if (role === 'worker') await this.engine.removeNode(hostname)
    for (const machine of (await machinesBelow(this.vsphere, folder)) ?? [])
      await destroyMachine(this.vsphere, machine)
    for (const name of ['pools', 'watch', 'applied', 'leases'])
      await rm(join(this.state, '.tenantry', name), { recursive: true, force: true })
    await recordApplied(this.applied, this.compiled)
    await this.#make(['nonprod-std-01', 'nonprod-std-02'])
    for (const hostname of ['nonprod-std-01', 'nonprod-std-02']) await this.#place(hostname)
    this.made.length = 0
    this.fewest = Number.POSITIVE_INFINITY
  }

  async #services(): Promise<readonly string[]> {
    const found = (await this.ucp.json({ method: 'GET', path: '/services' })) as { ID: string }[] | null
    return (found ?? []).map(({ ID }) => ID)
  }

  async serve(
    name: string,
    spec: { replicas: number; cpus: number; constraints?: readonly string[]; restart?: string },
  ): Promise<string> {
    const body = {
      Name: name,
      Labels: { 'com.docker.ucp.access.label': '/Run/Std' },
      TaskTemplate: {
        ContainerSpec: { Image: 'acme/api:1' },
        Resources: { Reservations: { NanoCPUs: spec.cpus * 1e9, MemoryBytes: gibibyte } },
        Placement: { Constraints: spec.constraints ?? [] },
        ...(spec.restart === undefined ? {} : { RestartPolicy: { Condition: spec.restart } }),
      },
      Mode: { Replicated: { Replicas: spec.replicas } },
    }
    const { ID } = (await this.ucp.json({ method: 'POST', path: '/services/create', body })) as { ID: string }
    return ID
  }

  /** Tasks that run, by the host they run on. */
  async running(): Promise<readonly string[]> {
    const names = new Map((await listNodes(this.ucp)).map(({ id, hostname }) => [id, hostname]))
    const tasks = ((await this.ucp.json({ method: 'GET', path: '/tasks' })) ?? []) as {
      NodeID?: string
      Status: { State: string }
    }[]
    return tasks
      .filter(({ Status }) => Status.State === 'running')
      .map(({ NodeID }) => names.get(NodeID ?? '') ?? '?')
      .sort()
  }

  async machines(): Promise<readonly string[]> {
    return ((await machinesBelow(this.vsphere, folder)) ?? []).map(({ name }) => name).sort()
  }

  async nodes(): Promise<readonly UcpNode[]> {
    return (await listNodes(this.ucp)).filter(({ role }) => role === 'worker')
  }

  async node(hostname: string): Promise<UcpNode> {
    const found = (await this.nodes()).find((one) => one.hostname === hostname)
    if (found === undefined) throw new Error(`no node ${hostname}`)
    return found
  }

  /** What a person does by hand; an undefined label goes away. */
  async byHand(
    hostname: string,
    change: { availability?: string; labels?: Record<string, string | undefined> },
  ) {
    const { id, availability } = await this.node(hostname)
    await changeNode(this.ucp, id, { availability, labels: {}, ...change, signal: never })
  }

  /** A VM that nobody recorded. */
  async plant(name: string, guestInfo: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.hand.clone(name, folder, guestInfo)
  }

  /** Every VM is gone from vCenter, as for an account that lost its rights; the nodes stay. */
  async moveAway(): Promise<void> {
    for (const { reference } of (await machinesBelow(this.vsphere, folder)) ?? [])
      await destroyObject(this.vsphere, reference)
  }

  /** A VM is deleted in vCenter by hand: its node is down. */
  async lose(name: string): Promise<void> {
    const machine = ((await machinesBelow(this.vsphere, folder)) ?? []).find((one) => one.name === name)
    if (machine !== undefined) await destroyMachine(this.vsphere, machine)
    await this.engine.setNodeState(name, 'down')
  }

  pass(seconds: number): void {
    this.#now += seconds * 1000
  }

  readonly clock: Clock = { now: () => this.#now, wait: async () => undefined }

  /** One process of the watcher. */
  watch({ before = () => undefined, lead = soleLead() }: WatcherOptions = {}): ClusterWatcher {
    let count = 0
    const step = (effect: string): void => before(effect, count++)
    const journal = new ClusterJournal((event) => this.lines.push(event), 'nonprod')
    this.metrics = () => journal.metrics()
    const view = new ViewOfCluster({
      openUcp: () => stepped(this.ucp, () => step('change of UCP')),
      openVsphere: () => this.vsphere,
      place: { cluster: 'nonprod', folder },
      ask: async ({ id, hostname }) => {
        const loadPercent = this.loads.get(hostname) ?? this.load
        if (loadPercent < 0) throw new Fault('unreachable', 'no watcher there')
        return { nodeId: id, sampleAgeSeconds: 1, loadPercent, memoryPercent: 30 }
      },
      clock: this.clock,
      signal: never,
    })
    const leadership = new Leadership(lead)
    const pools = poolsOf({ tenants: [] }, this.cluster)
    const stacks = new EnginePoolStacks({
      ...{ state: this.state, environment: {}, engine: '', project: this.state, pools: () => pools },
      leases: new LeaseWatch(this.state, this.clock.now),
      up: (run) => this.#up(run, step),
    })
    return new ClusterWatcher({
      ...{ cluster: 'nonprod', tickSeconds: 30, journal, leadership, clock: this.clock, signal: never },
      pools: async () => pools.map(({ subject }) => subject),
      readSight: view.read,
      hands: handsOf(view, () => leadership.verify()),
      stacks: {
        view: stacks.view,
        converge: stacks.converge,
        want: async (...wanted) => {
          step('record')
          await stacks.want(...wanted)
          step('recorded')
        },
      },
      memory: {
        read: (moment) => readMemories(this.state, 'nonprod', moment),
        write: async (record) => {
          step('memory')
          await writeMemories(this.state, 'nonprod', record)
        },
      },
      wallTime: () => new Date(Date.UTC(2026, 10, 23) + this.#now),
      random: () => 1,
    })
  }

  /** Looks, a look every so many seconds, until something holds; fails after so many looks. */
  async until(
    watcher: ClusterWatcher,
    holds: () => Promise<boolean> | boolean,
    { looks = 40, seconds = 30 }: { readonly looks?: number; readonly seconds?: number } = {},
  ): Promise<void> {
    for (let look = 0; look < looks; look++) {
      await this.tick(watcher)
      if (await holds()) return
      this.pass(seconds)
    }
    throw new Error(`not after ${looks} looks:\n${this.told(8)}`)
  }

  /** The last of what was told, a line each. */
  told(count: number): string {
    return this.lines
      .slice(-count)
      .map((line) => JSON.stringify(line))
      .join('\n')
  }

  /** One look, and the runs that come of it. */
  async tick(watcher: ClusterWatcher): Promise<void> {
    await watcher.tick()
    await watcher.settled()
  }

  /** Reasons of the decisions, each once in a row. */
  reasons(): readonly string[] {
    const all = this.lines.filter(({ event }) => event === 'decision').map(({ reason }) => String(reason))
    return all.filter((one, at) => one !== all[at - 1])
  }

  /** The engine: makes the VMs that a state has and vCenter has not, places nodes, deletes the others; limited as it was told. */
  async #up(run: StackRun, step: (effect: string) => void): Promise<StackResult> {
    await run.approve?.(async () => resultOf(run, 'succeeded'))
    if (this.runFails !== undefined) return resultOf(run, 'failed', this.runFails.message)
    const desired = JSON.parse(await readFile(run.desired ?? '', 'utf8')) as StackState
    const only = new Set(run.only)
    const wanted = desired.resources.flatMap((one) => (one.kind === 'VirtualMachine' ? [one.name] : []))
    const there = await this.machines()
    for (const name of there)
      if (only.has(`vm/${name}`) && !wanted.includes(name)) {
        step('before a VM goes')
        await this.#destroy(name)
        step('after a VM went')
      }
    for (const name of wanted)
      if (only.has(`vm/${name}`) && !there.includes(name)) {
        step('before a VM')
        await this.#make([name])
        step('after a VM')
      }
    for (const one of desired.resources)
      if (one.kind === 'NodePlacement' && only.has(one.key)) {
        step('before a place')
        await this.#place(one.hostname)
        step('after a place')
      }
    this.fewest = Math.min(this.fewest, (await this.machines()).length)
    return resultOf(run, 'succeeded')
  }

  async #make(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.plant(name, { 'guestinfo.hostname': name, 'guestinfo.tenantry.cluster': 'nonprod' })
      this.made.push(name)
      if (this.boots(name))
        await this.engine.joinNode({ hostname: name, cpus: 8, memoryBytes: 32 * gibibyte })
    }
  }

  async #destroy(name: string): Promise<void> {
    const machine = ((await machinesBelow(this.vsphere, folder)) ?? []).find((one) => one.name === name)
    if (machine !== undefined) await destroyMachine(this.vsphere, machine)
    await this.engine.removeNode(name)
  }

  async #place(hostname: string): Promise<void> {
    await this.drive.create('ucp:index:NodePlacement', { hostname, collection: '/Run/Std' })
  }

  async close(): Promise<void> {
    await this.drive.close()
    await this.ucp.close()
    await this.vsphere.close()
    await this.hand.close()
    await this.#parts.emulator.stop()
    await this.#parts.vcenter.stop()
    await this.#parts.engine.stop()
    await rm(this.#parts.folder, { recursive: true, force: true })
  }
}

const resultOf = ({ stack }: StackRun, outcome: StackResult['outcome'], message?: string): StackResult => ({
  ...{ stack, outcome, operation: 'up', resources: [], plugins: [], seconds: 0 },
  counts: { same: 0, create: 0, update: 0, replace: 0, delete: 0 },
  diagnostics: message === undefined ? [] : [{ severity: 'error', message }],
})

/** The lead of a process that is alone. */
export const soleLead = (): TakeLead => async () => ({
  ...{ token: 1, signal: never },
  verify: async () => undefined,
  release: async () => undefined,
})

/** A session whose changes somebody counts, over real HTTP. */
const stepped = (ucp: Ucp, step: () => void): Ucp =>
  new Proxy(ucp, {
    get: (target, key) => {
      if (key === 'within')
        return (scope: Parameters<Ucp['within']>[0]) => stepped(target.within(scope), step)
      if (key === 'close') return async () => undefined
      if (key === 'send')
        return async (call: Parameters<Ucp['send']>[0]) => {
          if (call.method !== 'GET') step()
          const answer = await target.send(call)
          if (call.method !== 'GET') step()
          return answer
        }
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
