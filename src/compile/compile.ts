import type { Cluster } from '../cluster/schema.ts'
import { compareText } from '../core/issue.ts'
import type { DesiredState, StackState } from '../model/desired-state.ts'
import type { Resource } from '../model/resource.ts'
import { organizationMadeAs } from '../tenant/former-name.ts'
import type { Tenant } from '../tenant/schema.ts'
import { access } from './access.ts'
import { ci } from './ci.ts'
import { retainedOf } from './lifecycle.ts'
import type { LivePools } from './live-machines.ts'
import { networks } from './networks.ts'
import { nodes } from './nodes.ts'
import { isOnCluster } from './on-cluster.ts'
import { platform } from './platform.ts'
import { registry } from './registry.ts'
import { secrets } from './secrets.ts'
import { platformStack } from './stack-name.ts'
import { tenantScope } from './tenant-scope.ts'
import { volumes } from './volumes.ts'

const byKey = (resources: readonly Resource[]): readonly Resource[] =>
  [...resources].sort((a, b) => compareText(a.key, b.key))

/** The stack of what the organizations of a cluster share; `live` are the VMs of its pools where those are not the fewest. */
export const compilePlatform = (cluster: Cluster, live?: LivePools): StackState => ({
  stack: platformStack(cluster.cluster),
  cluster: cluster.cluster,
  organization: null,
  resources: byKey(platform(cluster, live)),
})

/** Every concern of a tenant file, in the order in which a person reads it. */
const concerns = [access, registry, networks, volumes, secrets, ci, nodes] as const

/**
 * The stack of an organization on a cluster, in the names under which things were made and as its place in life leaves it.
 * It depends on its file, the cluster's and the live VMs of its pool alone.
 *
 * Throws Error on what the checks across files report first: a reference that the cluster file does not resolve.
 */
export const compileTenant = (tenant: Tenant, cluster: Cluster, live?: LivePools): StackState => {
  const scope = tenantScope(tenant, cluster, live)
  const { stack, organization, lifecycle } = scope
  const whole = concerns.flatMap((concern) => concern(scope))
  return {
    stack,
    cluster: cluster.cluster,
    organization,
    ...(lifecycle === undefined ? {} : { lifecycle }),
    resources: byKey(lifecycle === 'archived' ? retainedOf(whole) : whole),
  }
}

/**
 * What a cluster should hold: the platform's stack, then that of each organization on it, by the name it was made under. The same to the
 * byte whatever the order of the tenants.
 */
export const compile = (tenants: readonly Tenant[], cluster: Cluster): DesiredState => ({
  cluster: cluster.cluster,
  stacks: [
    compilePlatform(cluster),
    ...tenants
      .filter((tenant) => isOnCluster(tenant, cluster))
      .sort((a, b) => compareText(organizationMadeAs(a), organizationMadeAs(b)))
      .map((tenant) => compileTenant(tenant, cluster)),
  ],
})
