import type { Cluster, Stage } from '../../cluster/schema.ts'
import { isOnCluster } from '../../compile/on-cluster.ts'
import { type ResolvedTenant, resolveTenant } from '../../compile/resolve.ts'
import type { Tenant } from '../../tenant/schema.ts'

/** The checked files of one side of a change. */
export interface FleetFiles {
  readonly tenants: readonly Tenant[]
  readonly clusters: readonly Cluster[]
}

/** Both sides; `before` is absent where the base was read by code of its own, which hands over states alone. */
export interface BothFiles {
  readonly before?: FleetFiles
  readonly after: FleetFiles
}

/** A tenant on a cluster that it is on, as it holds there. */
export interface TenantAt {
  readonly tenant: Tenant
  readonly resolved: ResolvedTenant
}

/** Everyone on a cluster, in the order of the files. */
export const tenantsAt = ({ tenants }: FleetFiles, cluster: Cluster): readonly TenantAt[] =>
  tenants
    .filter((tenant) => isOnCluster(tenant, cluster))
    .map((tenant) => ({ tenant, resolved: resolveTenant(tenant, cluster) }))

/** Whether nothing of a tenant runs any more, so that its quota is nobody's: only its data is kept. */
export const isArchived = ({ tenant }: TenantAt): boolean => tenant.lifecycle === 'archived'

export const clusterNamed = (files: FleetFiles | undefined, name: string): Cluster | undefined =>
  files?.clusters.find(({ cluster }) => cluster === name)

/** Stage of a cluster that either side has; one that neither has counts as production. */
export const stagesOf = ({ before, after }: BothFiles): ((cluster: string) => Stage) => {
  const stages = new Map(
    [...(before?.clusters ?? []), ...after.clusters].map(({ cluster, stage }) => [cluster, stage] as const),
  )
  return (cluster) => stages.get(cluster) ?? 'prod'
}
