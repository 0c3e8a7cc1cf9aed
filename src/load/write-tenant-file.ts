import type * as z from 'zod'
import type { Tenant } from '../tenant/schema.ts'
import { type JsonSchema, orderedFields, schemaOfPart, tenantJsonSchema } from './json-schema.ts'

/** Source: biome.json, `formatter.lineWidth` and `indentWidth`. */
const lineWidth = 110
const indentWidth = 2

/** Keys shorter than this stay on the line of a text that is too long; the formatter breaks after longer ones. */
const shortestBreakingKey = 5

/** Sections that always have one entry a line, however short, so that a new entry is a new line in a diff. */
const sections: ReadonlySet<string> = new Set(['teams', 'applications', 'networks', 'volumes'])

const count = (text: string, character: string): number => text.split(character).length - 1

/** The quotes that need fewer escapes; single ones where both do. */
const quoted = (text: string): string => {
  const quote = count(text, "'") > count(text, '"') ? '"' : "'"
  const escaped = text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`)
  return `${quote}${escaped}${quote}`
}

const keyText = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name))

interface Entry {
  readonly key: string
  readonly value: unknown
  readonly schema: JsonSchema | undefined
}

const entriesOf = (value: object, schema: JsonSchema | undefined): Entry[] =>
  orderedFields(schema, value).map(([name, field]) => ({
    key: name,
    value: field,
    schema: schema === undefined ? undefined : schemaOfPart(schema, value, name),
  }))

const onOneLine = (value: unknown, schema: JsonSchema | undefined): string => {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map((item) => onOneLine(item, undefined)).join(', ')}]`
  if (value === null || typeof value !== 'object') return String(value)
  const parts = entriesOf(value, schema).map(
    (entry) => `${keyText(entry.key)}: ${onOneLine(entry.value, entry.schema)}`,
  )
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
}

const indentOf = (depth: number): string => ' '.repeat(depth * indentWidth)

/** Lines of an array that does not fit on one. */
const brokenArray = (items: readonly unknown[], depth: number): string =>
  [
    '[',
    ...items.map((item) => `${indentOf(depth + 1)}${onOneLine(item, undefined)},`),
    `${indentOf(depth)}]`,
  ].join('\n')

const brokenObject = (value: object, schema: JsonSchema | undefined, depth: number): string =>
  ['{', ...entriesOf(value, schema).map((entry) => property(entry, depth + 1)), `${indentOf(depth)}}`].join(
    '\n',
  )

const broken = ({ key, value, schema }: Entry, depth: number): string => {
  if (Array.isArray(value)) return ` ${brokenArray(value, depth)}`
  if (value !== null && typeof value === 'object') return ` ${brokenObject(value, schema, depth)}`
  const text = onOneLine(value, schema)
  return key.length < shortestBreakingKey ? ` ${text}` : `\n${indentOf(depth + 1)}${text}`
}

const isSection = ({ key, value }: Entry, depth: number): boolean =>
  depth === 1 && sections.has(key) && Object.keys(value as object).length > 0

/** A property with its comma, on one line where it fits. */
const property = (entry: Entry, depth: number): string => {
  const start = `${indentOf(depth)}${keyText(entry.key)}:`
  const line = `${start} ${onOneLine(entry.value, entry.schema)},`
  const fits = line.length <= lineWidth && !isSection(entry, depth)
  return fits ? line : `${start}${broken(entry, depth)},`
}

/**
 * The text of a tenant's file: fields in the order of the schema, named things by name, formatted as Biome with our
 * biome.json leaves it. The same tenant gives the same bytes; reading the text gives the same tenant. Never throws.
 */
export const renderTenantFile = (tenant: z.input<typeof Tenant>): string =>
  `import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant(${brokenObject(tenant, tenantJsonSchema(), 0)})
`
