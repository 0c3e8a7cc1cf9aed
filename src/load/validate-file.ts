import type * as z from 'zod'
import { Cluster } from '../cluster/schema.ts'
import { type Checked, type Issue, sortIssues } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { Hold, Override } from '../exception/schema.ts'
import { Waiver } from '../exception/waiver-schema.ts'
import { FleetSettings } from '../fleet/schema.ts'
import { CompliancePolicy } from '../policy/schema.ts'
import { Tenant } from '../tenant/schema.ts'
import type { FileKind } from './file-kind.ts'
import { jsonSchemaOf } from './json-schema.ts'
import { schemaIssues } from './schema-issue.ts'

interface Validation<T> {
  readonly area: FileKind
  readonly schema: z.ZodType<T>
  /** The field that the file is named after, where there is one. */
  readonly nameField?: string
}

/** What a folder's file must be called: the last part of its path without `.ts`. */
const baseName = (file: string): string => file.slice(file.lastIndexOf('/') + 1).replace(/\.ts$/, '')

const isName = (text: string): boolean => /^[a-z0-9-]+$/.test(text)

const misnamed = (loaded: Loaded<unknown>, area: string, nameField: string | undefined): Issue[] => {
  if (nameField === undefined) return []
  const name = (loaded.value as Record<string, unknown> | null)?.[nameField]
  const base = baseName(loaded.file)
  if (typeof name !== 'string' || name === base) return []
  return [
    {
      code: `${area}/misnamed-file`,
      message: `The file ${baseName(loaded.file)}.ts describes the ${nameField} '${name}'.`,
      source: loaded.locate([nameField]),
      hint: `Rename the file to ${name}.ts${isName(base) ? `, or set ${nameField} to '${base}'` : ''}.`,
    },
  ]
}

const validate = <T>(
  loaded: Loaded<unknown>,
  { area, schema, nameField }: Validation<T>,
): Checked<Loaded<T>> => {
  const result = schema.safeParse(loaded.value)
  const naming = misnamed(loaded, area, nameField)
  if (result.success && naming.length === 0) return { ok: true, value: { ...loaded, value: result.data } }
  const own = result.success
    ? []
    : schemaIssues(result.error.issues, { area, loaded, schema: jsonSchemaOf(area) })
  return { ok: false, issues: sortIssues([...own, ...naming]) }
}

/**
 * A read file as a tenant, if its object fits the schema and the file is named after the organization.
 *
 * Issue codes: `tenant/unknown-field`, `tenant/missing-field`, `tenant/wrong-type`, `tenant/wrong-value`,
 * `tenant/wrong-name`, `tenant/misnamed-file`. Never throws.
 */
export const validateTenant = (loaded: Loaded<unknown>): Checked<Loaded<Tenant>> =>
  validate(loaded, {
    area: 'tenant',
    schema: Tenant,
    nameField: 'organization',
  })

/** A read file as a cluster; the same codes with `cluster/`. Never throws. */
export const validateCluster = (loaded: Loaded<unknown>): Checked<Loaded<Cluster>> =>
  validate(loaded, { area: 'cluster', schema: Cluster, nameField: 'cluster' })

/** A read file as the fleet's settings; the same codes with `fleet/`. Never throws. */
export const validateFleetSettings = (loaded: Loaded<unknown>): Checked<Loaded<FleetSettings>> =>
  validate(loaded, { area: 'fleet', schema: FleetSettings })

/** A read file as the platform's policy of the checks; the same codes with `compliance/`. Never throws. */
export const validateCompliance = (loaded: Loaded<unknown>): Checked<Loaded<CompliancePolicy>> =>
  validate(loaded, { area: 'compliance', schema: CompliancePolicy })

/** A read file as an override, which any name will do for; the same codes with `override/`. Never throws. */
export const validateOverride = (loaded: Loaded<unknown>): Checked<Loaded<Override>> =>
  validate(loaded, { area: 'override', schema: Override })

/** A read file as a hold, which any name will do for; the same codes with `hold/`. Never throws. */
export const validateHold = (loaded: Loaded<unknown>): Checked<Loaded<Hold>> =>
  validate(loaded, { area: 'hold', schema: Hold })

/** A read file as a waiver, which any name will do for; the same codes with `waiver/`. Never throws. */
export const validateWaiver = (loaded: Loaded<unknown>): Checked<Loaded<Waiver>> =>
  validate(loaded, { area: 'waiver', schema: Waiver })
