import type { Vsphere } from '../../clients/vsphere.ts'
import { escapeName, inventoryPathOf, onlyDatacenter } from '../../clients/vsphere-inventory.ts'
import { attachedTags, setTags } from '../../clients/vsphere-tags.ts'
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

/** Makes the tags on an object those of `tags`; untouched where the property is absent. */
export const syncTags = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  inputs: Properties,
  olds: Properties = {},
): Promise<void> => {
  const wanted = texts(inputs, 'tags') ?? (olds.tags === undefined ? undefined : [])
  if (wanted !== undefined) await setTags(vsphere, reference, wanted)
}

/** The `tags` of an object, in the order of the inputs where they are the same set. */
export const observedTags = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  inputs: Properties | undefined,
): Promise<readonly string[]> => {
  const attached = await attachedTags(vsphere, reference)
  const asked = inputs === undefined ? [] : (texts(inputs, 'tags') ?? [])
  return attached.toSorted((left, right) => position(asked, left) - position(asked, right))
}

const position = (asked: readonly string[], id: string): number => {
  const index = asked.indexOf(id)
  return index < 0 ? asked.length : index
}
