import type { Vsphere } from '../../clients/vsphere.ts'
import {
  createTagCategory,
  deleteTagging,
  findTagCategory,
  readTagCategory,
  type TagCategorySpec,
  tagsOf,
  updateTagCategory,
} from '../../clients/vsphere-tags.ts'
import { Fault } from '../../core/fault.ts'
import { diffInputs } from '../../provider/diff-inputs.ts'
import type { Properties, ResourceType } from '../../provider/plugin.ts'
import {
  checkFields,
  type Fields,
  observedInputs,
  requiredText,
  sameTexts,
  text,
  texts,
} from './vsphere-fields.ts'
import { foreign } from './vsphere-places.ts'

const fields: Fields = {
  served: { name: 'string', description: 'string', cardinality: 'string', associableTypes: 'strings' },
  required: ['name', 'cardinality', 'associableTypes'],
}

const specOf = (inputs: Properties): TagCategorySpec => ({
  name: requiredText(inputs, 'name'),
  description: text(inputs, 'description') ?? '',
  cardinality: text(inputs, 'cardinality') === 'MULTIPLE' ? 'MULTIPLE' : 'SINGLE',
  associableTypes: texts(inputs, 'associableTypes') ?? [],
})

const outputsOf = (category: TagCategorySpec, asked: readonly string[] = []): Properties => ({
  name: category.name,
  description: category.description,
  cardinality: category.cardinality,
  associableTypes: sameTexts(category.associableTypes, asked) ? asked : category.associableTypes,
})

/**
 * `vsphere_tag_category`: identified by its URN; imported by name.
 *
 * Create adopts a category of the same name, cardinality and types.
 */
export const tagCategory: ResourceType<Vsphere> = {
  check(given) {
    const { inputs, failures } = checkFields(fields, given)
    const { cardinality } = inputs
    if (typeof cardinality !== 'string' || ['SINGLE', 'MULTIPLE'].includes(cardinality))
      return { inputs, failures }
    const reason = 'must be SINGLE or MULTIPLE'
    return { inputs, failures: [...failures, { property: 'cardinality', reason }] }
  },

  diff: (olds, news) => diffInputs(olds.inputs, news),

  async create(vsphere, inputs) {
    const spec = specOf(inputs)
    const present = await findTagCategory(vsphere, spec.name)
    if (present === undefined) return { id: await createTagCategory(vsphere, spec), outputs: outputsOf(spec) }
    if (present.cardinality !== spec.cardinality || !sameTexts(present.associableTypes, spec.associableTypes))
      throw foreign(vsphere, `tag category ${spec.name}`, 'its cardinality or types are others')
    if (present.description !== spec.description)
      await updateTagCategory(vsphere, { ...spec, id: present.id })
    return { id: present.id, outputs: outputsOf(spec) }
  },

  async read(vsphere, id, inputs) {
    const found = id.startsWith('urn:')
      ? await readTagCategory(vsphere, id)
      : await findTagCategory(vsphere, id)
    if (found === undefined) return undefined
    const outputs = outputsOf(found, inputs && texts(inputs, 'associableTypes'))
    return {
      id: found.id,
      inputs: inputs ? observedInputs(inputs, outputs, { description: '' }) : outputs,
      outputs,
    }
  },

  async update(vsphere, id, _olds, news) {
    const spec = specOf(news)
    await updateTagCategory(vsphere, { ...spec, id })
    return outputsOf(spec)
  },

  async delete(vsphere, id, outputs) {
    const what = `tag category ${text(outputs, 'name') ?? id}`
    const held = await tagsOf(vsphere, id)
    if (held.length > 0)
      throw new Fault(
        'conflict',
        `The ${what} still has the tags ${held.map(({ name }) => name).join(', ')}; vCenter would delete them with it.`,
        {
          details: {
            endpoint: vsphere.endpoint,
            resource: what,
            hint: 'Remove the tags first, or move what carries them to others.',
          },
        },
      )
    await deleteTagging(vsphere, 'category', id, what)
  },
}
