import type { Vsphere } from '../clients/vsphere.ts'
import { isVsphereFault } from '../clients/vsphere-fault.ts'
import { toExtraConfig } from '../clients/vsphere-machines.ts'
import type { ObjectContent } from '../clients/vsphere-properties.ts'
import { openView, readView } from '../clients/vsphere-views.ts'
import type { ObjectReference } from '../clients/vsphere-xml.ts'
import { joinTicketKey } from '../core/join-ticket.ts'

/** A swarm that nodes join and leave. What it answers does not matter; a promise is waited for. */
export interface Swarm {
  joinNode(node: JoiningMachine): unknown
  /** The node stays a member and is `down`. */
  markDown(hostname: string): unknown
  /** A member that was down, or was started anew, is there again, with what its machine has now. */
  markReady(node: JoiningMachine): unknown
  removeNode(hostname: string): unknown
}

/** A VM that says which swarm it belongs to. */
export interface SwarmMachine {
  /** Managed object id. */
  readonly id: string
  readonly cluster: string
  readonly hostname: string
  readonly cpus: number
  readonly memoryBytes: number
  readonly isOn: boolean
  /** What it is to open before it joins; undefined where its template joins by itself. */
  readonly ticket: string | undefined
}

/** What of a VM its swarm is told. */
export type JoiningMachine = Pick<SwarmMachine, 'hostname' | 'cpus' | 'memoryBytes' | 'ticket'>

/** What is known of a VM since it was first seen. */
export interface Membership {
  readonly machine: SwarmMachine
  /** `booting` from its power-on until it joins. */
  readonly phase: 'off' | 'booting' | 'joined'
  /** When it was powered on, in milliseconds. */
  readonly bootedAt: number
  /** Whether it is a member of its swarm, up or down. */
  readonly isMember: boolean
}

export type Memberships = ReadonlyMap<string, Membership>

/** What one VM's change asks of its swarm, and what is known once that is done. */
export interface Step {
  readonly action: 'join' | 'return' | 'down' | 'remove' | 'none'
  readonly machine: SwarmMachine
  /** Undefined where the VM is forgotten. */
  readonly next: Membership | undefined
}

const hasSameHardware = (left: SwarmMachine, right: SwarmMachine): boolean =>
  left.cpus === right.cpus && left.memoryBytes === right.memoryBytes

const stepOfMachine = (known: Membership | undefined, seen: SwarmMachine, at: Moment): Step => {
  const isMember = known?.isMember ?? false
  const base = { machine: seen, isMember }
  if (!seen.isOn)
    return {
      action: known?.phase === 'joined' ? 'down' : 'none',
      machine: seen,
      next: { ...base, phase: 'off', bootedAt: 0 },
    }
  if (known?.phase === 'joined')
    return {
      action: hasSameHardware(known.machine, seen) ? 'none' : 'return',
      machine: seen,
      next: { ...known, machine: seen },
    }
  const bootedAt = known?.phase === 'booting' ? known.bootedAt : at.now
  if (at.now - bootedAt < at.joinDelayMilliseconds)
    return { action: 'none', machine: seen, next: { ...base, phase: 'booting', bootedAt } }
  return {
    action: isMember ? 'return' : 'join',
    machine: seen,
    next: { machine: seen, phase: 'joined', bootedAt, isMember: true },
  }
}

const isSameNode = (left: SwarmMachine, right: SwarmMachine): boolean =>
  left.cluster === right.cluster && left.hostname === right.hostname

interface Moment {
  readonly now: number
  /** From power-on to membership. */
  readonly joinDelayMilliseconds: number
}

/**
 * What is to do now, those that leave first: a new VM may take the name of one that went. Pure.
 *
 * A VM that is gone, or goes by another name now, leaves; one that is off is down; one that is on joins after the delay; one
 * with other hardware was started anew between two looks.
 */
export const decideSteps = (
  known: Memberships,
  seen: readonly SwarmMachine[],
  at: Moment,
): readonly Step[] => {
  const present = new Map(seen.map((machine) => [machine.id, machine]))
  const gone = [...known.values()]
    .filter(({ machine }) => {
      const now = present.get(machine.id)
      return now === undefined || !isSameNode(now, machine)
    })
    .map(({ machine, isMember }): Step => {
      return { action: isMember ? 'remove' : 'none', machine, next: undefined }
    })
  const left = new Set(gone.map(({ machine }) => machine.id))
  const here = seen.map((machine) =>
    stepOfMachine(left.has(machine.id) ? undefined : known.get(machine.id), machine, at),
  )
  return [...gone, ...here]
}

const clusterKey = 'guestinfo.tenantry.cluster'
const hostnameKey = 'guestinfo.hostname'
const bytesPerMib = 1024 * 1024

