import type { Cluster } from '../cluster/schema.ts'
import { compilePlatform, compileTenant } from '../compile/compile.ts'
import { platformStack, tenantStack } from '../compile/stack-name.ts'
import type { StackState } from '../model/desired-state.ts'
import { organizationMadeAs } from '../tenant/former-name.ts'
import type { Tenant } from '../tenant/schema.ts'
import { livePools } from './live-machines.ts'

const platforms = new WeakMap<Cluster, StackState>()
const tenants = new WeakMap<Cluster, WeakMap<Tenant, StackState>>()
const sources = new WeakMap<StackState, Tenant>()

/** `compilePlatform`, out of what `platformOnce` keeps where it is there. */
export const compiledPlatform = (cluster: Cluster): StackState =>
  platforms.get(cluster) ?? compilePlatform(cluster, livePools(platformStack(cluster.cluster)))

/** `compileTenant`, out of what `tenantOnce` keeps where it is there. */
export const compiledTenant = (tenant: Tenant, cluster: Cluster): StackState =>
  tenants.get(cluster)?.get(tenant) ??
  compileTenant(tenant, cluster, livePools(tenantStack(cluster.cluster, organizationMadeAs(tenant))))

/** `compilePlatform`, once for each cluster value and kept: two sides of a change share what did not change. */
export const platformOnce = (cluster: Cluster): StackState => {
  const state = compiledPlatform(cluster)
  platforms.set(cluster, state)
  return state
}

/** `compileTenant`, once for each pair of values, whose state depends on nothing else but its pool’s live VMs, and kept. */
export const tenantOnce = (tenant: Tenant, cluster: Cluster): StackState => {
  const state = compiledTenant(tenant, cluster)
  const ofCluster = tenants.get(cluster) ?? new WeakMap<Tenant, StackState>()
  tenants.set(cluster, ofCluster.set(tenant, state))
  sources.set(state, tenant)
  return state
}

/** The tenant that a state was compiled from by `tenantOnce`; undefined of any other state. */
export const tenantOf = (state: StackState): Tenant | undefined => sources.get(state)
