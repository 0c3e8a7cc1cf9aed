import { alternativesOf, type JsonSchema } from './json-schema.ts'

/** One row of a field table. */
interface Field {
  /** Dotted, with `<name>` for the keys of a record and `[]` for entries of a list. */
  readonly name: string
  readonly type: string
  readonly isRequired: boolean
  readonly fallback: string
  readonly description: string
}

const quotedChoices = (schema: JsonSchema): string =>
  (schema.enum ?? []).map((value) => `\`${value}\``).join(', ')

const boundsOf = ({ minimum, maximum }: JsonSchema): string => {
  const isBounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER
  if (minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER)
    return isBounded ? `, ${minimum} to ${maximum}` : `, at least ${minimum}`
  return isBounded ? `, at most ${maximum}` : ''
}

const plainTypes: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  number: 'number',
  integer: 'whole number',
}

const isRecord = (schema: JsonSchema): boolean => typeof schema.additionalProperties === 'object'

/** A record's names, where only some are possible. */
const recordType = ({ propertyNames }: JsonSchema): string =>
  propertyNames?.enum === undefined ? 'objects by name' : `objects by name: ${quotedChoices(propertyNames)}`

const typeOf = (schema: JsonSchema): string => {
  if (schema.const !== undefined) return `\`${schema.const}\``
  if (schema.enum !== undefined) return `one of ${quotedChoices(schema)}`
  if (schema.oneOf !== undefined || schema.anyOf !== undefined) return 'object, by its `kind`'
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`
  if (isRecord(schema)) return recordType(schema)
  if (schema.type === 'object') return 'object'
  return `${plainTypes[schema.type ?? ''] ?? schema.type}${boundsOf(schema)}`
}

/** `Mount options; none where absent.` says the default itself: the part before `where absent`. */
const absentPart = /(?:^|[;.] )([^;.]*?) where absent\.?$/

const splitDescription = (description: string): { description: string; fallback: string } => {
  const match = absentPart.exec(description)
  if (match === null) return { description, fallback: '' }
  const rest = description.slice(0, match.index)
  const stop = rest === '' || rest.endsWith('.') ? '' : '.'
  return { description: `${rest}${stop}`, fallback: (match[1] ?? '').replace(/^,?\s*/, '') }
}

const rowOf = (name: string, schema: JsonSchema, isRequired: boolean): Field => ({
  name,
  type: typeOf(schema),
  isRequired,
  ...splitDescription(schema.description ?? ''),
})

const childName = (parent: string, name: string): string =>
  `${parent === '' ? '' : `${parent}.`}${/^[\w<>]+$/.test(name) ? name : `'${name}'`}`

const fieldsOfObject = (schema: JsonSchema, parent: string): Field[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const full = childName(parent, name)
    return [rowOf(full, child, schema.required?.includes(name) ?? false), ...fieldsBelow(child, full)]
  })

/** Rows of the alternatives of a union, each after a row that says which one it is. */
const fieldsOfUnion = (schema: JsonSchema, parent: string): Field[] =>
  alternativesOf(schema).flatMap((alternative) => {
    const kind = alternative.properties?.kind?.const
    const name = `${parent}(${kind})`
    return [rowOf(name, { ...alternative, type: 'object' }, false), ...fieldsOfObject(alternative, name)]
  })

const fieldsOfRecord = (value: JsonSchema, parent: string): Field[] => {
  const name = `${parent}.<name>`
  return [rowOf(name, value, false), ...fieldsBelow(value, name)]
}

const fieldsBelow = (schema: JsonSchema, parent: string): Field[] => {
  if (schema.oneOf !== undefined || schema.anyOf !== undefined) return fieldsOfUnion(schema, parent)
  if (typeof schema.additionalProperties === 'object')
    return fieldsOfRecord(schema.additionalProperties, parent)
  return fieldsOfObject(schema, parent)
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

const rowText = ({ name, type, isRequired, fallback, description }: Field): string =>
  `| \`${cell(name)}\` | ${cell(type)} | ${isRequired ? 'yes' : ''} | ${cell(fallback)} | ${cell(description)} |`

const head = ['| field | type | required | default | what it says |', '|---|---|---|---|---|']

const tableOf = (fields: readonly Field[]): string => [...head, ...fields.map(rowText)].join('\n')

const isPlain = (schema: JsonSchema): boolean => fieldsBelow(schema, '').length === 0

/** Fields without parts of their own stand together at the top; each of the others has a section. */
const sections = (schema: JsonSchema): string[] => {
  const entries = Object.entries(schema.properties ?? {})
  const isRequired = (name: string): boolean => schema.required?.includes(name) ?? false
  const top = entries.map(([name, child]) => rowOf(name, child, isRequired(name)))
  const parts = entries
    .filter(([, child]) => !isPlain(child))
    .map(
      ([name, child]) =>
        `## \`${name}\`\n\n${child.description ?? ''}\n\n${tableOf(fieldsBelow(child, name))}`,
    )
  return [tableOf(top), ...parts]
}

/**
 * Every field of a schema as Markdown: a table of the top ones, then a section for each that has parts. The default is
 * what a description says before `where absent`. Never throws.
 */
export const fieldTables = (title: string, introduction: string, schema: JsonSchema): string =>
  [`# ${title}`, introduction, ...sections(schema), ''].join('\n\n').replace(/\n+$/, '\n')
