import { Fault } from '../core/fault.ts'
import type { Vsphere } from './vsphere.ts'
import { findObject } from './vsphere-properties.ts'
import {
  childAt,
  flagAt,
  leaf,
  node,
  numberAt,
  type ObjectReference,
  textAt,
  toReference,
  type Xml,
  type XmlElement,
} from './vsphere-xml.ts'

export type ShareLevel = 'low' | 'normal' | 'high' | 'custom'

/** What a pool or a VM is promised and allowed. MHz for CPU, MiB for memory. */
export interface Allocation {
  readonly reservation: number
  readonly expandable: boolean
  /** -1 for none. */
  readonly limit: number
  readonly shareLevel: ShareLevel
  /** Counts where the level is `custom`. */
  readonly shares: number
}

export interface ResourcePoolSpec {
  readonly name: string
  readonly cpu: Allocation
  readonly memory: Allocation
}

export interface ResourcePool extends ResourcePoolSpec {
  readonly reference: ObjectReference
  readonly parent: ObjectReference
}

const isShareLevel = (text: string | undefined): text is ShareLevel =>
  text === 'low' || text === 'normal' || text === 'high' || text === 'custom'

/** A `ResourceAllocationInfo` under a name. */
export const allocationNode = (name: string, allocation: Allocation): Xml =>
  node(name, [
    leaf('reservation', allocation.reservation),
    leaf('expandableReservation', allocation.expandable),
    leaf('limit', allocation.limit),
    node('shares', [leaf('shares', allocation.shares), leaf('level', allocation.shareLevel)]),
  ])

/** What a `ResourceAllocationInfo` says; vCenter's defaults where it says nothing. */
export const toAllocation = (element: XmlElement | undefined): Allocation => {
  const level = textAt(element, 'shares.level')
  return {
    reservation: numberAt(element, 'reservation') ?? 0,
    expandable: flagAt(element, 'expandableReservation') ?? false,
    limit: numberAt(element, 'limit') ?? -1,
    shareLevel: isShareLevel(level) ? level : 'normal',
    shares: numberAt(element, 'shares.shares') ?? 0,
  }
}

const specNodes = ({ cpu, memory }: ResourcePoolSpec): readonly Xml[] => [
  allocationNode('cpuAllocation', cpu),
  allocationNode('memoryAllocation', memory),
]

/** Creates a pool below another. `@throws {VsphereFault} DuplicateName` where the name is taken. */
export const createResourcePool = async (
  vsphere: Vsphere,
  parent: ObjectReference,
  spec: ResourcePoolSpec,
): Promise<ObjectReference> => {
  const answer = await vsphere.call({
    method: 'CreateResourcePool',
    on: parent,
    parameters: [leaf('name', spec.name), node('spec', specNodes(spec))],
    resource: `resource pool ${spec.name}`,
  })
  const created = toReference(childAt(answer, 'returnval'))
  if (created === undefined) throw new Fault('protocol', 'vCenter did not say which resource pool it made.')
  return created
}

/** Gives a pool another name where `rename` says so, and other shares, limits and reservations. */
export const updateResourcePool = async (
  vsphere: Vsphere,
  pool: ObjectReference,
  spec: ResourcePoolSpec,
  rename: boolean,
): Promise<void> => {
  await vsphere.call({
    method: 'UpdateConfig',
    on: pool,
    parameters: [rename ? leaf('name', spec.name) : undefined, node('config', specNodes(spec))],
    resource: `resource pool ${spec.name}`,
  })
}

/** What a pool is; undefined where it is gone. */
export const readResourcePool = async (
  vsphere: Vsphere,
  reference: ObjectReference,
): Promise<ResourcePool | undefined> => {
  const paths = ['name', 'parent', 'config.cpuAllocation', 'config.memoryAllocation']
  const properties = await findObject(vsphere, reference, paths)
  const parent = toReference(properties?.get('parent'))
  if (properties === undefined || parent === undefined) return undefined
  return {
    reference,
    name: properties.get('name')?.text ?? '',
    parent,
    cpu: toAllocation(properties.get('config.cpuAllocation')),
    memory: toAllocation(properties.get('config.memoryAllocation')),
  }
}