/** The swarm VM that was read; none for templates and VMs that say nothing of a swarm. */
export const toSwarmMachine = ({ reference, properties }: ObjectContent): readonly SwarmMachine[] => {
  if (properties.get('config.template')?.text === 'true') return []
  const settings = toExtraConfig(properties.get('config.extraConfig')?.children ?? [])
  const { [clusterKey]: cluster, [hostnameKey]: hostname } = settings
  if (cluster === undefined || hostname === undefined) return []
  return [
    {
      id: reference.id,
      cluster,
      hostname,
      cpus: Number(properties.get('config.hardware.numCPU')?.text ?? 0),
      memoryBytes: Number(properties.get('config.hardware.memoryMB')?.text ?? 0) * bytesPerMib,
      isOn: properties.get('runtime.powerState')?.text === 'poweredOn',
      ticket: settings[joinTicketKey],
    },
  ]
}

const query = {
  type: 'VirtualMachine',
  paths: [
    'runtime.powerState',
    'config.template',
    'config.extraConfig',
    'config.hardware.numCPU',
    'config.hardware.memoryMB',
  ],
}

export interface NodeJoinerOptions {
  readonly vsphere: Vsphere
  /** By cluster name. VMs of other clusters are left alone. */
  readonly swarms: Readonly<Record<string, Swarm>>
  readonly joinDelayMilliseconds?: number
  readonly pollMilliseconds?: number
  /** Told what was done and what failed, a sentence each. */
  readonly report?: (line: string) => void
  /** Injected in tests. */
  readonly now?: () => number
  /** Injected in tests; ends early when the signal aborts. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })

const sentences: Readonly<Record<Step['action'], string>> = {
  join: 'joined the swarm of',
  return: 'is back in the swarm of',
  down: 'is down in the swarm of',
  remove: 'left the swarm of',
  none: '',
}

/**
 * Makes VMs swarm nodes, as cloud-init would: a VM that is on joins its cluster's swarm, one that is off is down, one that is
 * deleted leaves.
 *
 * Looks at the vCenter again and again; what fails, of either side, is tried again at the next look.
 */
export class NodeJoiner {
  readonly #options: NodeJoinerOptions
  readonly #stopping = new AbortController()
  #memberships = new Map<string, Membership>()
  #view: ObjectReference | undefined
  #running: Promise<void> | undefined
  #lastComplaint = ''

  constructor(options: NodeJoinerOptions) {
    this.#options = options
  }

  /** Starts looking. Idempotent. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Ends after the look that is under way. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  /** One look at the vCenter and what follows from it. `@throws {Fault}` where the vCenter cannot be read. */
  async look(): Promise<void> {
    const contents = await this.#read()
    const steps = decideSteps(this.#memberships, contents.flatMap(toSwarmMachine), {
      now: (this.#options.now ?? Date.now)(),
      joinDelayMilliseconds: this.#options.joinDelayMilliseconds ?? 300,
    })
    for (const step of steps) await this.#take(step)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    const sleep = this.#options.sleep ?? pause
    while (!signal.aborted) {
      try {
        await this.look()
        this.#lastComplaint = ''
      } catch (error) {
        this.#complain(error)
      }
      await sleep(this.#options.pollMilliseconds ?? 250, signal)
    }
  }

  async #read(): Promise<readonly ObjectContent[]> {
    const { vsphere } = this.#options
    this.#view ??= await openView(vsphere, query.type)
    try {
      return await readView(vsphere, this.#view, query)
    } catch (error) {
      if (!isVsphereFault(error, 'ManagedObjectNotFound')) throw error
      // Its session is over: the vCenter was started again, or forgot us.
      this.#view = await openView(vsphere, query.type)
      return await readView(vsphere, this.#view, query)
    }
  }

  /** What a failed step would have changed stays as it was, so that the next look decides on it again. */
  async #take(step: Step): Promise<void> {
    try {
      await this.#act(step)
    } catch (error) {
      this.#complain(error)
      return
    }
    if (step.next === undefined) this.#memberships.delete(step.machine.id)
    else this.#memberships.set(step.machine.id, step.next)
  }

  async #act({ action, machine }: Step): Promise<void> {
    const { cluster, hostname } = machine
    const swarm = Object.hasOwn(this.#options.swarms, cluster) ? this.#options.swarms[cluster] : undefined
    if (swarm === undefined || action === 'none') return
    if (action === 'join') await swarm.joinNode(machine)
    if (action === 'return') await swarm.markReady(machine)
    if (action === 'down') await swarm.markDown(hostname)
    if (action === 'remove') await swarm.removeNode(hostname)
    this.#options.report?.(`${hostname} ${sentences[action]} ${cluster}`)
  }

  /** The same complaint is reported once until something works again. */
  #complain(error: unknown): void {
    const complaint = error instanceof Error ? error.message : String(error)
    if (complaint === this.#lastComplaint || this.#stopping.signal.aborted) return
    this.#lastComplaint = complaint
    this.#options.report?.(complaint)
  }
}
