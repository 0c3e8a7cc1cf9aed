import { randomUUID } from 'node:crypto'
import { escapeName } from '../../clients/vsphere-inventory.ts'
import type { PowerState } from '../../clients/vsphere-machines.ts'
import type { Allocation } from '../../clients/vsphere-pools.ts'
import type { AntiAffinityRule } from '../../clients/vsphere-rules.ts'
import type { ObjectReference, Xml, XmlElement } from '../../clients/vsphere-xml.ts'
import { duplicateName, notFound } from './soap-fault.ts'

interface Entity {
  readonly id: string
  name: string
  /** Id of what it stands in; null for the root folder. */
  parent: string | null
}

export interface Folder extends Entity {
  readonly type: 'Folder'
}

interface Datacenter extends Entity {
  readonly type: 'Datacenter'
}

export interface Cluster extends Entity {
  readonly type: 'ClusterComputeResource'
  rules: readonly AntiAffinityRule[]
  lastRuleKey: number
}

export interface Host extends Entity {
  readonly type: 'HostSystem'
}

export interface Pool extends Entity {
  readonly type: 'ResourcePool'
  cpu: Allocation
  memory: Allocation
}

interface Datastore extends Entity {
  readonly type: 'Datastore'
}

interface Network extends Entity {
  readonly type: 'Network'
}

export interface Switch extends Entity {
  readonly type: 'DistributedVirtualSwitch'
  readonly uuid: string
  readonly uplinks: readonly string[]
}

export interface PortGroup extends Entity {
  readonly type: 'DistributedVirtualPortgroup'
  readonly switchId: string
  description: string
  binding: string
  autoExpand: boolean
  ports: number
  vlanId: number
  configVersion: number
}

export interface Machine extends Entity {
  readonly type: 'VirtualMachine'
  readonly uuid: string
  /** Whether its clone task is under way: it has a name and no configuration yet. */
  isBeingMade: boolean
  template: boolean
  /** Null for a template. */
  pool: string | null
  host: string
  datastore: string
  powerState: PowerState
  annotation: string
  guestId: string
  alternateGuestName: string
  firmware: string
  cpus: number
  coresPerSocket: number
  memoryMib: number
  cpuHotAdd: boolean
  cpuHotRemove: boolean
  memoryHotAdd: boolean
  cpu: Allocation
  memory: Allocation
  extraConfig: Readonly<Record<string, string>>
  devices: readonly XmlElement[]
  changeVersion: number
}

interface Task extends Entity {
  readonly type: 'Task'
  readonly info: () => Xml
}

interface View extends Entity {
  readonly type: 'ContainerView'
  readonly shows: string
}

export type ManagedObject =
  | Folder
  | Datacenter
  | Cluster
  | Host
  | Pool
  | Datastore
  | Network
  | Switch
  | PortGroup
  | Machine
  | Task
  | View

type TypeName = ManagedObject['type']
type OfType<Type extends TypeName> = Extract<ManagedObject, { type: Type }>
type New<Type extends TypeName> = Omit<OfType<Type>, 'id' | 'type' | 'parent'>

const prefixes: Readonly<Record<TypeName, string>> = {
  Folder: 'group-v',
  Datacenter: 'datacenter-',
  ClusterComputeResource: 'domain-c',
  HostSystem: 'host-',
  ResourcePool: 'resgroup-',
  Datastore: 'datastore-',
  Network: 'network-',
  DistributedVirtualSwitch: 'dvs-',
  DistributedVirtualPortgroup: 'dvportgroup-',
  VirtualMachine: 'vm-',
  Task: 'task-',
  ContainerView: 'session[1]',
}

/** How many ended tasks are remembered; vCenter forgets them after a while too. */
const keptTasks = 1_000

const unlimited: Allocation = {
  reservation: 0,
  expandable: true,
  limit: -1,
  shareLevel: 'normal',
  shares: 4000,
}

export const referenceTo = ({ type, id }: ManagedObject): ObjectReference => ({ type, id })

/** Everything that stands in a vCenter. Children keep the order they came in. */
export class Inventory {
  readonly #objects = new Map<string, ManagedObject>()
  #last = 0
  readonly root: Folder
  /** Whether clones that are asked for from now on stay under way until they are let go. */
  holdsClones = false

  constructor() {
    this.root = { type: 'Folder', id: 'group-d1', name: 'Datacenters', parent: null }
    this.#objects.set(this.root.id, this.root)
  }

  /** Puts a new object below another. `@throws {SoapFault} DuplicateName` where a sibling has the name. */
  add<Type extends TypeName>(type: Type, parent: ManagedObject | null, given: New<Type>): OfType<Type> {
    const name = escapeName(given.name)
    if (parent !== null) this.requireFree(parent, name)
    this.#last += 1
    const id = `${prefixes[type]}${this.#last}`
    const added = { ...given, type, id, name, parent: parent?.id ?? null } as unknown as OfType<Type>
    this.#objects.set(id, added)
    if (type === 'Task') this.#forgetTasks()
    return added
  }

