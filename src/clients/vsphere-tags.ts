import * as z from 'zod'
import { Fault, isFault } from '../core/fault.ts'
import type { Vsphere } from './vsphere.ts'
import type { ObjectReference } from './vsphere-xml.ts'

type Cardinality = 'SINGLE' | 'MULTIPLE'

export interface TagCategorySpec {
  readonly name: string
  readonly description: string
  readonly cardinality: Cardinality
  /** Types of managed objects, e.g. `VirtualMachine`; empty for all. */
  readonly associableTypes: readonly string[]
}

export interface TagCategory extends TagCategorySpec {
  /** A URN, given by vCenter. */
  readonly id: string
}

export interface TagSpec {
  readonly name: string
  readonly description: string
  readonly categoryId: string
}

export interface Tag extends TagSpec {
  /** A URN, given by vCenter. */
  readonly id: string
}

const tagging = '/rest/com/vmware/cis/tagging'

const Category = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().default(''),
  cardinality: z.enum(['SINGLE', 'MULTIPLE']),
  associable_types: z.array(z.string()).nullish(),
})
const TagBody = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().default(''),
  category_id: z.string(),
})
const Ids = z.array(z.string()).nullish()

const parsed = <Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.infer<Schema> => {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new Fault('protocol', `vCenter described ${what} in a way that is not known.`, {
    cause: result.error,
  })
}

const withId = (kind: 'category' | 'tag' | 'tag-association', id: string): string =>
  `${tagging}/${kind}/id:${encodeURIComponent(id)}`

const orUndefined = async <Value>(promise: Promise<Value>): Promise<Value | undefined> => {
  try {
    return await promise
  } catch (error) {
    if (isFault(error, 'not-found')) return undefined
    throw error
  }
}

const listIds = async (vsphere: Vsphere, path: string): Promise<readonly string[]> =>
  parsed(Ids, await vsphere.rest({ method: 'GET', path }), 'its tags') ?? []

/** A category by id; undefined where there is none. */
export const readTagCategory = async (vsphere: Vsphere, id: string): Promise<TagCategory | undefined> => {
  const value = await orUndefined(vsphere.rest({ method: 'GET', path: withId('category', id) }))
  if (value === undefined) return undefined
  const { associable_types, ...category } = parsed(Category, value, `tag category ${id}`)
  return { ...category, associableTypes: associable_types ?? [] }
}

/** A category by name; undefined where there is none. */
export const findTagCategory = async (vsphere: Vsphere, name: string): Promise<TagCategory | undefined> => {
  const ids = await listIds(vsphere, `${tagging}/category`)
  const all = await Promise.all(ids.map((id) => readTagCategory(vsphere, id)))
  return all.find((category) => category?.name === name)
}

/** Creates a category and gives its id. `@throws {Fault} invalid-request` where the name is taken. */
export const createTagCategory = async (vsphere: Vsphere, spec: TagCategorySpec): Promise<string> => {
  const { associableTypes, ...plain } = spec
  const value = await vsphere.rest({
    method: 'POST',
    path: `${tagging}/category`,
    body: { create_spec: { ...plain, associable_types: associableTypes } },
    resource: `tag category ${spec.name}`,
  })
  return parsed(z.string(), value, `tag category ${spec.name}`)
}

/** Changes a category. vCenter only widens: `SINGLE` to `MULTIPLE`, and more types. */
export const updateTagCategory = async (
  vsphere: Vsphere,
  { id, associableTypes, ...plain }: TagCategory,
): Promise<void> => {
  await vsphere.rest({
    method: 'PATCH',
    path: withId('category', id),
    body: { update_spec: { ...plain, associable_types: associableTypes } },
    resource: `tag category ${plain.name}`,
  })
}

