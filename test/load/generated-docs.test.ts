import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fieldTables } from '../../src/load/field-table.ts'
import { type FileKind, fileKinds } from '../../src/load/file-kind.ts'
import { generatedDocs, withTenantFields } from '../../src/load/generated-docs.ts'
import { type JsonSchema, jsonSchemaOf } from '../../src/load/json-schema.ts'

const checkout = join(import.meta.dirname, '../..')

/** Paths of every part of a schema that has no description. */
const undescribed = (schema: JsonSchema, path: string): string[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => [
    ...(child.description === undefined ? [`${path}.${name}`] : []),
    ...undescribed(child, `${path}.${name}`),
  ]),
  ...(typeof schema.additionalProperties === 'object'
    ? undescribed(schema.additionalProperties, `${path}.*`)
    : []),
  ...(schema.oneOf ?? []).flatMap((one) => undescribed(one, path)),
]

describe('what is made from the schemas', () => {
  it.each(generatedDocs().map(({ file, text }) => [file, text]))('%s is fresh', (file, text) => {
    expect(readFileSync(join(checkout, file), 'utf8')).toBe(text)
  })

  it('stands in the README, field by field, and is fresh there', () => {
    const readme = readFileSync(join(checkout, 'README.md'), 'utf8')
    expect(withTenantFields(readme)).toBe(readme)
    expect(readme).toContain('| `costCentre` |')
    expect(() => withTenantFields('no marks')).toThrow('README')
  })

  it('describes every field', () => {
    const kinds = Object.keys(fileKinds) as FileKind[]
    expect(kinds.flatMap((kind) => undescribed(jsonSchemaOf(kind), kind))).toEqual([])
  })

  it('is a table of each level, with defaults out of the descriptions', () => {
    const schema: JsonSchema = {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'string', enum: ['small', 'large'], description: 'How large.' },
        parts: {
          description: 'Parts by name; none where absent.',
          additionalProperties: {
            type: 'object',
            description: 'A part.',
            properties: {
              count: { type: 'integer', minimum: 1, maximum: 9, description: 'How many | which.' },
            },
          },
        },
      },
    }
    expect(fieldTables('Title', 'Words.', schema)).toBe(`# Title

Words.

| field | type | required | default | what it says |
|---|---|---|---|---|
| \`size\` | one of \`small\`, \`large\` | yes |  | How large. |
| \`parts\` | objects by name |  | none | Parts by name. |

## \`parts\`

Parts by name; none where absent.

| field | type | required | default | what it says |
|---|---|---|---|---|
| \`parts.<name>\` | object |  |  | A part. |
| \`parts.<name>.count\` | whole number, 1 to 9 |  |  | How many \\| which. |
`)
  })
})
