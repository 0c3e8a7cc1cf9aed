import type { Cluster } from '../cluster/schema.ts'
import type { RestingLifecycle } from '../model/desired-state.ts'
import { organizationMadeAs } from '../tenant/former-name.ts'
import type { Tenant } from '../tenant/schema.ts'
import { withFormerNames } from './former-names.ts'
import { inLifecycle, restingLifecycle } from './lifecycle.ts'
import { type LivePools, noLivePools } from './live-machines.ts'
import { type ResolvedTenant, resolveTenant } from './resolve.ts'
import { tenantStack } from './stack-name.ts'

/** One tenant on one cluster: what every concern compiles from. */
export interface TenantScope {
  /** As its file says; for what does not depend on the cluster. */
  readonly tenant: Tenant
  /** In the names under which its things were made, and as the tenant's place in life leaves it. */
  readonly resolved: ResolvedTenant
  readonly cluster: Cluster
  /** The name under which the organization was made. */
  readonly organization: string
  readonly stack: string
  /** Undefined for a tenant at work. */
  readonly lifecycle: RestingLifecycle | undefined
  /** VMs of its pool where those are not the fewest. */
  readonly live: LivePools
}

/** Throws Error on a quantity that the schema lets nobody write. */
export const tenantScope = (tenant: Tenant, cluster: Cluster, live: LivePools = noLivePools): TenantScope => {
  const lifecycle = restingLifecycle(tenant)
  const organization = organizationMadeAs(tenant)
  return {
    tenant,
    resolved: inLifecycle(withFormerNames(resolveTenant(tenant, cluster), tenant), lifecycle),
    cluster,
    organization,
    stack: tenantStack(cluster.cluster, organization),
    lifecycle,
    live,
  }
}