/** A tag by id; undefined where there is none. */
export const readTag = async (vsphere: Vsphere, id: string): Promise<Tag | undefined> => {
  const value = await orUndefined(vsphere.rest({ method: 'GET', path: withId('tag', id) }))
  if (value === undefined) return undefined
  const { category_id, ...tag } = parsed(TagBody, value, `tag ${id}`)
  return { ...tag, categoryId: category_id }
}

/** The tags of a category; none where it is gone. */
export const tagsOf = async (vsphere: Vsphere, categoryId: string): Promise<readonly Tag[]> => {
  const path = `${withId('tag', categoryId)}?~action=list-tags-for-category`
  const resource = `the tags of ${categoryId}`
  const value = await orUndefined(vsphere.rest({ method: 'POST', path, readOnly: true, resource }))
  const ids = parsed(Ids, value, resource) ?? []
  const all = await Promise.all(ids.map((id) => readTag(vsphere, id)))
  return all.filter((tag) => tag !== undefined)
}

/** A tag of a category by name; undefined where there is none. */
export const findTag = async (vsphere: Vsphere, categoryId: string, name: string): Promise<Tag | undefined> =>
  (await tagsOf(vsphere, categoryId)).find((tag) => tag.name === name)

/** Creates a tag and gives its id. `@throws {Fault} invalid-request` where the name is taken in its category. */
export const createTag = async (vsphere: Vsphere, spec: TagSpec): Promise<string> => {
  const { categoryId, ...plain } = spec
  const value = await vsphere.rest({
    method: 'POST',
    path: `${tagging}/tag`,
    body: { create_spec: { ...plain, category_id: categoryId } },
    resource: `tag ${spec.name}`,
  })
  return parsed(z.string(), value, `tag ${spec.name}`)
}

/** Changes a tag's name and description. */
export const updateTag = async (
  vsphere: Vsphere,
  { id, name, description }: Omit<Tag, 'categoryId'>,
): Promise<void> => {
  await vsphere.rest({
    method: 'PATCH',
    path: withId('tag', id),
    body: { update_spec: { name, description } },
    resource: `tag ${name}`,
  })
}

/** Deletes a tag or a category, which takes its tags along; succeeds where it is gone already. `what` names it in messages. */
export const deleteTagging = async (
  vsphere: Vsphere,
  kind: 'category' | 'tag',
  id: string,
  what = `${kind} ${id}`,
): Promise<void> => {
  await orUndefined(vsphere.rest({ method: 'DELETE', path: withId(kind, id), resource: what }))
}

const objectId = ({ type, id }: ObjectReference): { object_id: ObjectReference } => ({
  object_id: { id, type },
})

/** Ids of the tags on an object, sorted. */
export const attachedTags = async (
  vsphere: Vsphere,
  reference: ObjectReference,
): Promise<readonly string[]> => {
  const value = await vsphere.rest({
    method: 'POST',
    path: `${tagging}/tag-association?~action=list-attached-tags`,
    body: objectId(reference),
    readOnly: true,
  })
  return (parsed(Ids, value, `the tags of ${reference.id}`) ?? []).toSorted()
}

/** An object that carries tags, and what messages call it. */
export interface TaggedObject {
  readonly reference: ObjectReference
  readonly what: string
}

const changeTag = async (
  vsphere: Vsphere,
  action: 'attach' | 'detach',
  id: string,
  { reference, what }: TaggedObject,
): Promise<void> => {
  await vsphere.rest({
    method: 'POST',
    path: `${withId('tag-association', id)}?~action=${action}`,
    body: objectId(reference),
    resource: `tags of ${what}`,
  })
}

/** Puts tags on an object and takes others off; what is so already stays so. */
export const changeTags = async (
  vsphere: Vsphere,
  object: TaggedObject,
  changes: { readonly attach: readonly string[]; readonly detach: readonly string[] },
): Promise<void> => {
  for (const id of changes.attach) await changeTag(vsphere, 'attach', id, object)
  for (const id of changes.detach) await changeTag(vsphere, 'detach', id, object)
}
