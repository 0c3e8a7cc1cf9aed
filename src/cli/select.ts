import type { Cluster } from '../cluster/schema.ts'
import { isOnCluster } from '../compile/on-cluster.ts'
import { eachOf, type Work } from '../core/work.ts'
import { didYouMean } from '../load/did-you-mean.ts'
import type { Fleet } from '../load/fleet.ts'
import type { StackState } from '../model/desired-state.ts'
import { organizationMadeAs } from '../tenant/former-name.ts'
import type { Tenant } from '../tenant/schema.ts'
import { platformOnce, tenantOnce } from './compile-once.ts'
import { UsageError } from './exit-code.ts'

/** Which stacks a command is about: none named means all of that dimension. */
export interface Selection {
  readonly organizations: readonly string[]
  readonly clusters: readonly string[]
}

/** Refuses names that are not known. @throws {UsageError} with what was meant. */
export const refuseUnknown = (what: string, named: readonly string[], known: readonly string[]): void => {
  for (const name of named)
    if (!known.includes(name)) throw new UsageError(`There is no ${what} '${name}'.`, didYouMean(name, known))
}

/** Refuses names that no file has. @throws {UsageError} with what was meant. */
export const checkSelection = (fleet: Fleet, selection: Selection): void => {
  refuseUnknown(
    'organization',
    selection.organizations,
    fleet.tenants.map(({ value }) => value.organization),
  )
  refuseUnknown(
    'cluster',
    selection.clusters,
    fleet.clusters.map(({ value }) => value.cluster),
  )
}

/** The selection in the names that stacks have: those their organizations were made under. Never throws. */
export const asMadeSelection = ({ tenants }: Fleet, selection: Selection): Selection => {
  const former = new Map(tenants.map(({ value }) => [value.organization, organizationMadeAs(value)]))
  return { ...selection, organizations: selection.organizations.map((name) => former.get(name) ?? name) }
}

/** Whether a list of names means this one: an empty one means all. */
export const selects = (names: readonly string[], name: string): boolean =>
  names.length === 0 || names.includes(name)

const tenantsOn = (fleet: Fleet, { organizations }: Selection, cluster: Cluster): Tenant[] =>
  fleet.tenants
    .map(({ value }) => value)
    .filter((tenant) => isOnCluster(tenant, cluster) && selects(organizations, tenant.organization))

const clustersOf = (fleet: Fleet, { clusters }: Selection): Cluster[] =>
  fleet.clusters.map(({ value }) => value).filter(({ cluster }) => selects(clusters, cluster))

/** What `selectStacks` compiles, so that it then finds everything compiled. */
export function* compileEach(fleet: Fleet, selection: Selection): Work<void> {
  for (const cluster of clustersOf(fleet, selection))
    yield* eachOf(tenantsOn(fleet, selection, cluster), (tenant) => tenantOnce(tenant, cluster))
}

const stacksOfCluster = (fleet: Fleet, selection: Selection, cluster: Cluster): StackState[] => {
  const tenants = tenantsOn(fleet, selection, cluster)
  if (tenants.length === 0 && selection.organizations.length > 0) return []
  return [platformOnce(cluster), ...tenants.map((tenant) => tenantOnce(tenant, cluster))]
}

/**
 * The desired state of the selected stacks: cluster by cluster in the order of their names, the platform's first,
 * then the organizations' by name. A cluster's platform is left out where none of the named organizations is on it.
 */
export const selectStacks = (fleet: Fleet, selection: Selection): readonly StackState[] =>
  clustersOf(fleet, selection).flatMap((cluster) => stacksOfCluster(fleet, selection, cluster))
