import type { Cluster } from '../cluster/schema.ts'
import { compilePlatform, compileTenant } from '../compile/compile.ts'
import type { StackState } from '../model/desired-state.ts'
import type { Tenant } from '../tenant/schema.ts'

const platforms = new WeakMap<Cluster, StackState>()
const tenants = new WeakMap<Cluster, WeakMap<Tenant, StackState>>()
const sources = new WeakMap<StackState, Tenant>()

/** `compilePlatform`, out of what `platformOnce` keeps where it is there. */
export const compiledPlatform = (cluster: Cluster): StackState =>
  platforms.get(cluster) ?? compilePlatform(cluster)

/** `compileTenant`, out of what `tenantOnce` keeps where it is there. */
export const compiledTenant = (tenant: Tenant, cluster: Cluster): StackState =>
  tenants.get(cluster)?.get(tenant) ?? compileTenant(tenant, cluster)

/** `compilePlatform`, once for each cluster value and kept: two sides of a change share what did not change. */
export const platformOnce = (cluster: Cluster): StackState => {
  const state = compiledPlatform(cluster)
  platforms.set(cluster, state)
  return state
}

/** `compileTenant`, once for each pair of values, whose state depends on nothing else, and kept. */
export const tenantOnce = (tenant: Tenant, cluster: Cluster): StackState => {
  const state = compiledTenant(tenant, cluster)
  const ofCluster = tenants.get(cluster) ?? new WeakMap<Tenant, StackState>()
  tenants.set(cluster, ofCluster.set(tenant, state))
  sources.set(state, tenant)
  return state
}

/** The tenant that a state was compiled from by `tenantOnce`; undefined of any other state. */
export const tenantOf = (state: StackState): Tenant | undefined => sources.get(state)
