import { Fault } from '../core/fault.ts'
import type { Vsphere } from './vsphere.ts'
import { findObject, retrieve } from './vsphere-properties.ts'
import { runTask } from './vsphere-tasks.ts'
import { readInventory } from './vsphere-views.ts'
import {
  childAt,
  childrenOf,
  flagAt,
  leaf,
  node,
  numberAt,
  type ObjectReference,
  textAt,
  toReference,
  toReferences,
  typed,
  type Xml,
  type XmlElement,
} from './vsphere-xml.ts'

export interface DistributedSwitch {
  readonly reference: ObjectReference
  readonly name: string
  readonly uuid: string
  readonly uplinks: readonly string[]
}

/** How the ports of a port group come and go. */
type PortBinding = 'earlyBinding' | 'ephemeral'

export interface PortGroupSpec {
  readonly name: string
  readonly description: string
  readonly binding: PortBinding
  readonly autoExpand: boolean
  readonly ports: number
  /** 0 for untagged. */
  readonly vlanId: number
}

export interface PortGroup extends PortGroupSpec {
  readonly reference: ObjectReference
  /** Equal to the managed object id (API: DVPortgroupConfigInfo.key). */
  readonly key: string
  readonly configVersion: string
  readonly distributedSwitch: ObjectReference
}

const switchType = 'DistributedVirtualSwitch'
const switchPaths = ['name', 'uuid', 'config.uplinkPortPolicy']
const groupPaths = ['name', 'key', 'config']

const toSwitch = (
  reference: ObjectReference,
  properties: ReadonlyMap<string, XmlElement>,
): DistributedSwitch => ({
  reference,
  name: properties.get('name')?.text ?? '',
  uuid: properties.get('uuid')?.text ?? '',
  uplinks: childrenOf(properties.get('config.uplinkPortPolicy'), 'uplinkPortName').map(({ text }) => text),
})

/** What a distributed switch is; undefined where it is gone. */
export const readSwitch = async (
  vsphere: Vsphere,
  reference: ObjectReference,
): Promise<DistributedSwitch | undefined> => {
  const properties = await findObject(vsphere, reference, switchPaths)
  return properties === undefined ? undefined : toSwitch(reference, properties)
}

/** The distributed switch with a UUID, of the whole inventory. `@throws {Fault} not-found` where there is none. */
export const switchByUuid = async (vsphere: Vsphere, uuid: string): Promise<DistributedSwitch> => {
  const all = await readInventory(vsphere, { type: switchType, paths: switchPaths })
  const found = all
    .map(({ reference, properties }) => toSwitch(reference, properties))
    .find((one) => one.uuid === uuid)
  if (found !== undefined) return found
  throw new Fault('not-found', `vCenter at ${vsphere.endpoint} has no distributed switch ${uuid}.`)
}

const toBinding = (text: string | undefined): PortBinding =>
  text === 'ephemeral' ? 'ephemeral' : 'earlyBinding'

const toPortGroup = (
  reference: ObjectReference,
  properties: ReadonlyMap<string, XmlElement>,
): PortGroup | undefined => {
  const config = properties.get('config')
  const distributedSwitch = toReference(childAt(config, 'distributedVirtualSwitch'))
  if (distributedSwitch === undefined) return undefined
  return {
    reference,
    name: properties.get('name')?.text ?? '',
    key: properties.get('key')?.text ?? reference.id,
    configVersion: textAt(config, 'configVersion') ?? '',
    description: textAt(config, 'description') ?? '',
    binding: toBinding(textAt(config, 'type')),
    autoExpand: flagAt(config, 'autoExpand') ?? true,
    ports: numberAt(config, 'numPorts') ?? 0,
    vlanId: numberAt(config, 'defaultPortConfig.vlan.vlanId') ?? 0,
    distributedSwitch,
  }
}

/** What a port group is; undefined where it is gone. */
export const readPortGroup = async (
  vsphere: Vsphere,
  reference: ObjectReference,
): Promise<PortGroup | undefined> => {
  const properties = await findObject(vsphere, reference, groupPaths)
  return properties === undefined ? undefined : toPortGroup(reference, properties)
}

/** The port groups of a switch, its uplinks' one included. */
export const readPortGroups = async (
  vsphere: Vsphere,
  distributedSwitch: ObjectReference,
): Promise<readonly PortGroup[]> => {
  const properties = await findObject(vsphere, distributedSwitch, ['portgroup'])
  const references = toReferences(properties?.get('portgroup'))
  if (references.length === 0) return []
  const contents = await retrieve(vsphere, {
    roots: references,
    properties: { DistributedVirtualPortgroup: groupPaths },
  })
  return contents.flatMap(({ reference, properties: own }) => toPortGroup(reference, own) ?? [])
}

const vlanNode = (vlanId: number): Xml =>
  typed('defaultPortConfig', 'VMwareDVSPortSetting', [
    typed('vlan', 'VmwareDistributedVirtualSwitchVlanIdSpec', [
      leaf('inherited', false),
      leaf('vlanId', vlanId),
    ]),
  ])

const specNode = (spec: PortGroupSpec, configVersion?: string): Xml =>
  node('spec', [
    leaf('configVersion', configVersion === '' ? undefined : configVersion),
    leaf('name', spec.name),
    leaf('numPorts', spec.ports),
    vlanNode(spec.vlanId),
    leaf('description', spec.description),
    leaf('type', spec.binding),
    leaf('autoExpand', spec.autoExpand),
  ])

/** Adds a port group to a switch and gives it. `@throws {VsphereFault} DuplicateName` where the name is taken. */
export const addPortGroup = async (
  vsphere: Vsphere,
  distributedSwitch: ObjectReference,
  spec: PortGroupSpec,
): Promise<PortGroup> => {
  await runTask(vsphere, {
    method: 'AddDVPortgroup_Task',
    on: distributedSwitch,
    parameters: [specNode(spec)],
    resource: `port group ${spec.name}`,
  })
  const groups = await readPortGroups(vsphere, distributedSwitch)
  const added = groups.find((group) => group.name === spec.name)
  if (added === undefined)
    throw new Fault('protocol', `vCenter took port group ${spec.name} but does not show it.`)
  return added
}

/** Changes a port group, all but its name. */
export const reconfigurePortGroup = async (vsphere: Vsphere, group: PortGroup): Promise<void> => {
  await runTask(vsphere, {
    method: 'ReconfigureDVPortgroup_Task',
    on: group.reference,
    parameters: [specNode(group, group.configVersion)],
    resource: `port group ${group.name}`,
  })
}
