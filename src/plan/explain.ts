import { closest } from 'fastest-levenshtein'
import type { Cluster } from '../cluster/schema.ts'
import { isOnCluster } from '../compile/on-cluster.ts'
import type { Origin } from '../compile/provenance.ts'
import { resolveTenant } from '../compile/resolve.ts'
import type { Checked, Issue, Source } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import type { Tenant } from '../tenant/schema.ts'
import { type ExplainableField, explainableFields } from './explainable-fields.ts'

/** A field's value on a cluster and where it comes from. */
export interface Explanation {
  /** e.g. `applications.payments.reservation`. */
  readonly field: string
  readonly cluster: string
  /** In the tenant file's words; null where there is none. */
  readonly value: unknown
  readonly origin: Origin
  /**
   * The value for `file` and `cluster-override`, the `size` for `size-class`; for `default` the nearest part of the file that
   * encloses where the field would stand.
   */
  readonly source: Source
}

const explanationOf = (tenant: Loaded<Tenant>, cluster: string, field: ExplainableField): Explanation => ({
  field: field.field,
  cluster,
  value: field.value,
  origin: field.origin,
  source: tenant.locate(field.path),
})

/** Whether a field is the one that is asked for, or stands in the part that is. */
const isPartOf = (field: string, asked: string): boolean =>
  asked === '' || field === asked || field.startsWith(`${asked}.`)

const refused = (issue: Issue): Checked<never> => ({ ok: false, issues: [issue] })

/** The parts of the file a field stands in: of `networks.web.kind`, `networks` and `networks.web`. */
const partsAround = (field: string): readonly string[] =>
  field
    .split('.')
    .slice(0, -1)
    .map((_, index, names) => names.slice(0, index + 1).join('.'))

const unknownField = (fields: readonly ExplainableField[], field: string): Issue => {
  const known = [...new Set(fields.flatMap((one) => [one.field, ...partsAround(one.field)]))]
  return {
    code: 'explain/unknown-field',
    message: `'${field}' is no field of this tenant on this cluster.`,
    hint: `Did you mean '${closest(field, known)}'? A part of the file, e.g. 'quota', explains every field of it.`,
  }
}

/**
 * Value and origin of a field of a tenant on a cluster, or of every field of a part (`networks.web`, or `` for all). In the
 * order of the tenant file. Issues: `explain/unknown-field`, `explain/not-on-cluster`.
 *
 * Throws Error on a quantity that the schema lets nobody write.
 */
export const explain = (
  tenant: Loaded<Tenant>,
  cluster: Cluster,
  field: string,
): Checked<readonly Explanation[]> => {
  if (!isOnCluster(tenant.value, cluster))
    return refused({
      code: 'explain/not-on-cluster',
      message: `${tenant.value.organization} is not on ${cluster.cluster}.`,
      source: tenant.locate(['clusters']),
    })
  const fields = explainableFields(resolveTenant(tenant.value, cluster))
  const found = fields.filter((one) => isPartOf(one.field, field))
  return found.length === 0
    ? refused(unknownField(fields, field))
    : { ok: true, value: found.map((one) => explanationOf(tenant, cluster.cluster, one)) }
}
