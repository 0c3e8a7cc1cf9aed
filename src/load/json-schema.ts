import * as z from 'zod'
import { Cluster } from '../cluster/schema.ts'
import { compareText } from '../core/issue.ts'
import { Hold, Override } from '../exception/schema.ts'
import { Waiver } from '../exception/waiver-schema.ts'
import { FleetSettings } from '../fleet/schema.ts'
import { CompliancePolicy } from '../policy/schema.ts'
import { Tenant } from '../tenant/schema.ts'
import type { FileKind } from './file-kind.ts'

/** The part of JSON Schema (2020-12) that the typed files' schemas use. */
export interface JsonSchema {
  readonly $schema?: string
  readonly $id?: string
  readonly title?: string
  readonly description?: string
  readonly type?: string
  readonly enum?: readonly (string | number)[]
  readonly const?: string | number | boolean
  readonly format?: string
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly propertyNames?: JsonSchema
  readonly items?: JsonSchema
  readonly oneOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
}

const generate = (schema: z.ZodType, title: string): JsonSchema => {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema
  return { ...($schema === undefined ? {} : { $schema }), title, ...rest }
}

const sources: Readonly<Record<FileKind, readonly [schema: z.ZodType, title: string]>> = {
  tenant: [Tenant, 'Tenant'],
  cluster: [Cluster, 'Cluster'],
  fleet: [FleetSettings, 'Fleet'],
  compliance: [CompliancePolicy, 'Compliance'],
  override: [Override, 'Override'],
  hold: [Hold, 'Hold'],
  waiver: [Waiver, 'Waiver'],
}

const made = new Map<FileKind, JsonSchema>()

/** JSON Schema of a typed file's object, made once. Never throws. */
export const jsonSchemaOf = (kind: FileKind): JsonSchema => {
  const known = made.get(kind) ?? generate(...sources[kind])
  made.set(kind, known)
  return known
}

/** JSON Schema of a tenant file's object. Never throws. */
export const tenantJsonSchema = (): JsonSchema => jsonSchemaOf('tenant')

/** The alternatives of a schema: its own members of a union, else itself. */
export const alternativesOf = (schema: JsonSchema): readonly JsonSchema[] =>
  schema.oneOf ?? schema.anyOf ?? [schema]

const constantsMatch = (schema: JsonSchema, value: unknown): boolean =>
  Object.entries(schema.properties ?? {}).every(
    ([name, property]) =>
      property.const === undefined || property.const === (value as Record<string, unknown> | null)?.[name],
  )

/** The alternative whose constants (a union's `kind`) the value has; the whole union where none fits. */
const chosen = (schema: JsonSchema, value: unknown): JsonSchema => {
  return alternativesOf(schema).find((one) => constantsMatch(one, value)) ?? schema
}

const childOf = (schema: JsonSchema, part: string | number): JsonSchema | undefined => {
  if (schema.items !== undefined) return schema.items
  const property = schema.properties?.[part]
  if (property !== undefined) return property
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined
}

/** The schema of one part of a value, given the value's own schema; undefined where the schema knows no such part. */
export const schemaOfPart = (
  schema: JsonSchema,
  value: unknown,
  part: string | number,
): JsonSchema | undefined => childOf(chosen(schema, value), part)

/** The schema that holds for the part of a value at a path; undefined where the schema knows no such part. */
export const schemaAt = (
  root: JsonSchema,
  value: unknown,
  path: readonly (string | number)[],
): JsonSchema | undefined => {
  let schema: JsonSchema | undefined = root
  let part = value
  for (const step of path) {
    schema = schema === undefined ? undefined : schemaOfPart(schema, part, step)
    part = (part as Record<string | number, unknown> | null | undefined)?.[step]
  }
  return schema === undefined ? undefined : chosen(schema, part)
}

/** The fields of an object in the order of its schema; those of a record by name. */
export const orderedFields = (
  schema: JsonSchema | undefined,
  value: object,
): readonly [string, unknown][] => {
  const own = schema === undefined ? {} : (chosen(schema, value).properties ?? {})
  const names = schema?.propertyNames?.enum?.map(String) ?? Object.keys(own)
  const rank = (name: string): number => (names.includes(name) ? names.indexOf(name) : names.length)
  return Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => rank(a) - rank(b) || compareText(a, b))
}
