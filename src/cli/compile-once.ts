import type { Cluster } from '../cluster/schema.ts'
import { compilePlatform, compileTenant } from '../compile/compile.ts'
import type { StackState } from '../model/desired-state.ts'
import type { Tenant } from '../tenant/schema.ts'

const platforms = new WeakMap<Cluster, StackState>()
const tenants = new WeakMap<Cluster, WeakMap<Tenant, StackState>>()

/** `compilePlatform`, once for each cluster value: two sides of a change share what did not change. */
export const platformOnce = (cluster: Cluster): StackState => {
  const known = platforms.get(cluster)
  if (known !== undefined) return known
  const state = compilePlatform(cluster)
  platforms.set(cluster, state)
  return state
}

/** `compileTenant`, once for each pair of values, whose state depends on nothing else. */
export const tenantOnce = (tenant: Tenant, cluster: Cluster): StackState => {
  const ofCluster = tenants.get(cluster) ?? new WeakMap<Tenant, StackState>()
  tenants.set(cluster, ofCluster)
  const known = ofCluster.get(tenant)
  if (known !== undefined) return known
  const state = compileTenant(tenant, cluster)
  ofCluster.set(tenant, state)
  return state
}
