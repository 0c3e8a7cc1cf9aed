import type { Field, Fields, Shape } from './input-fields.ts'

/** One output beyond the inputs. */
export interface OutputField {
  readonly type: 'string' | 'boolean' | 'array'
  readonly description: string
  readonly secret?: boolean
}

/** What a resource's place in the package schema is made of. */
export interface ResourceSchema {
  readonly description: string
  readonly fields: Fields
  readonly outputs: Readonly<Record<string, OutputField>>
}

type Json = Record<string, unknown>

const typeToken = (pluginName: string, name: string): string => `${pluginName}:index:${name}`

const typeSpec = (pluginName: string, shape: Shape): Json => {
  switch (shape.type) {
    case 'list':
      return { type: 'array', items: typeSpec(pluginName, shape.of) }
    case 'map':
      return { type: 'object', additionalProperties: typeSpec(pluginName, shape.of) }
    case 'object':
      return { $ref: `#/types/${typeToken(pluginName, shape.name)}` }
    default:
      return { type: shape.type }
  }
}

const property = (pluginName: string, field: Field): Json => ({
  ...typeSpec(pluginName, field.shape),
  description: field.description,
  ...(field.replaces === true ? { willReplaceOnChanges: true } : {}),
  ...(field.secret === true ? { secret: true } : {}),
  ...(['string', 'number', 'boolean'].includes(typeof field.default) ? { default: field.default } : {}),
})

const properties = (pluginName: string, fields: Fields): Json =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, property(pluginName, field)]))

const required = (fields: Fields): string[] =>
  Object.entries(fields)
    .filter(([, field]) => field.optional !== true)
    .map(([name]) => name)

const alwaysThere = (fields: Fields): string[] =>
  Object.entries(fields)
    .filter(([, field]) => field.optional !== true || field.default !== undefined)
    .map(([name]) => name)

const outputSpec = ({ type, description, secret }: OutputField): Json => ({
  type,
  description,
  ...(type === 'array' ? { items: { type: 'string' } } : {}),
  ...(secret === true ? { secret: true } : {}),
})

const withoutReplacement = (specs: Json): Json =>
  Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => {
      const { willReplaceOnChanges: _replaces, default: _default, ...rest } = spec as Json
      return [name, rest]
    }),
  )

const resourceSpec = (pluginName: string, { description, fields, outputs }: ResourceSchema): Json => {
  const inputs = properties(pluginName, fields)
  return {
    description,
    inputProperties: inputs,
    requiredInputs: required(fields),
    properties: {
      ...withoutReplacement(inputs),
      ...Object.fromEntries(Object.entries(outputs).map(([name, field]) => [name, outputSpec(field)])),
    },
    required: [...alwaysThere(fields), ...Object.keys(outputs)],
  }
}

const shapesIn = (shape: Shape): Shape[] => {
  if (shape.type === 'list' || shape.type === 'map') return shapesIn(shape.of)
  if (shape.type !== 'object') return []
  return [shape, ...Object.values(shape.fields).flatMap((field) => shapesIn(field.shape))]
}

const typeSpecs = (pluginName: string, resources: readonly ResourceSchema[]): Json =>
  Object.fromEntries(
    resources
      .flatMap(({ fields }) => Object.values(fields))
      .flatMap(({ shape }) => shapesIn(shape))
      .flatMap((shape) =>
        shape.type === 'object'
          ? [
              [
                typeToken(pluginName, shape.name),
                {
                  type: 'object',
                  properties: withoutReplacement(properties(pluginName, shape.fields)),
                  required: required(shape.fields),
                },
              ],
            ]
          : [],
      ),
  )

/** The Pulumi package schema of a plugin, from the tables its checks use. Pure. */
export const packageSchema = (plugin: {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly config: Fields
  readonly resources: Readonly<Record<string, ResourceSchema>>
}): Json => ({
  name: plugin.name,
  version: plugin.version,
  description: plugin.description,
  config: {
    variables: withoutReplacement(properties(plugin.name, plugin.config)),
    required: required(plugin.config),
  },
  provider: {
    description: plugin.description,
    inputProperties: properties(plugin.name, plugin.config),
    requiredInputs: required(plugin.config),
  },
  types: typeSpecs(plugin.name, Object.values(plugin.resources)),
  resources: Object.fromEntries(
    Object.entries(plugin.resources).map(([token, schema]) => [token, resourceSpec(plugin.name, schema)]),
  ),
})
