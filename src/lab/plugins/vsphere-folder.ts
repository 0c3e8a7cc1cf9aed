import type { Vsphere } from '../../clients/vsphere.ts'
import { isVsphereFault } from '../../clients/vsphere-fault.ts'
import {
  childrenOfFolder,
  createFolder,
  destroyObject,
  escapeName,
  findByInventoryPath,
  lineageOf,
  moveIntoFolder,
  type NamedObject,
  renameObject,
  requireAt,
  unescapeName,
} from '../../clients/vsphere-inventory.ts'
import type { ObjectReference } from '../../clients/vsphere-xml.ts'
import { Fault } from '../../core/fault.ts'
import { diffInputs } from '../../provider/diff-inputs.ts'
import type { Properties, ResourceType } from '../../provider/plugin.ts'
import { checkFields, type Fields, observedInputs, requiredText } from './vsphere-fields.ts'
import { datacenterPath, foreign, gone, inventoryPath, observedTags, syncTags } from './vsphere-places.ts'

const kinds = ['vm', 'host', 'network', 'datastore'] as const

const fields: Fields = {
  served: { path: 'string', type: 'string', datacenterId: 'string', tags: 'strings' },
  required: ['path', 'type'],
  unserved: ['customAttributes'],
}

interface Location {
  /** Inventory path of the folder that it stands in. */
  readonly parent: string
  readonly name: string
  readonly full: string
}

/** Where a folder of these inputs stands: below its datacenter's folder of its type. */
const locate = async (vsphere: Vsphere, inputs: Properties): Promise<Location> => {
  const base = await datacenterPath(vsphere, inputs)
  const names = requiredText(inputs, 'path')
    .split('/')
    .filter((name) => name !== '')
  const name = names.at(-1) ?? ''
  const root = `${base}/${requiredText(inputs, 'type')}`
  const parent = names.length > 1 ? `${root}${inventoryPath(...names.slice(0, -1))}` : root
  return { parent, name, full: `${parent}/${escapeName(name)}` }
}

const byId = (id: string): ObjectReference => ({ type: 'Folder', id })

const outputsOf = (line: readonly NamedObject[]): Properties | undefined => {
  const at = line.findIndex(({ reference }) => reference.type === 'Datacenter')
  const root = line[at + 1]
  if (at < 0 || root === undefined) return undefined
  return {
    path: line
      .slice(at + 2)
      .map(({ name }) => unescapeName(name))
      .join('/'),
    type: root.name,
    datacenterId: line[at]?.reference.id ?? '',
  }
}

const observe = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  inputs: Properties | undefined,
): Promise<Properties | undefined> => {
  const outputs = outputsOf(await lineageOrNone(vsphere, reference))
  return outputs && { ...outputs, ...(await observedTags(vsphere, reference, inputs)) }
}

const lineageOrNone = async (
  vsphere: Vsphere,
  reference: ObjectReference,
): Promise<readonly NamedObject[]> => {
  try {
    return await lineageOf(vsphere, reference)
  } catch (error) {
    if (isVsphereFault(error, 'ManagedObjectNotFound')) return []
    throw error
  }
}

const nameOf = (properties: Properties): string => `folder ${requiredText(properties, 'path')}`

/** Moves and renames a folder to where it is asked to be, from wherever it is: an earlier run may have come half the way. */
const place = async (vsphere: Vsphere, reference: ObjectReference, news: Properties): Promise<void> => {
  const line = await lineageOrNone(vsphere, reference)
  const [above, present] = line.slice(-2)
  if (above === undefined || present === undefined) throw gone(vsphere, nameOf(news))
  const { parent, name } = await locate(vsphere, news)
  const target = await requireAt(vsphere, parent, 'folder')
  if (above.reference.id !== target.id) await moveIntoFolder(vsphere, target, [reference], nameOf(news))
  if (unescapeName(present.name) !== name) await renameObject(vsphere, reference, name)
}

const ensure = async (vsphere: Vsphere, inputs: Properties): Promise<ObjectReference> => {
  const { parent, name, full } = await locate(vsphere, inputs)
  try {
    return await createFolder(vsphere, await requireAt(vsphere, parent, 'folder'), name)
  } catch (error) {
    if (!isVsphereFault(error, 'DuplicateName')) throw error
    const present = await findByInventoryPath(vsphere, full)
    if (present?.type === 'Folder') return present
    throw foreign(vsphere, `folder ${full}`, `the name is that of a ${present?.type ?? 'hidden object'}`)
  }
}

/**
 * `vsphere_folder`: a folder below its datacenter's folder of its type; the folders above it must exist.
 *
 * Identified by managed object id; imported by inventory path. Create adopts a folder at the same path: that is all it is.
 */
export const folder: ResourceType<Vsphere> = {
  check(inputs) {
    const checked = checkFields(fields, inputs)
    const { type } = checked.inputs
    const isKnown = typeof type !== 'string' || kinds.some((kind) => kind === type)
    if (isKnown) return checked
    const reason = `must be one of ${kinds.join(', ')}`
    return { ...checked, failures: [...checked.failures, { property: 'type', reason }] }
  },

  diff: (olds, news) => diffInputs(olds.inputs, news, { replaceOn: ['datacenterId', 'type'] }),

  async create(vsphere, inputs) {
    const reference = await ensure(vsphere, inputs)
    await syncTags(vsphere, { reference, what: nameOf(inputs) }, inputs)
    return { id: reference.id, outputs: (await observe(vsphere, reference, inputs)) ?? {} }
  },

  async read(vsphere, id, inputs) {
    const reference = id.startsWith('/') ? await findByInventoryPath(vsphere, id) : byId(id)
    if (reference === undefined) return undefined
    const outputs = await observe(vsphere, reference, inputs)
    if (outputs === undefined) return undefined
    return { id: reference.id, inputs: inputs ? observedInputs(inputs, outputs) : outputs, outputs }
  },

  async update(vsphere, id, olds, news) {
    const reference = byId(id)
    await place(vsphere, reference, news)
    await syncTags(vsphere, { reference, what: nameOf(news) }, news, olds)
    return (await observe(vsphere, reference, news)) ?? {}
  },

  async delete(vsphere, id, outputs) {
    const reference = byId(id)
    const what = nameOf({ path: id, ...outputs })
    const children = await childrenOrNone(vsphere, reference)
    if (children.length > 0)
      throw new Fault(
        'conflict',
        `The ${what} still holds ${children.map(({ name }) => name).join(', ')}; vCenter would delete them with it.`,
        {
          details: {
            endpoint: vsphere.endpoint,
            resource: what,
            hint: 'Remove or move what is in the folder first.',
          },
        },
      )
    await destroyObject(vsphere, reference, what)
  },
}

const childrenOrNone = async (
  vsphere: Vsphere,
  reference: ObjectReference,
): Promise<readonly NamedObject[]> => {
  try {
    return await childrenOfFolder(vsphere, reference)
  } catch (error) {
    if (isVsphereFault(error, 'ManagedObjectNotFound')) return []
    throw error
  }
}