  get(id: string): ManagedObject | undefined {
    return this.#objects.get(id)
  }

  /** The object of a type. `@throws {SoapFault} ManagedObjectNotFound` where there is none. */
  require<Type extends TypeName>(type: Type, id: string | undefined): OfType<Type> {
    const found = id === undefined ? undefined : this.#objects.get(id)
    if (found?.type !== type) throw notFound({ type, id: id ?? '' })
    return found as OfType<Type>
  }

  all<Type extends TypeName>(type: Type): readonly OfType<Type>[] {
    return [...this.#objects.values()].filter((one): one is OfType<Type> => one.type === type)
  }

  children(parent: ManagedObject): readonly ManagedObject[] {
    return [...this.#objects.values()].filter((one) => one.parent === parent.id)
  }

  childrenOf<Type extends TypeName>(parent: ManagedObject, type: Type): readonly OfType<Type>[] {
    return this.children(parent).filter((one): one is OfType<Type> => one.type === type)
  }

  childNamed(parent: ManagedObject, name: string): ManagedObject | undefined {
    return this.children(parent).find((one) => one.name === name)
  }

  /** `@throws {SoapFault} DuplicateName` where a child other than `except` has the name. */
  requireFree(parent: ManagedObject, name: string, except?: ManagedObject): void {
    const holder = this.childNamed(parent, name)
    if (holder !== undefined && holder !== except) throw duplicateName(name, referenceTo(holder))
  }

  rename(object: ManagedObject, name: string): void {
    const parent = object.parent === null ? undefined : this.get(object.parent)
    if (parent !== undefined) this.requireFree(parent, escapeName(name), object)
    object.name = escapeName(name)
  }

  remove(object: ManagedObject): void {
    this.#objects.delete(object.id)
  }

  /** The nearest of a type above an object. */
  above<Type extends TypeName>(object: ManagedObject, type: Type): OfType<Type> | undefined {
    for (let at: ManagedObject | undefined = object; at !== undefined; at = this.get(at.parent ?? ''))
      if (at.type === type) return at as OfType<Type>
    return undefined
  }

  /** Ends the clones that were held. */
  releaseClones(): void {
    this.holdsClones = false
    for (const machine of this.all('VirtualMachine')) machine.isBeingMade = false
  }

  #forgetTasks(): void {
    const tasks = this.all('Task')
    for (const task of tasks.slice(0, Math.max(0, tasks.length - keptTasks))) this.remove(task)
  }
}

const addCluster = (inventory: Inventory, folder: Folder, name: string, hosts: number): void => {
  const cluster = inventory.add('ClusterComputeResource', folder, { name, rules: [], lastRuleKey: 0 })
  for (let index = 0; index < hosts; index++)
    inventory.add('HostSystem', cluster, { name: `${name}_H${index}` })
  inventory.add('ResourcePool', cluster, { name: 'Resources', cpu: unlimited, memory: unlimited })
}

/** What the sample cluster files name: the same data center as the simulator's (tools/vcsim). */
export const sampleInventory = (templateDevices: (networkId: string) => readonly XmlElement[]): Inventory => {
  const inventory = new Inventory()
  const datacenter = inventory.add('Datacenter', inventory.root, { name: 'DC0' })
  const folder = (name: string) => inventory.add('Folder', datacenter, { name })
  const [vm, host, datastore, network] = [
    folder('vm'),
    folder('host'),
    folder('datastore'),
    folder('network'),
  ]
  for (const name of ['DC0_C0', 'DC0_C1']) addCluster(inventory, host, name, 3)
  const { id: datastoreId } = inventory.add('Datastore', datastore, { name: 'LocalDS_0' })
  const { id: networkId } = inventory.add('Network', network, { name: 'VM Network' })
  const uplinks = ['uplink1', 'uplink2']
  inventory.add('DistributedVirtualSwitch', network, { name: 'DVS0', uuid: randomUUID(), uplinks })
  inventory.add('VirtualMachine', vm, {
    name: 'swarm-node-template',
    uuid: randomUUID(),
    isBeingMade: false,
    template: true,
    pool: null,
    host: inventory.all('HostSystem')[0]?.id ?? '',
    datastore: datastoreId,
    powerState: 'poweredOff',
    annotation: '',
    guestId: 'ubuntu64Guest',
    alternateGuestName: '',
    firmware: 'bios',
    cpus: 2,
    coresPerSocket: 1,
    memoryMib: 4096,
    cpuHotAdd: false,
    cpuHotRemove: false,
    memoryHotAdd: false,
    cpu: { ...unlimited, expandable: false },
    memory: { ...unlimited, expandable: false },
    extraConfig: {},
    devices: templateDevices(networkId),
    changeVersion: 1,
  })
  return inventory
}
