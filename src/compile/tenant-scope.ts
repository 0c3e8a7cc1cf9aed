import type { Cluster } from '../cluster/schema.ts'
import type { Tenant } from '../tenant/schema.ts'
import { type ResolvedTenant, resolveTenant } from './resolve.ts'
import { tenantStack } from './stack-name.ts'

/** One tenant on one cluster: what every concern compiles from. */
export interface TenantScope {
  /** As its file says; for what does not depend on the cluster. */
  readonly tenant: Tenant
  readonly resolved: ResolvedTenant
  readonly cluster: Cluster
  readonly organization: string
  readonly stack: string
}

/** Throws Error on a quantity that the schema lets nobody write. */
export const tenantScope = (tenant: Tenant, cluster: Cluster): TenantScope => ({
  tenant,
  resolved: resolveTenant(tenant, cluster),
  cluster,
  organization: tenant.organization,
  stack: tenantStack(cluster.cluster, tenant.organization),
})
