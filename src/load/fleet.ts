import type { Cluster } from '../cluster/schema.ts'
import { isOnCluster } from '../compile/on-cluster.ts'
import { type ResolvedTenant, resolveTenant } from '../compile/resolve.ts'
import type { Loaded } from '../core/loaded.ts'
import type { Hold, Override } from '../exception/schema.ts'
import type { Waiver } from '../exception/waiver-schema.ts'
import type { FleetSettings } from '../fleet/schema.ts'
import type { CompliancePolicy } from '../policy/schema.ts'
import type { Tenant } from '../tenant/schema.ts'

/** Every tenant and cluster of a checkout, each sorted by name, and what holds for all of them. */
export interface Fleet {
  readonly tenants: readonly Loaded<Tenant>[]
  readonly clusters: readonly Loaded<Cluster>[]
  /** `fleet.ts`; undefined where there is none. */
  readonly settings: Loaded<FleetSettings> | undefined
  /** `compliance.ts`; undefined where there is none. */
  readonly policy: Loaded<CompliancePolicy> | undefined
  /** Sorted by file, expired ones too where nobody asked. */
  readonly overrides: readonly Loaded<Override>[]
  /** Sorted by file, expired ones too where nobody asked. */
  readonly holds: readonly Loaded<Hold>[]
  /** Sorted by file, expired ones too where nobody asked. */
  readonly waivers: readonly Loaded<Waiver>[]
}

/** A tenant on a cluster that it is on. */
export interface Placement {
  readonly tenant: Loaded<Tenant>
  readonly cluster: Loaded<Cluster>
  readonly resolved: ResolvedTenant
}

/** Every tenant on every cluster it is on, by cluster, then by tenant, in the order of the fleet. Never throws. */
export const placementsOf = ({ tenants, clusters }: Fleet): readonly Placement[] =>
  clusters.flatMap((cluster) =>
    tenants
      .filter((tenant) => isOnCluster(tenant.value, cluster.value))
      .map((tenant) => ({ tenant, cluster, resolved: resolveTenant(tenant.value, cluster.value) })),
  )
