import type { Cluster } from '../../../src/cluster/schema.ts'
import { compile } from '../../../src/compile/compile.ts'
import type { Loaded } from '../../../src/core/loaded.ts'
import type { Override } from '../../../src/exception/schema.ts'
import type { StackState } from '../../../src/model/desired-state.ts'
import { type FleetChange, fleetChange } from '../../../src/plan/fleet-change.ts'
import type { ReportInput } from '../../../src/plan/report/change-report.ts'
import type { FleetFiles } from '../../../src/plan/report/fleet-files.ts'
import { checkValve, usedOverrides } from '../../../src/plan/valve.ts'
import { Tenant } from '../../../src/tenant/schema.ts'
import { nonprod, prod } from '../../compile/fixtures/clusters.ts'
import { acme, minimal, other } from '../../compile/fixtures/tenants.ts'
import { inputOf } from '../valve-fleet.ts'

/** The fleet that every scenario starts from. */
export const base: FleetFiles = { tenants: [acme, minimal, other], clusters: [nonprod, prod] }

/** What a side's files compile to. */
export const statesOf = ({ tenants, clusters }: FleetFiles): readonly StackState[] =>
  clusters.flatMap((cluster: Cluster) => compile(tenants, cluster).stacks)

/** Edits one tenant, as its author would: the result is checked against the schema. */
export const withTenant = (
  files: FleetFiles,
  organization: string,
  edit: (tenant: Tenant) => unknown,
): FleetFiles => ({
  ...files,
  tenants: files.tenants.map((tenant) =>
    tenant.organization === organization ? Tenant.parse(edit(structuredClone(tenant))) : tenant,
  ),
})

/** What the valve says of a change, as a job asks it. */
export const guarded = (
  change: FleetChange,
  overrides: readonly Loaded<Override>[] = [],
): Required<Pick<ReportInput, 'refusals' | 'overrides'>> => {
  const input = inputOf({ overrides })
  return { refusals: checkValve(change, input), overrides: usedOverrides(change, input) }
}

/** The input of a report on what an edit of files does; `lifted` are the overrides that stand beside them. */
export const changed = (
  edit: (files: FleetFiles) => FleetFiles,
  { lifted, ...more }: Partial<ReportInput> & { readonly lifted?: readonly Loaded<Override>[] } = {},
  from: FleetFiles = base,
): ReportInput => {
  const after = edit(from)
  const stages = new Map(after.clusters.map(({ cluster, stage }) => [cluster, stage]))
  const change = fleetChange(statesOf(from), statesOf(after), stages)
  return { change, files: { before: from, after }, ...guarded(change, lifted), ...more }
}
