import { Fault } from '../core/fault.ts'
import type { Vsphere } from './vsphere.ts'
import { isVsphereFault } from './vsphere-fault.ts'
import { type ObjectContent, readObject, retrieve, type Traversal } from './vsphere-properties.ts'
import { runTask } from './vsphere-tasks.ts'
import {
  childAt,
  leaf,
  type ObjectReference,
  referenceNode,
  toReference,
  toReferences,
} from './vsphere-xml.ts'

/** A child of a folder, a pool or the like, by name. */
export interface NamedObject {
  readonly reference: ObjectReference
  readonly name: string
}

/** vCenter stores `%`, `/` and `\` of names escaped, and inventory paths hold them so (API: ManagedEntity.name). */
export const escapeName = (name: string): string =>
  name.replaceAll('%', '%25').replaceAll('/', '%2f').replaceAll('\\', '%5c')

export const unescapeName = (name: string): string =>
  name.replaceAll(/%2f/gi, '/').replaceAll(/%5c/gi, '\\').replaceAll('%25', '%')

/** The object at an inventory path, e.g. `/DC0/vm/tenantry`; undefined where there is none. */
export const findByInventoryPath = async (
  vsphere: Vsphere,
  path: string,
): Promise<ObjectReference | undefined> => {
  const { searchIndex } = await vsphere.content()
  const answer = await vsphere.call({
    method: 'FindByInventoryPath',
    on: searchIndex,
    parameters: [leaf('inventoryPath', path)],
    resource: path,
    readOnly: true,
  })
  return toReference(childAt(answer, 'returnval'))
}

/** The VM or template with a BIOS UUID; undefined where there is none. */
export const findMachineByUuid = async (
  vsphere: Vsphere,
  uuid: string,
): Promise<ObjectReference | undefined> => {
  const { searchIndex } = await vsphere.content()
  const answer = await vsphere.call({
    method: 'FindByUuid',
    on: searchIndex,
    parameters: [leaf('uuid', uuid), leaf('vmSearch', true), leaf('instanceUuid', false)],
    resource: `VM ${uuid}`,
    readOnly: true,
  })
  return toReference(childAt(answer, 'returnval'))
}

/** The object at a path, which must be there. `@throws {Fault} not-found` naming what is missing. */
export const requireAt = async (vsphere: Vsphere, path: string, what: string): Promise<ObjectReference> => {
  const found = await findByInventoryPath(vsphere, path)
  if (found !== undefined) return found
  throw new Fault('not-found', `vCenter at ${vsphere.endpoint} has no ${what} at ${path}.`, {
    details: { endpoint: vsphere.endpoint, resource: path, hint: `Check the name of the ${what}.` },
  })
}

const parents: Traversal = { name: 'parents', type: 'ManagedEntity', path: 'parent', next: ['parents'] }

/** An object with its ancestors, the root folder first. */
export const lineageOf = async (
  vsphere: Vsphere,
  reference: ObjectReference,
): Promise<readonly NamedObject[]> => {
  const contents = await retrieve(vsphere, {
    roots: [reference],
    traversals: [parents],
    properties: { ManagedEntity: ['name', 'parent'] },
    resource: `${reference.type} ${reference.id}`,
  })
  const byId = new Map(contents.map((content) => [content.reference.id, content]))
  const line: NamedObject[] = []
  for (let at = byId.get(reference.id); at !== undefined; at = parentIn(byId, at))
    line.unshift({ reference: at.reference, name: at.properties.get('name')?.text ?? '' })
  return line
}

const parentIn = (byId: Map<string, ObjectContent>, content: ObjectContent): ObjectContent | undefined => {
  const parent = toReference(content.properties.get('parent'))
  byId.delete(content.reference.id)
  return parent === undefined ? undefined : byId.get(parent.id)
}

