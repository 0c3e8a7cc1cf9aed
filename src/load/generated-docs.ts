import { fieldTables } from './field-table.ts'
import { clusterJsonSchema, type JsonSchema, tenantJsonSchema } from './json-schema.ts'

/** A file that is made from the schemas. */
export interface GeneratedFile {
  /** Relative to the checkout. */
  readonly file: string
  readonly text: string
}

const note = 'Made from the schema by `npm run docs`; edit the sentences there.'

const clusterIntroduction = `One file a cluster, \`stacks/<cluster>.ts\`: a default export of \`defineCluster({ … })\`. It
is read and never run, like a tenant file. ${note}`

/** Source: biome.json, `formatter.lineWidth`. */
const lineWidth = 110

/** A list that JSON.stringify has spread over lines, with the text before it and the comma after it. */
const spreadList = /^( *)(.*)\[\n((?:\s+(?:"(?:[^"\\\n]|\\.)*"|[\d.-]+),?\n)+)\s*\](,?)$/gm

/** JSON as Biome leaves it: lists of plain values on one line where they fit. */
const jsonText = (schema: JsonSchema): string => {
  const spread = `${JSON.stringify(schema, null, 2)}\n`
  return spread.replace(spreadList, (whole, indent: string, before: string, items: string, comma: string) => {
    const line = `${indent}${before}[${items.trim().split(/\n\s*/).join(' ')}]${comma}`
    return line.length <= lineWidth ? line : whole
  })
}

/** Every file that is made from the schemas, with the text it should have. Never throws. */
export const generatedDocs = (): readonly GeneratedFile[] => [
  { file: 'schema/tenant.schema.json', text: jsonText(tenantJsonSchema()) },
  { file: 'schema/cluster.schema.json', text: jsonText(clusterJsonSchema()) },
  {
    file: 'docs/cluster-file.md',
    text: fieldTables('The cluster file', clusterIntroduction, clusterJsonSchema()),
  },
]

const fieldsBegin = '<!-- The fields, made from the schema by `npm run docs`. -->'
const fieldsEnd = '<!-- End of the fields. -->'

/**
 * A README with the tenant file's field tables between its two marks as they should be, headings one level down.
 *
 * Throws Error where the marks are missing.
 */
export const withTenantFields = (readme: string): string => {
  const [before, rest] = readme.split(fieldsBegin)
  const after = rest?.split(fieldsEnd)[1]
  if (before === undefined || after === undefined) throw new Error(`the README has no ${fieldsBegin}`)
  const document = fieldTables('', '', tenantJsonSchema())
  const tables = document.slice(document.indexOf('\n|') + 1).replace(/^## /gm, '### ')
  return `${before}${fieldsBegin}\n\n${tables.trim()}\n\n${fieldsEnd}${after}`
}
