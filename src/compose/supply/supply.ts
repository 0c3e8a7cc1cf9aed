import { type Checked, sortIssues } from '../../core/issue.ts'
import { type MergeLog, mergeNodes } from '../merge.ts'
import { nodeAt, scalarOf, type YamlMap } from '../yaml-node.ts'
import { accessLabels } from './access.ts'
import { chargeback } from './chargeback.ts'
import { supplyContext } from './context.ts'
import { networks } from './networks.ts'
import { joined, type Part, part, rewritten } from './part.ts'
import { placement } from './placement.ts'
import { reservations } from './reservations.ts'
import type { Supplied, SupplyInput } from './supplied.ts'
import { tenantObjects } from './tenant-objects.ts'
import { vaultSecrets } from './vault.ts'
import { volumes } from './volumes.ts'

/** Values of a later model over those of an earlier one. */
const over = (base: YamlMap, later: YamlMap, log: MergeLog): YamlMap => {
  const merged = mergeNodes(base, later, [], log)
  return merged.kind === 'map' ? merged : later
}

/** What files say wins over what is supplied, and both are told. */
const given = (model: YamlMap, supplied: Part): { readonly model: YamlMap; readonly told: Part } => {
  const told: { replaced: Part['replaced'][number][]; issues: Part['issues'][number][] } = {
    replaced: [],
    issues: [],
  }
  const quiet: MergeLog = { replaced: () => {}, issue: (issue) => told.issues.push(issue) }
  const log: MergeLog = { ...quiet, replaced: (one) => told.replaced.push(one) }
  const changed = supplied.rewrites.reduce(rewritten, model)
  const [first, ...others] = supplied.base
  if (first === undefined) return { model: changed, told: supplied }
  const base = others.reduce((earlier, later) => over(earlier, later, quiet), first)
  return { model: over(base, changed, log), told: joined([supplied, part(told)]) }
}

/** A template that a file's own value won over is none any more. */
const standing = (model: YamlMap, { references }: Part): Supplied['references'] =>
  references.flatMap(({ template, ...reference }) =>
    scalarOf(nodeAt(model, reference.path)) === template ? [reference] : [],
  )

/**
 * A finished model with what the tenant and the cluster supply: UCP's labels, the tenant's networks and volumes, what Vault holds,
 * reservations, placement, and what usage is charged by. Values of the files stay, but where an entry only names what is the tenant's.
 * Applied twice it gives the same as once.
 *
 * Issue codes: `compose/not-on-cluster`, `compose/unknown-application`, `compose/no-offer`, `compose/foreign-collection`,
 * `compose/other-application`, `compose/foreign-nodes`, `compose/foreign-charge`; as warnings `compose/shadows-tenant`,
 * `compose/one-nodes-network`, `compose/secret-in-vault`, `compose/not-measured`, `compose/log-without-labels`.
 *
 * Throws Error on what the checks across tenant and cluster files report first.
 */
export const supply = (finished: YamlMap, input: SupplyInput): Checked<Supplied> => {
  const checked = supplyContext(input)
  if (!checked.ok) return checked
  const context = checked.value
  const objects = tenantObjects(context)
  const named = given(
    finished,
    joined([
      networks(context, finished, objects),
      volumes(finished, objects),
      vaultSecrets(context, finished, objects),
    ]),
  )
  const whole = given(
    named.model,
    joined(
      [accessLabels, reservations, placement, chargeback].map((concern) => concern(context, named.model)),
    ),
  )
  const told = joined([named.told, whole.told])
  if (told.issues.length > 0) return { ok: false, issues: sortIssues(told.issues) }
  return {
    ok: true,
    value: {
      model: whole.model,
      replaced: told.replaced,
      references: standing(whole.model, told),
      warnings: sortIssues(told.warnings),
    },
  }
}
