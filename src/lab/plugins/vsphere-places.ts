import type { Vsphere } from '../../clients/vsphere.ts'
import { escapeName, inventoryPathOf, onlyDatacenter } from '../../clients/vsphere-inventory.ts'
import { attachedTags, changeTags, readTag, type TaggedObject } from '../../clients/vsphere-tags.ts'
import type { ObjectReference } from '../../clients/vsphere-xml.ts'
import { Fault } from '../../core/fault.ts'
import type { Properties } from '../../provider/plugin.ts'
import { text, texts } from './vsphere-fields.ts'

/** A path's names as the inventory holds them. */
export const inventoryPath = (...names: readonly string[]): string =>
  `/${names
    .flatMap((name) => name.split('/'))
    .filter((name) => name !== '')
    .map(escapeName)
    .join('/')}`

/** The inventory path of the datacenter that `datacenterId` names; of the only one where it is absent. */
export const datacenterPath = async (vsphere: Vsphere, inputs: Properties): Promise<string> => {
  const id = text(inputs, 'datacenterId')
  if (id === undefined) return `/${(await onlyDatacenter(vsphere)).name}`
  return inventoryPathOf(vsphere, { type: 'Datacenter', id })
}

/** The fault for a name that something not made by us has. */
export const foreign = (vsphere: Vsphere, what: string, because: string): Fault =>
  new Fault('foreign', `${what} exists in vCenter at ${vsphere.endpoint} and is not ours: ${because}.`, {
    details: {
      endpoint: vsphere.endpoint,
      resource: what,
      hint: 'Import it if it should be managed from here, or choose another name.',
    },
  })

/** The fault for an update of what is no longer there. */
export const gone = (vsphere: Vsphere, what: string): Fault =>
  new Fault('not-found', `${what} is gone from vCenter at ${vsphere.endpoint}.`, {
    details: { endpoint: vsphere.endpoint, resource: what, hint: 'Refresh, then run again.' },
  })

const without = (ids: readonly string[], others: readonly string[]): readonly string[] =>
  ids.filter((id) => !others.includes(id))

/** Of the tags on an object those that are ours to change: the asked ones, and all others of their categories. */
const ownTags = async (
  vsphere: Vsphere,
  attached: readonly string[],
  asked: readonly string[],
): Promise<readonly string[]> => {
  const others = without(attached, asked)
  if (others.length === 0 || asked.length === 0) return without(attached, others)
  const categories = async (ids: readonly string[]) =>
    (await Promise.all(ids.map((id) => readTag(vsphere, id)))).map((tag) => tag?.categoryId)
  const [own, found] = await Promise.all([categories(asked), categories(others)])
  const foreign = others.filter((_, index) => !own.includes(found[index]))
  return without(attached, foreign)
}

/**
 * Makes the tags on an object those of `tags`; untouched where the property is absent.
 *
 * Tags of categories that none of the asked ones is of are somebody else's: they stay.
 */
export const syncTags = async (
  vsphere: Vsphere,
  object: TaggedObject,
  inputs: Properties,
  olds: Properties = {},
): Promise<void> => {
  const before = texts(olds, 'tags')
  const wanted = texts(inputs, 'tags') ?? (before === undefined ? undefined : [])
  if (wanted === undefined) return
  const attached = await attachedTags(vsphere, object.reference)
  const own = await ownTags(vsphere, attached, [...new Set([...wanted, ...(before ?? [])])])
  await changeTags(vsphere, object, { attach: without(wanted, attached), detach: without(own, wanted) })
}

/**
 * The `tags` of an object as outputs, in the order of the inputs where they are the same set; nothing where none are asked
 * for, all of them for an import.
 */
export const observedTags = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  inputs: Properties | undefined,
): Promise<{ readonly tags?: readonly string[] }> => {
  const asked = inputs === undefined ? undefined : texts(inputs, 'tags')
  if (inputs !== undefined && asked === undefined) return {}
  const attached = await attachedTags(vsphere, reference)
  if (asked === undefined) return { tags: attached }
  const own = await ownTags(vsphere, attached, asked)
  return { tags: own.toSorted((left, right) => position(asked, left) - position(asked, right)) }
}

const position = (asked: readonly string[], id: string): number => {
  const index = asked.indexOf(id)
  return index < 0 ? asked.length : index
}
