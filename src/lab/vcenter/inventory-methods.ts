import { toAllocation } from '../../clients/vsphere-pools.ts'
import {
  childAt,
  childrenOf,
  flagAt,
  numberAt,
  textAt,
  toReference,
  type XmlElement,
} from '../../clients/vsphere-xml.ts'
import { type Inventory, type ManagedObject, type Pool, type PortGroup, referenceTo } from './inventory.ts'
import { type Call, given, type Method, on, returnReference } from './soap-call.ts'
import { invalidArgument, invalidPowerState, SoapFault } from './soap-fault.ts'
import { asTask } from './task-methods.ts'

const atPath = (inventory: Inventory, path: string): ManagedObject | undefined =>
  path
    .split('/')
    .filter((name) => name !== '')
    .reduce<ManagedObject | undefined>((at, name) => at && inventory.childNamed(at, name), inventory.root)

const findByInventoryPath: Method = ({ inventory, parameters }) => {
  const found = atPath(inventory, textAt(parameters, 'inventoryPath') ?? '')
  return found === undefined ? [] : [returnReference(referenceTo(found))]
}

const findByUuid: Method = ({ inventory, parameters }) => {
  const uuid = textAt(parameters, 'uuid')
  const found = inventory.all('VirtualMachine').find((machine) => machine.uuid === uuid)
  return found === undefined ? [] : [returnReference(referenceTo(found))]
}

const createFolder = on('Folder', (folder, { inventory, parameters }) => {
  const name = given(textAt(parameters, 'name'), 'name')
  if (name === '') throw new SoapFault('InvalidName', 'The name is empty.')
  return [returnReference(referenceTo(inventory.add('Folder', folder, { name })))]
})

const moveIntoFolder = asTask(({ inventory, on: target, parameters }) => {
  const folder = inventory.require('Folder', target.id)
  for (const moved of childrenOf(parameters, 'list')) {
    const object = inventory.get(moved.text)
    if (object === undefined) throw invalidArgument('list')
    inventory.requireFree(folder, object.name, object)
    object.parent = folder.id
  }
  return undefined
})

const rename = asTask(({ inventory, on: target, parameters }) => {
  inventory.rename(target, given(textAt(parameters, 'newName'), 'newName'))
  return undefined
})

const destroyPool = (inventory: Inventory, pool: Pool): void => {
  const parent = inventory.get(pool.parent ?? '')
  // The root pool cannot go; what a pool holds moves up (API: ResourcePool.Destroy_Task).
  if (parent?.type !== 'ResourcePool') throw invalidArgument('pool')
  for (const child of inventory.childrenOf(pool, 'ResourcePool')) child.parent = parent.id
  for (const machine of inventory.all('VirtualMachine'))
    if (machine.pool === pool.id) machine.pool = parent.id
  inventory.remove(pool)
}

const requireUnused = (inventory: Inventory, group: PortGroup): void => {
  const user = inventory
    .all('VirtualMachine')
    .find(({ devices }) => devices.some((device) => textAt(device, 'backing.port.portgroupKey') === group.id))
  if (user === undefined) return
  throw new SoapFault('ResourceInUse', `The resource '${group.id}' is in use by ${user.name}.`)
}

const dropFromRules = (inventory: Inventory, id: string): void => {
  for (const cluster of inventory.all('ClusterComputeResource'))
    cluster.rules = cluster.rules.map((rule) => ({
      ...rule,
      machines: rule.machines.filter((machine) => machine.id !== id),
    }))
}

const destroyOne = (inventory: Inventory, target: ManagedObject): void => {
  if (target.type === 'ResourcePool') {
    destroyPool(inventory, target)
    return
  }
  if (target.type === 'DistributedVirtualPortgroup') requireUnused(inventory, target)
  if (target.type === 'VirtualMachine') {
    if (target.powerState !== 'poweredOff') throw invalidPowerState(target.powerState)
    dropFromRules(inventory, target.id)
  }
  for (const child of inventory.children(target)) destroyOne(inventory, child)
  inventory.remove(target)
}

const destroy = asTask(({ inventory, on: target }) => {
  destroyOne(inventory, target)
  return undefined
})

const allocations = (element: XmlElement | undefined) => ({
  cpu: toAllocation(childAt(element, 'cpuAllocation')),
  memory: toAllocation(childAt(element, 'memoryAllocation')),
})

