import { longestDays } from '../exception/expiry.ts'
import { alwaysOn } from '../policy/binding.ts'
import { fieldTables } from './field-table.ts'
import type { FileKind } from './file-kind.ts'
import { type JsonSchema, jsonSchemaOf, tenantJsonSchema } from './json-schema.ts'

/** A file that is made from the schemas. */
export interface GeneratedFile {
  /** Relative to the checkout. */
  readonly file: string
  readonly text: string
}

const note = 'Made from the schema by `npm run docs`; edit the sentences there.'

/** A policy that says a little of everything; a test reads it. */
export const complianceSample = `import { defineCompliance } from './src/policy/define.ts'

export default defineCompliance({
  owner: 'platform-security@bank.example',
  rules: {
    'image/moving-tag': { severity: 'high', reason: 'SEC-31: two rollbacks to an image that was not the old one' },
  },
  ceilings: { critical: 0, high: 5 },
  registries: ['mirror.bank.example/library'],
  capabilities: ['IPC_LOCK'],
  neverWaived: ['secret/in-environment'],
  stages: {
    nonprod: {
      rules: { 'run/no-update-policy': { off: true, reason: 'OPS-77: test stacks are taken down and deployed again' } },
    },
    prod: { ceilings: { high: 0 }, scanMaxAgeDays: 7 },
  },
})
`

/** What stands above the field tables of each kind of file; those of the tenant file stand in the README. */
const introductions: Readonly<Record<Exclude<FileKind, 'tenant'>, readonly [title: string, text: string]>> = {
  cluster: [
    'The cluster file',
    `One file a cluster, \`stacks/<cluster>.ts\`: a default export of \`defineCluster({ … })\`. It
is read and never run, like a tenant file. ${note}`,
  ],
  fleet: [
    'The fleet file',
    `At most one file, \`fleet.ts\` beside \`tenants/\`: a default export of \`defineFleet({ … })\`. It says how much one
change may do before it is refused, and how a change of many tenants is applied. Without it the defaults hold. ${note}`,
  ],
  compliance: [
    'The compliance file',
    `At most one file, \`compliance.ts\` beside \`tenants/\`: a default export of \`defineCompliance({ … })\`. It is the platform's policy
of the checks of compose files: what the [rules](compliance-rules.md) go by, and which of them are on. Without it the defaults hold.

What it says binds \`compliance\` of the cluster files, and both bind \`compliance\` of the tenant files: each may be stricter than the one
before it and none looser, which is an issue at its line. What it leaves unsaid the cluster file decides. No file switches off, or makes
less grave, the rules that guard other tenants and the hosts: ${alwaysOn.map((rule) => `\`${rule}\``).join(', ')}.
A rule that is off, and why, stands in every report. ${note}

\`\`\`ts
${complianceSample}\`\`\``,
  ],
  override: [
    'The override file',
    `One file an exception, \`overrides/<name>.ts\`: a default export of \`defineOverride({ … })\`. It lets a change through that
the valve or a frozen tenant would refuse, for named tenants and a few days (at most ${longestDays.override} ahead). One that is over is an
issue until it is deleted. ${note}`,
  ],
  hold: [
    'The hold file',
    `One file a hold, \`holds/<name>.ts\`: a default export of \`defineHold({ … })\`. While it lasts (at most ${longestDays.hold} days ahead),
the drift of an organization is reported and not put right. One that is over is an issue until it is deleted. ${note}`,
  ],
  waiver: [
    'The waiver file',
    `One file a waiver, \`waivers/<name>.ts\`: a default export of \`defineWaiver({ … })\`. While it lasts (at most ${longestDays.waiver} days ahead),
findings of the named rules (\`docs/compliance-rules.md\`) are reported as borne and fail no check. One that is over waives nothing, and the check says so. ${note}`,
  ],
}

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

const documented = Object.keys(introductions) as (keyof typeof introductions)[]

const schemaFile = (kind: FileKind): GeneratedFile => ({
  file: `schema/${kind}.schema.json`,
  text: jsonText(jsonSchemaOf(kind)),
})

/** Every file that is made from the schemas, with the text it should have. Never throws. */
export const generatedDocs = (): readonly GeneratedFile[] => [
  schemaFile('tenant'),
  ...documented.flatMap((kind) => [
    schemaFile(kind),
    { file: `docs/${kind}-file.md`, text: fieldTables(...introductions[kind], jsonSchemaOf(kind)) },
  ]),
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
