import type { Cluster } from '../../cluster/schema.ts'
import { compareText } from '../../core/issue.ts'
import { organizationMadeAs } from '../../tenant/former-name.ts'
import {
  type BothFiles,
  clusterNamed,
  type FleetFiles,
  isArchived,
  type TenantAt,
  tenantsAt,
} from './fleet-files.ts'

/** What an organization costs on a cluster in a month, in the cluster's currency. */
export interface TenantCost {
  /** By the name that its stacks have. */
  readonly organization: string
  readonly cluster: string
  readonly costCentre: string
  readonly currency: string
  /** Null where it was not there. */
  readonly before: number | null
  /** Null where it is there no longer. */
  readonly after: number | null
}

/** What a currency's clusters cost together in a month. */
export interface CurrencyCost {
  readonly currency: string
  readonly before: number
  readonly after: number
}

/** The cost of a month before and after a change. */
export interface CostReport {
  /** Only where it differs, the largest difference first. */
  readonly tenants: readonly TenantCost[]
  readonly totals: readonly CurrencyCost[]
}

/** Hours of a year over its months. */
const hoursAMonth = 8760 / 12

const gibibyte = 1024 ** 3

/**
 * What an organization is charged in a month on a cluster: CPUs and memory of its quota for every hour, the sizes of its
 * volumes, and its own VMs at their fewest; of an archived one the volumes alone, which stay.
 */
export const monthlyCost = (cluster: Cluster, one: TenantAt): number =>
  storageCost(cluster, one) + (isArchived(one) ? 0 : workCost(cluster, one))

const storageCost = ({ prices }: Cluster, { resolved }: TenantAt): number =>
  (resolved.volumes.reduce((total, { sizeBytes }) => total + sizeBytes.value, 0) / gibibyte) *
  prices.storageGiBMonth

const workCost = ({ prices }: Cluster, { resolved }: TenantAt): number => {
  const { cpuMillis, memoryBytes } = resolved.quota
  const machines = resolved.offers.reduce((total, { pool }) => total + (pool.value?.min ?? 0), 0)
  const hour =
    (cpuMillis.value / 1000) * prices.cpuHour +
    (memoryBytes.value / gibibyte) * prices.memoryGiBHour +
    machines * prices.vmHour
  return hour * hoursAMonth
}

interface Priced {
  readonly cost: number
  readonly currency: string
  readonly costCentre: string
}

const pricedAt = (files: FleetFiles, name: string): ReadonlyMap<string, Priced> => {
  const cluster = clusterNamed(files, name)
  if (cluster === undefined) return new Map()
  return new Map(
    tenantsAt(files, cluster).map((one) => [
      organizationMadeAs(one.tenant),
      {
        cost: monthlyCost(cluster, one),
        currency: cluster.prices.currency,
        costCentre: one.tenant.costCentre,
      },
    ]),
  )
}

const costsAt = (before: FleetFiles, after: FleetFiles, cluster: string): readonly TenantCost[] => {
  const [then, now] = [pricedAt(before, cluster), pricedAt(after, cluster)]
  return [...new Set([...then.keys(), ...now.keys()])].sort(compareText).flatMap((organization) => {
    const [old, fresh] = [then.get(organization), now.get(organization)]
    const known = fresh ?? old
    if (known === undefined) return []
    const { costCentre, currency } = known
    const same = old?.currency === fresh?.currency
    return [
      {
        organization,
        cluster,
        costCentre,
        currency,
        before: old === undefined || (fresh !== undefined && !same) ? null : old.cost,
        after: fresh?.cost ?? null,
      },
    ]
  })
}

/** The difference without its sign, in hundredths: less is the noise of adding fractions up. */
const centsOf = ({ before, after }: Pick<TenantCost, 'before' | 'after'>): number =>
  Math.round(Math.abs((after ?? 0) - (before ?? 0)) * 100)

const totalsOf = (costs: readonly TenantCost[]): readonly CurrencyCost[] =>
  [...new Set(costs.map(({ currency }) => currency))].sort(compareText).map((currency) => {
    const own = costs.filter((cost) => cost.currency === currency)
    return {
      currency,
      before: own.reduce((total, { before }) => total + (before ?? 0), 0),
      after: own.reduce((total, { after }) => total + (after ?? 0), 0),
    }
  })

/**
 * What a month costs before and after; undefined where the files of the base are not at hand. Amounts are not rounded.
 * Never throws on checked files.
 */
export const costReport = ({ before, after }: BothFiles): CostReport | undefined => {
  if (before === undefined) return undefined
  const clusters = [...new Set([...before.clusters, ...after.clusters].map(({ cluster }) => cluster))].sort(
    compareText,
  )
  const costs = clusters.flatMap((cluster) => costsAt(before, after, cluster))
  return {
    tenants: costs.filter((cost) => centsOf(cost) > 0).sort((a, b) => centsOf(b) - centsOf(a)),
    totals: totalsOf(costs),
  }
}
