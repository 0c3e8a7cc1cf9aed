import type { Vsphere } from '../../clients/vsphere.ts'
import {
  createTag,
  deleteTagging,
  findTag,
  findTagCategory,
  readTag,
  type Tag,
  type TagSpec,
  updateTag,
} from '../../clients/vsphere-tags.ts'
import { diffInputs } from '../../provider/diff-inputs.ts'
import type { Properties, ResourceType } from '../../provider/plugin.ts'
import { checkFields, type Fields, observedInputs, requiredText, text } from './vsphere-fields.ts'

const fields: Fields = {
  served: { name: 'string', description: 'string', categoryId: 'string' },
  required: ['name', 'categoryId'],
}

const specOf = (inputs: Properties): TagSpec => ({
  name: requiredText(inputs, 'name'),
  description: text(inputs, 'description') ?? '',
  categoryId: requiredText(inputs, 'categoryId'),
})

const outputsOf = ({ name, description, categoryId }: TagSpec): Properties => ({
  name,
  description,
  categoryId,
})

/** What `pulumi import` is given, as the vendor's plugin wants it: the names of the category and the tag. */
const findImported = async (vsphere: Vsphere, given: string): Promise<Tag | undefined> => {
  const names: unknown = JSON.parse(given)
  if (names === null || typeof names !== 'object') return undefined
  if (!('category_name' in names) || !('tag_name' in names)) return undefined
  const category = await findTagCategory(vsphere, String(names.category_name))
  return category && findTag(vsphere, category.id, String(names.tag_name))
}

/**
 * `vsphere_tag`: identified by its URN; imported by `{"category_name": "pool", "tag_name": "edge"}`.
 *
 * Create adopts a tag of the same name in the same category.
 */
export const tag: ResourceType<Vsphere> = {
  check: (inputs) => checkFields(fields, inputs),

  diff: (olds, news) =>
    diffInputs(olds.inputs, news, { replaceOn: ['categoryId'], deleteBeforeReplace: true }),

  async create(vsphere, inputs) {
    const spec = specOf(inputs)
    const present = await findTag(vsphere, spec.categoryId, spec.name)
    const id = present?.id ?? (await createTag(vsphere, spec))
    if (present !== undefined && present.description !== spec.description)
      await updateTag(vsphere, { ...spec, id })
    return { id, outputs: outputsOf(spec) }
  },

  async read(vsphere, id, inputs) {
    const found = id.startsWith('{') ? await findImported(vsphere, id) : await readTag(vsphere, id)
    if (found === undefined) return undefined
    const outputs = outputsOf(found)
    return {
      id: found.id,
      inputs: inputs ? observedInputs(inputs, outputs, { description: '' }) : outputs,
      outputs,
    }
  },

  async update(vsphere, id, _olds, news) {
    const spec = specOf(news)
    await updateTag(vsphere, { ...spec, id })
    return outputsOf(spec)
  },

  delete: (vsphere, id, outputs) => deleteTagging(vsphere, 'tag', id, `tag ${text(outputs, 'name') ?? id}`),
}
