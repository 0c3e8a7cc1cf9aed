import type { Vsphere } from '../../clients/vsphere.ts'
import { isVsphereFault } from '../../clients/vsphere-fault.ts'
import { destroyObject, namesOf, referencesAt } from '../../clients/vsphere-inventory.ts'
import {
  type Allocation,
  createResourcePool,
  type ResourcePool,
  type ResourcePoolSpec,
  readResourcePool,
  type ShareLevel,
  updateResourcePool,
} from '../../clients/vsphere-pools.ts'
import type { ObjectReference } from '../../clients/vsphere-xml.ts'
import { Fault } from '../../core/fault.ts'
import { diffInputs } from '../../provider/diff-inputs.ts'
import type { Properties, ResourceType } from '../../provider/plugin.ts'
import { checkFields, type Fields, flag, integer, requiredText, text } from './vsphere-fields.ts'
import { taggedLifecycle } from './vsphere-lifecycle.ts'
import { foreign, gone, observedTags, syncTags } from './vsphere-places.ts'

const fields: Fields = {
  served: {
    name: 'string',
    parentResourcePoolId: 'string',
    cpuExpandable: 'boolean',
    cpuLimit: 'integer',
    cpuReservation: 'integer',
    cpuShareLevel: 'string',
    cpuShares: 'integer',
    memoryExpandable: 'boolean',
    memoryLimit: 'integer',
    memoryReservation: 'integer',
    memoryShareLevel: 'string',
    memoryShares: 'integer',
    tags: 'strings',
  },
  required: ['name', 'parentResourcePoolId'],
  unserved: ['customAttributes', 'scaleDescendantsShares'],
}

const levels: readonly ShareLevel[] = ['low', 'normal', 'high', 'custom']

/** A share level as the vendor's schema has it; `normal` for what is none. */
export const shareLevel = (given: string | undefined): ShareLevel =>
  levels.find((level) => level === given) ?? 'normal'

/** The failure of a share level that is none. */
export const checkShareLevel = (inputs: Properties, property: string) => {
  const value = inputs[property]
  if (typeof value !== 'string' || levels.some((level) => level === value)) return []
  return [{ property, reason: `must be one of ${levels.join(', ')}` }]
}

const allocation = (inputs: Properties, resource: 'cpu' | 'memory'): Allocation => ({
  reservation: integer(inputs, `${resource}Reservation`) ?? 0,
  expandable: flag(inputs, `${resource}Expandable`) ?? true,
  limit: integer(inputs, `${resource}Limit`) ?? -1,
  shareLevel: shareLevel(text(inputs, `${resource}ShareLevel`)),
  shares: integer(inputs, `${resource}Shares`) ?? 0,
})

const specOf = (inputs: Properties): ResourcePoolSpec => ({
  name: requiredText(inputs, 'name'),
  cpu: allocation(inputs, 'cpu'),
  memory: allocation(inputs, 'memory'),
})

const outputsOf = ({ name, parent, cpu, memory }: ResourcePool): Properties => ({
  name,
  parentResourcePoolId: parent.id,
  cpuExpandable: cpu.expandable,
  cpuLimit: cpu.limit,
  cpuReservation: cpu.reservation,
  cpuShareLevel: cpu.shareLevel,
  cpuShares: cpu.shares,
  memoryExpandable: memory.expandable,
  memoryLimit: memory.limit,
  memoryReservation: memory.reservation,
  memoryShareLevel: memory.shareLevel,
  memoryShares: memory.shares,
})

const nameOf = (properties: Properties): string => `resource pool ${requiredText(properties, 'name')}`

const usual: Properties = Object.fromEntries(
  ['cpu', 'memory'].flatMap((resource) => [
    [`${resource}Expandable`, true],
    [`${resource}Reservation`, 0],
    [`${resource}Limit`, -1],
    [`${resource}ShareLevel`, 'normal'],
  ]),
)

const importable = Object.keys(fields.served).filter((name) => !['cpuShares', 'memoryShares'].includes(name))

const byId = (id: string): ObjectReference => ({ type: 'ResourcePool', id })

const observe = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  inputs?: Properties,
): Promise<Properties | undefined> => {
  const pool = await readResourcePool(vsphere, reference)
  return pool && { ...outputsOf(pool), ...(await observedTags(vsphere, reference, inputs)) }
}

const sameAllocation = (one: Allocation, other: Allocation): boolean =>
  one.limit === other.limit && one.reservation === other.reservation && one.shareLevel === other.shareLevel

const ensure = async (vsphere: Vsphere, inputs: Properties): Promise<ObjectReference> => {
  const spec = specOf(inputs)
  try {
    return await createResourcePool(vsphere, byId(requiredText(inputs, 'parentResourcePoolId')), spec)
  } catch (error) {
    if (!isVsphereFault(error, 'DuplicateName') || error.object?.type !== 'ResourcePool') throw error
    const present = await readResourcePool(vsphere, error.object)
    if (present && sameAllocation(present.cpu, spec.cpu) && sameAllocation(present.memory, spec.memory))
      return error.object
    throw foreign(vsphere, `resource pool ${spec.name}`, 'its shares, limits or reservations are others')
  }
}

/**
 * `vsphere_resource_pool`: identified by managed object id; imported by inventory path.
 *
 * Create adopts a pool of the same name below the same parent that is set up in the same way.
 */
export const resourcePool: ResourceType<Vsphere> = {
  check(given) {
    const { inputs, failures } = checkFields(fields, given)
    const wrong = ['cpuShareLevel', 'memoryShareLevel'].flatMap((name) => checkShareLevel(inputs, name))
    return { inputs, failures: [...failures, ...wrong] }
  },

  // The vendor's plugin moves a pool; vCenter would keep its machines, and so does a replacement: they move up.
  diff: (olds, news) =>
    diffInputs(olds.inputs, news, { replaceOn: ['parentResourcePoolId'], deleteBeforeReplace: true }),

  ...taggedLifecycle({ nameOf, byId, ensure, observe, usual, importable }),

  async update(vsphere, id, olds, news) {
    const reference = byId(id)
    const present = await readResourcePool(vsphere, reference)
    if (present === undefined) throw gone(vsphere, nameOf(news))
    const spec = specOf(news)
    await updateResourcePool(vsphere, reference, spec, present.name !== spec.name)
    await syncTags(vsphere, { reference, what: nameOf(news) }, news, olds)
    return (await observe(vsphere, reference, news)) ?? {}
  },

  async delete(vsphere, id, outputs) {
    const reference = byId(id)
    const what = nameOf({ name: id, ...outputs })
    const held = await contentOf(vsphere, reference)
    if (held.length > 0)
      throw new Fault('conflict', `The ${what} still holds ${held.join(', ')}.`, {
        details: {
          endpoint: vsphere.endpoint,
          resource: what,
          hint: 'Remove or move what is in the pool first.',
        },
      })
    await destroyObject(vsphere, reference, what)
  },
}

const contentOf = async (vsphere: Vsphere, reference: ObjectReference): Promise<readonly string[]> => {
  try {
    const pools = await referencesAt(vsphere, reference, 'resourcePool')
    const machines = await referencesAt(vsphere, reference, 'vm')
    return (await namesOf(vsphere, [...pools, ...machines])).map(({ name }) => name)
  } catch (error) {
    if (isVsphereFault(error, 'ManagedObjectNotFound')) return []
    throw error
  }
}
