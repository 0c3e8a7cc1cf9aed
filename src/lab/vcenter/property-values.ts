import { allocationNode } from '../../clients/vsphere-pools.ts'
import type { AntiAffinityRule } from '../../clients/vsphere-rules.ts'
import {
  anyLeaf,
  leaf,
  node,
  type ObjectReference,
  referenceNode,
  sendBack,
  textNode,
  typed,
  type Xml,
} from '../../clients/vsphere-xml.ts'
import {
  type Cluster,
  type Inventory,
  type Machine,
  type ManagedObject,
  type PortGroup,
  referenceTo,
  type Switch,
} from './inventory.ts'

/** A property's value as the element `val`; undefined where it is unset. */
type Value = Xml | undefined
type Reader<Kind> = (object: Kind, inventory: Inventory) => Value

const text = (value: string): Value => anyLeaf('val', 'string', value)
const number = (value: number): Value => anyLeaf('val', 'int', String(value))
const flag = (value: boolean): Value => anyLeaf('val', 'boolean', String(value))

const reference = (given: ObjectReference | undefined): Value =>
  given && node('val', [textNode(given.id)], { type: given.type, 'xsi:type': 'ManagedObjectReference' })

const references = (objects: readonly ManagedObject[]): Value =>
  typed(
    'val',
    'ArrayOfManagedObjectReference',
    objects.map((object) => referenceNode('ManagedObjectReference', referenceTo(object))),
  )

const found = (inventory: Inventory, id: string | null): Value => {
  const object = id === null ? undefined : inventory.get(id)
  return reference(object && referenceTo(object))
}

const optionNodes = (name: string, machine: Machine): readonly Xml[] =>
  Object.entries(machine.extraConfig).map(([key, value]) =>
    typed(name, 'OptionValue', [leaf('key', key), anyLeaf('value', 'string', value)]),
  )

const hardware = (machine: Machine): Xml =>
  node('hardware', [
    leaf('numCPU', machine.cpus),
    leaf('numCoresPerSocket', machine.coresPerSocket),
    leaf('memoryMB', machine.memoryMib),
    ...machine.devices.map((device) => sendBack('device', device)),
  ])

const machineConfig = (machine: Machine, inventory: Inventory): Xml => {
  const datastore = inventory.get(machine.datastore)?.name ?? ''
  return typed('val', 'VirtualMachineConfigInfo', [
    leaf('changeVersion', String(machine.changeVersion)),
    leaf('name', machine.name),
    leaf('guestId', machine.guestId),
    leaf('alternateGuestName', machine.alternateGuestName),
    leaf('annotation', machine.annotation),
    leaf('version', 'vmx-19'),
    leaf('uuid', machine.uuid),
    leaf('template', machine.template),
    node('files', [leaf('vmPathName', `[${datastore}] ${machine.name}/${machine.name}.vmx`)]),
    hardware(machine),
    allocationNode('cpuAllocation', machine.cpu),
    allocationNode('memoryAllocation', machine.memory),
    leaf('memoryHotAddEnabled', machine.memoryHotAdd),
    leaf('cpuHotAddEnabled', machine.cpuHotAdd),
    leaf('cpuHotRemoveEnabled', machine.cpuHotRemove),
    ...optionNodes('extraConfig', machine),
    leaf('firmware', machine.firmware),
  ])
}

const ruleNode = (rule: AntiAffinityRule): Xml =>
  typed('rule', 'ClusterAntiAffinityRuleSpec', [
    leaf('key', rule.key),
    leaf('enabled', rule.enabled),
    leaf('name', rule.name),
    leaf('mandatory', rule.mandatory),
    leaf('userCreated', true),
    ...rule.machines.map((machine) => referenceNode('vm', machine)),
  ])

const portGroupConfig = (group: PortGroup): Xml =>
  typed('val', 'DVPortgroupConfigInfo', [
    leaf('key', group.id),
    leaf('name', group.name),
    leaf('numPorts', group.ports),
    referenceNode('distributedVirtualSwitch', {
      type: 'DistributedVirtualSwitch',
      id: group.switchId,
    }),
    typed('defaultPortConfig', 'VMwareDVSPortSetting', [
      typed('vlan', 'VmwareDistributedVirtualSwitchVlanIdSpec', [
        leaf('inherited', false),
        leaf('vlanId', group.vlanId),
      ]),
    ]),
    leaf('description', group.description),
    leaf('type', group.binding),
    leaf('configVersion', String(group.configVersion)),
    leaf('autoExpand', group.autoExpand),
  ])

