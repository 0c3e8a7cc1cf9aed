import { fieldTables } from './field-table.ts'
import { clusterJsonSchema, type JsonSchema, tenantJsonSchema } from './json-schema.ts'

/** A file that is made from the schemas. */
export interface GeneratedFile {
  /** Relative to the checkout. */
  readonly file: string
  readonly text: string
}

const note = 'Made from the schema by `npm run docs`; edit the sentences there.'

const tenantIntroduction = `One file an organization, \`tenants/<organization>.ts\`: a default export of
\`defineTenant({ … })\` with text, numbers, true, false, lists and objects. It is read and never run; anything else in it is
an issue at its place. ${note}`

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
    file: 'docs/tenant-file.md',
    text: fieldTables('The tenant file', tenantIntroduction, tenantJsonSchema()),
  },
  {
    file: 'docs/cluster-file.md',
    text: fieldTables('The cluster file', clusterIntroduction, clusterJsonSchema()),
  },
]