/** The inventory path of an object, e.g. `/DC0/vm/tenantry`; the root folder is `/`. */
export const inventoryPathOf = async (vsphere: Vsphere, reference: ObjectReference): Promise<string> => {
  const line = await lineageOf(vsphere, reference)
  return `/${line
    .slice(1)
    .map((one) => one.name)
    .join('/')}`
}

/** The children of a folder, in vCenter's order. */
export const childrenOfFolder = async (
  vsphere: Vsphere,
  folder: ObjectReference,
): Promise<readonly NamedObject[]> => namesOf(vsphere, await referencesAt(vsphere, folder, 'childEntity'))

/** The objects that an array property of an object names. */
export const referencesAt = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  path: string,
): Promise<readonly ObjectReference[]> =>
  toReferences((await readObject(vsphere, reference, [path])).get(path))

/** The object that a property of an object names. `@throws {Fault} protocol` where it is unset. */
export const referenceAt = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  path: string,
): Promise<ObjectReference> => {
  const found = toReference((await readObject(vsphere, reference, [path])).get(path))
  if (found === undefined)
    throw new Fault('protocol', `vCenter did not say what the ${path} of ${reference.id} is.`)
  return found
}

/** The names of objects, all in one call, in the order given. */
export const namesOf = async (
  vsphere: Vsphere,
  references: readonly ObjectReference[],
): Promise<readonly NamedObject[]> => {
  if (references.length === 0) return []
  const contents = await retrieve(vsphere, { roots: references, properties: { ManagedEntity: ['name'] } })
  return contents.map(({ reference, properties }) => ({
    reference,
    name: properties.get('name')?.text ?? '',
  }))
}

/** The only datacenter, where just one stands in the root folder. `@throws {Fault} not-found` else. */
export const onlyDatacenter = async (vsphere: Vsphere): Promise<NamedObject> => {
  const { rootFolder } = await vsphere.content()
  const children = await childrenOfFolder(vsphere, rootFolder)
  const datacenters = children.filter(({ reference }) => reference.type === 'Datacenter')
  const [only] = datacenters
  if (only !== undefined && datacenters.length === 1) return only
  throw new Fault(
    'not-found',
    `vCenter at ${vsphere.endpoint} has ${datacenters.length} datacenters, so one must be named.`,
  )
}

/** Creates a folder and gives it. `@throws {VsphereFault} DuplicateName` with the object that has the name. */
export const createFolder = async (
  vsphere: Vsphere,
  parent: ObjectReference,
  name: string,
): Promise<ObjectReference> => {
  const answer = await vsphere.call({
    method: 'CreateFolder',
    on: parent,
    parameters: [leaf('name', name)],
    resource: `folder ${name}`,
  })
  const created = toReference(childAt(answer, 'returnval'))
  if (created === undefined) throw new Fault('protocol', 'vCenter did not say which folder it made.')
  return created
}

/** Gives an object another name. */
export const renameObject = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  name: string,
): Promise<void> => {
  await runTask(vsphere, {
    method: 'Rename_Task',
    on: reference,
    parameters: [leaf('newName', name)],
    resource: name,
  })
}

/** Moves objects into a folder. `what` names them in messages. */
export const moveIntoFolder = async (
  vsphere: Vsphere,
  folder: ObjectReference,
  references: readonly ObjectReference[],
  what: string = references.map(({ id }) => id).join(', '),
): Promise<void> => {
  await runTask(vsphere, {
    method: 'MoveIntoFolder_Task',
    on: folder,
    parameters: references.map((reference) => referenceNode('list', reference)),
    resource: what,
  })
}

/** Deletes an object with all below it; succeeds where it is gone already. `what` names it in messages. */
export const destroyObject = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  what = `${reference.type} ${reference.id}`,
): Promise<void> => {
  try {
    await runTask(vsphere, { method: 'Destroy_Task', on: reference, resource: what })
  } catch (error) {
    if (!isVsphereFault(error, 'ManagedObjectNotFound')) throw error
  }
}