const folderNamed =
  (name: string): Reader<ManagedObject> =>
  (object, inventory) => {
    const folder = inventory.childNamed(object, name)
    return reference(folder && referenceTo(folder))
  }

const childrenOfType =
  (type: ManagedObject['type']): Reader<ManagedObject> =>
  (object, inventory) =>
    references(inventory.childrenOf(object, type))

const cluster: Readonly<Record<string, Reader<Cluster>>> = {
  resourcePool: (object, inventory) => {
    const [pool] = inventory.childrenOf(object, 'ResourcePool')
    return reference(pool && referenceTo(pool))
  },
  configurationEx: ({ rules }) => typed('val', 'ClusterConfigInfoEx', rules.map(ruleNode)),
}

const distributedSwitch: Readonly<Record<string, Reader<Switch>>> = {
  uuid: ({ uuid }) => text(uuid),
  'config.uplinkPortPolicy': ({ uplinks }) =>
    typed(
      'val',
      'DVSNameArrayUplinkPortPolicy',
      uplinks.map((name) => leaf('uplinkPortName', name)),
    ),
  portgroup: ({ id }, inventory) =>
    references(inventory.all('DistributedVirtualPortgroup').filter(({ switchId }) => switchId === id)),
}

const machine: Readonly<Record<string, Reader<Machine>>> = {
  resourcePool: ({ pool }, inventory) => found(inventory, pool),
  datastore: ({ datastore }, inventory) => {
    const store = inventory.get(datastore)
    return references(store === undefined ? [] : [store])
  },
  'runtime.host': ({ host }, inventory) => found(inventory, host),
  'runtime.powerState': ({ powerState }) => typed('val', 'VirtualMachinePowerState', [textNode(powerState)]),
  config: (object, inventory) => (object.isBeingMade ? undefined : machineConfig(object, inventory)),
  'config.template': ({ template }) => flag(template),
  'config.extraConfig': (object) => typed('val', 'ArrayOfOptionValue', optionNodes('OptionValue', object)),
  'config.hardware.numCPU': ({ cpus }) => number(cpus),
  'config.hardware.memoryMB': ({ memoryMib }) => number(memoryMib),
  'guest.toolsStatus': () => text('toolsNotInstalled'),
  'guest.toolsRunningStatus': () => text('guestToolsNotRunning'),
  'guest.net': () => undefined,
}

type Readers = {
  readonly [Type in ManagedObject['type']]?: Readonly<
    Record<string, Reader<Extract<ManagedObject, { type: Type }>>>
  >
}

const readers: Readers = {
  Folder: { childEntity: (object, inventory) => references(inventory.children(object)) },
  Datacenter: {
    vmFolder: folderNamed('vm'),
    hostFolder: folderNamed('host'),
    datastoreFolder: folderNamed('datastore'),
    networkFolder: folderNamed('network'),
  },
  ClusterComputeResource: cluster,
  ResourcePool: {
    resourcePool: childrenOfType('ResourcePool'),
    vm: ({ id }, inventory) => references(inventory.all('VirtualMachine').filter(({ pool }) => pool === id)),
    'config.cpuAllocation': ({ cpu }) => allocationNode('val', cpu),
    'config.memoryAllocation': ({ memory }) => allocationNode('val', memory),
    'config.cpuAllocation.limit': ({ cpu }) => number(cpu.limit),
    'config.memoryAllocation.limit': ({ memory }) => number(memory.limit),
  },
  DistributedVirtualSwitch: distributedSwitch,
  DistributedVirtualPortgroup: { key: ({ id }) => text(id), config: portGroupConfig },
  VirtualMachine: machine,
  Task: { info: ({ info }) => info() },
  ContainerView: {
    view: ({ shows }, inventory) => references(inventory.all(shows as ManagedObject['type'])),
  },
}

/**
 * A property of an object as `val`: `unset` where it has no value, undefined where the type has none of that name.
 *
 * Holds what the client asks for and no more.
 */
export const propertyOf = (
  inventory: Inventory,
  object: ManagedObject,
  path: string,
): Xml | 'unset' | undefined => {
  if (path === 'name') return text(object.name)
  if (path === 'parent') return found(inventory, object.parent) ?? 'unset'
  const own = readers[object.type] as Readonly<Record<string, Reader<ManagedObject>>> | undefined
  const read = own !== undefined && Object.hasOwn(own, path) ? own[path] : undefined
  return read === undefined ? undefined : (read(object, inventory) ?? 'unset')
}