const createResourcePool = on('ResourcePool', (parent, { inventory, parameters }) => {
  const name = given(textAt(parameters, 'name'), 'name')
  const pool = inventory.add('ResourcePool', parent, {
    name,
    ...allocations(childAt(parameters, 'spec')),
  })
  return [returnReference(referenceTo(pool))]
})

const updateConfig = on('ResourcePool', (pool, { inventory, parameters }) => {
  const name = textAt(parameters, 'name')
  if (name !== undefined) inventory.rename(pool, name)
  Object.assign(pool, allocations(childAt(parameters, 'config')))
  return []
})

const portGroupFields = (spec: XmlElement | undefined) => ({
  description: textAt(spec, 'description') ?? '',
  binding: textAt(spec, 'type') ?? 'earlyBinding',
  autoExpand: flagAt(spec, 'autoExpand') ?? true,
  ports: numberAt(spec, 'numPorts') ?? 0,
  vlanId: numberAt(spec, 'defaultPortConfig.vlan.vlanId') ?? 0,
})

const addPortGroups = asTask(({ inventory, on: target, parameters }) => {
  const { id, parent } = inventory.require('DistributedVirtualSwitch', target.id)
  const folder = inventory.require('Folder', parent ?? undefined)
  for (const spec of childrenOf(parameters, 'spec'))
    inventory.add('DistributedVirtualPortgroup', folder, {
      name: given(textAt(spec, 'name'), 'spec.name'),
      switchId: id,
      configVersion: 0,
      ...portGroupFields(spec),
    })
  return undefined
})

const reconfigurePortGroup = asTask(({ inventory, on: target, parameters }) => {
  const group = inventory.require('DistributedVirtualPortgroup', target.id)
  const spec = childAt(parameters, 'spec')
  if (textAt(spec, 'configVersion') !== String(group.configVersion))
    throw new SoapFault('ConcurrentAccess', 'The port group was changed by somebody else.')
  Object.assign(group, portGroupFields(spec), { configVersion: group.configVersion + 1 })
  return undefined
})

const changeRule = (call: Call, change: XmlElement): void => {
  const cluster = call.inventory.require('ClusterComputeResource', call.on.id)
  const info = childAt(change, 'info')
  const operation = textAt(change, 'operation')
  const key = numberAt(change, operation === 'remove' ? 'removeKey' : 'info.key')
  const rest = cluster.rules.filter((rule) => rule.key !== key)
  const isKnown = rest.length < cluster.rules.length
  const name = textAt(info, 'name') ?? ''
  if (operation === 'add' ? cluster.rules.some((rule) => rule.name === name) : !isKnown)
    throw invalidArgument('spec.rulesSpec')
  if (operation === 'remove') {
    cluster.rules = rest
    return
  }
  if (operation === 'add') cluster.lastRuleKey += 1
  const rule = {
    key: operation === 'add' ? cluster.lastRuleKey : (key ?? 0),
    name,
    enabled: flagAt(info, 'enabled') ?? false,
    mandatory: flagAt(info, 'mandatory') ?? false,
    machines: childrenOf(info, 'vm').flatMap((machine) => toReference(machine) ?? []),
  }
  cluster.rules = [...rest, rule].toSorted((left, right) => left.key - right.key)
}

const reconfigureCluster = asTask((call) => {
  for (const change of childrenOf(childAt(call.parameters, 'spec'), 'rulesSpec')) changeRule(call, change)
  return undefined
})

const createContainerView: Method = ({ inventory, parameters }) => {
  const shows = given(textAt(parameters, 'type'), 'type')
  return [returnReference(referenceTo(inventory.add('ContainerView', null, { name: shows, shows })))]
}

const destroyView = on('ContainerView', (view, { inventory }) => {
  inventory.remove(view)
  return []
})

/** Methods on what is in the inventory, VMs aside. */
export const inventoryMethods: Readonly<Record<string, Method>> = {
  FindByInventoryPath: findByInventoryPath,
  FindByUuid: findByUuid,
  CreateFolder: createFolder,
  MoveIntoFolder_Task: moveIntoFolder,
  Rename_Task: rename,
  Destroy_Task: destroy,
  CreateResourcePool: createResourcePool,
  UpdateConfig: updateConfig,
  AddDVPortgroup_Task: addPortGroups,
  ReconfigureDVPortgroup_Task: reconfigurePortGroup,
  ReconfigureComputeResource_Task: reconfigureCluster,
  CreateContainerView: createContainerView,
  DestroyView: destroyView,
}
