import { Fault } from '../core/fault.ts'
import type { SoapCall, Vsphere } from './vsphere.ts'
import { isVsphereFault } from './vsphere-fault.ts'
import { type Allocation, allocationNode, toAllocation } from './vsphere-pools.ts'
import { findObject } from './vsphere-properties.ts'
import { runTask } from './vsphere-tasks.ts'
import {
  anyLeaf,
  childAt,
  childrenOf,
  flagAt,
  leaf,
  node,
  numberAt,
  type ObjectReference,
  referenceNode,
  textAt,
  toReference,
  toReferences,
  type Xml,
  type XmlElement,
} from './vsphere-xml.ts'

export type PowerState = 'poweredOn' | 'poweredOff' | 'suspended'

/** What of a VM can be asked for; what is absent stays as it is. */
export interface MachineConfig {
  readonly name?: string
  readonly guestId?: string
  readonly alternateGuestName?: string
  readonly annotation?: string
  readonly cpus?: number
  readonly coresPerSocket?: number
  readonly memoryMib?: number
  readonly memoryHotAdd?: boolean
  readonly cpuHotAdd?: boolean
  readonly cpuHotRemove?: boolean
  readonly cpu?: Allocation
  readonly memory?: Allocation
  readonly firmware?: string
  /** An empty value removes the key (API: VirtualMachineConfigSpec.extraConfig). */
  readonly extraConfig?: Readonly<Record<string, string>>
  /** `VirtualDeviceConfigSpec`s; see vsphere-devices. */
  readonly deviceChanges?: readonly Xml[]
}

export interface Machine {
  readonly reference: ObjectReference
  readonly name: string
  /** BIOS UUID. */
  readonly uuid: string
  readonly folder: ObjectReference | undefined
  /** None for a template. */
  readonly pool: ObjectReference | undefined
  readonly host: ObjectReference | undefined
  readonly datastores: readonly ObjectReference[]
  readonly template: boolean
  readonly powerState: PowerState
  readonly annotation: string
  readonly guestId: string
  readonly alternateGuestName: string
  readonly firmware: string
  readonly cpus: number
  readonly coresPerSocket: number
  readonly memoryMib: number
  readonly cpuHotAdd: boolean
  readonly cpuHotRemove: boolean
  readonly memoryHotAdd: boolean
  readonly cpu: Allocation
  readonly memory: Allocation
  readonly extraConfig: Readonly<Record<string, string>>
  readonly devices: readonly XmlElement[]
  readonly changeVersion: string
  readonly vmxPath: string
  /** The number in `vmx-19`. */
  readonly hardwareVersion: number
  readonly toolsStatus: string
  readonly toolsRunning: boolean
  /** What the guest's tools tell, in their order. */
  readonly addresses: readonly string[]
}

const machinePaths = [
  'name',
  'parent',
  'resourcePool',
  'runtime.host',
  'runtime.powerState',
  'datastore',
  'config',
  'guest.toolsStatus',
  'guest.toolsRunningStatus',
  'guest.net',
] as const

const toPowerState = (text: string | undefined): PowerState =>
  text === 'poweredOn' || text === 'suspended' ? text : 'poweredOff'

/** The pairs of an `extraConfig` property. */
export const toExtraConfig = (options: readonly XmlElement[]): Readonly<Record<string, string>> =>
  Object.fromEntries(options.map((option) => [textAt(option, 'key') ?? '', textAt(option, 'value') ?? '']))

const toMachine = (reference: ObjectReference, properties: ReadonlyMap<string, XmlElement>): Machine => {
  const config = properties.get('config')
  const hardware = childAt(config, 'hardware')
  return {
    reference,
    name: properties.get('name')?.text ?? '',
    uuid: textAt(config, 'uuid') ?? '',
    folder: toReference(properties.get('parent')),
    pool: toReference(properties.get('resourcePool')),
    host: toReference(properties.get('runtime.host')),
    datastores: toReferences(properties.get('datastore')),
    template: flagAt(config, 'template') ?? false,
    powerState: toPowerState(properties.get('runtime.powerState')?.text),
    annotation: textAt(config, 'annotation') ?? '',
    guestId: textAt(config, 'guestId') ?? '',
    alternateGuestName: textAt(config, 'alternateGuestName') ?? '',
    firmware: textAt(config, 'firmware') ?? 'bios',
    cpus: numberAt(hardware, 'numCPU') ?? 0,
    coresPerSocket: numberAt(hardware, 'numCoresPerSocket') ?? 1,
    memoryMib: numberAt(hardware, 'memoryMB') ?? 0,
    cpuHotAdd: flagAt(config, 'cpuHotAddEnabled') ?? false,
    cpuHotRemove: flagAt(config, 'cpuHotRemoveEnabled') ?? false,
    memoryHotAdd: flagAt(config, 'memoryHotAddEnabled') ?? false,
    cpu: toAllocation(childAt(config, 'cpuAllocation')),
    memory: toAllocation(childAt(config, 'memoryAllocation')),
    extraConfig: toExtraConfig(childrenOf(config, 'extraConfig')),
    devices: childrenOf(hardware, 'device'),
    changeVersion: textAt(config, 'changeVersion') ?? '',
    vmxPath: textAt(config, 'files.vmPathName') ?? '',
    hardwareVersion: Number((textAt(config, 'version') ?? '').replace('vmx-', '')) || 0,
    toolsStatus: properties.get('guest.toolsStatus')?.text ?? 'toolsNotInstalled',
    toolsRunning: properties.get('guest.toolsRunningStatus')?.text === 'guestToolsRunning',
    addresses: (properties.get('guest.net')?.children ?? []).flatMap((card) =>
      childrenOf(card, 'ipAddress').map(({ text }) => text),
    ),
  }
}

/** What a VM or a template is; undefined where it is gone. */
export const readMachine = async (
  vsphere: Vsphere,
  reference: ObjectReference,
): Promise<Machine | undefined> => {
  const properties = await findObject(vsphere, reference, machinePaths)
  return properties === undefined ? undefined : toMachine(reference, properties)
}

/** A `VirtualMachineConfigSpec` under a name. The order of its parts is the API's. */
const configNode = (name: string, config: MachineConfig): Xml =>
  node(name, [
    leaf('name', config.name),
    leaf('guestId', config.guestId),
    leaf('alternateGuestName', config.alternateGuestName),
    leaf('annotation', config.annotation),
    leaf('numCPUs', config.cpus),
    leaf('numCoresPerSocket', config.coresPerSocket),
    leaf('memoryMB', config.memoryMib),
    leaf('memoryHotAddEnabled', config.memoryHotAdd),
    leaf('cpuHotAddEnabled', config.cpuHotAdd),
    leaf('cpuHotRemoveEnabled', config.cpuHotRemove),
    ...(config.deviceChanges ?? []),
    config.cpu === undefined ? undefined : allocationNode('cpuAllocation', config.cpu),
    config.memory === undefined ? undefined : allocationNode('memoryAllocation', config.memory),
    ...Object.entries(config.extraConfig ?? {}).map(([key, value]) =>
      node('extraConfig', [leaf('key', key), anyLeaf('value', 'string', value)]),
    ),
    leaf('firmware', config.firmware),
  ])

export interface CloneSpec {
  readonly name: string
  readonly folder: ObjectReference
  readonly pool: ObjectReference
  readonly datastore: ObjectReference | undefined
  readonly host: ObjectReference | undefined
  /** Set together with the clone, so that a machine never exists without it. */
  readonly config: MachineConfig
  readonly timeoutMilliseconds?: number
  readonly signal?: AbortSignal
}

/**
 * Clones a template or a VM, powered off, and gives the clone.
 *
 * @throws {VsphereFault} DuplicateName where the folder has something of that name
 */
export const cloneMachine = async (
  vsphere: Vsphere,
  source: ObjectReference,
  spec: CloneSpec,
): Promise<ObjectReference> => {
  const location = node('location', [
    referenceNode('datastore', spec.datastore),
    referenceNode('pool', spec.pool),
    referenceNode('host', spec.host),
  ])
  const cloneSpec = node('spec', [
    location,
    leaf('template', false),
    configNode('config', spec.config),
    leaf('powerOn', false),
  ])
  const { timeoutMilliseconds, signal } = spec
  const result = await runTask(
    vsphere,
    {
      method: 'CloneVM_Task',
      on: source,
      parameters: [referenceNode('folder', spec.folder), leaf('name', spec.name), cloneSpec],
      resource: `VM ${spec.name}`,
    },
    {
      ...(timeoutMilliseconds === undefined ? {} : { timeoutMilliseconds }),
      ...(signal === undefined ? {} : { signal }),
    },
  )
  const clone = toReference(result)
  if (clone === undefined) throw new Fault('protocol', `vCenter did not say which VM ${spec.name} is.`)
  return clone
}

/** Changes what the configuration names. `what` names the VM in messages. */
export const reconfigureMachine = async (
  vsphere: Vsphere,
  machine: ObjectReference,
  config: MachineConfig,
  what = `VM ${config.name ?? machine.id}`,
): Promise<void> => {
  await runTask(vsphere, {
    method: 'ReconfigVM_Task',
    on: machine,
    parameters: [configNode('spec', config)],
    resource: what,
  })
}

/** Moves a VM to another pool or datastore. */
export const relocateMachine = async (
  vsphere: Vsphere,
  machine: ObjectReference,
  to: { readonly pool?: ObjectReference | undefined; readonly datastore?: ObjectReference | undefined },
  what = `VM ${machine.id}`,
): Promise<void> => {
  await runTask(vsphere, {
    method: 'RelocateVM_Task',
    on: machine,
    parameters: [node('spec', [referenceNode('datastore', to.datastore), referenceNode('pool', to.pool)])],
    resource: what,
  })
}

const changePower = async (
  vsphere: Vsphere,
  call: Pick<SoapCall, 'method' | 'on' | 'resource'>,
): Promise<void> => {
  try {
    await runTask(vsphere, call, { timeoutMilliseconds: 300_000 })
  } catch (error) {
    // It is there already: somebody else, or an earlier run, was faster.
    if (!isVsphereFault(error, 'InvalidPowerState')) throw error
  }
}

/** Powers a VM on; succeeds where it is on. `what` names it in messages. */
export const powerOn = (
  vsphere: Vsphere,
  machine: ObjectReference,
  what = `VM ${machine.id}`,
): Promise<void> => changePower(vsphere, { method: 'PowerOnVM_Task', on: machine, resource: what })

/** Cuts a VM's power; succeeds where it is off. `what` names it in messages. */
export const powerOff = (
  vsphere: Vsphere,
  machine: ObjectReference,
  what = `VM ${machine.id}`,
): Promise<void> => changePower(vsphere, { method: 'PowerOffVM_Task', on: machine, resource: what })

/** Asks the guest to shut down; its tools must be running. Gives no sign of the end. */
export const shutDownGuest = async (vsphere: Vsphere, machine: ObjectReference): Promise<void> => {
  await vsphere.call({ method: 'ShutdownGuest', on: machine, resource: `VM ${machine.id}` })
}
