import type { Cluster } from '../../cluster/schema.ts'
import { compareText } from '../../core/issue.ts'
import { type BothFiles, clusterNamed, type FleetFiles, type TenantAt, tenantsAt } from './fleet-files.ts'

/** What an organization costs on a cluster in a month, in the cluster's currency. */
export interface TenantCost {
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
 * volumes, and its own VMs at their fewest.
 */
export const monthlyCost = ({ prices }: Cluster, { resolved }: TenantAt): number => {
  const { cpuMillis, memoryBytes } = resolved.quota
  const storageBytes = resolved.volumes.reduce((total, { sizeBytes }) => total + sizeBytes.value, 0)
  const machines = resolved.offers.reduce((total, { pool }) => total + (pool.value?.min ?? 0), 0)
  return (
    (cpuMillis.value / 1000) * prices.cpuHour * hoursAMonth +
    (memoryBytes.value / gibibyte) * prices.memoryGiBHour * hoursAMonth +
    (storageBytes / gibibyte) * prices.storageGiBMonth +
    machines * prices.vmHour * hoursAMonth
  )
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
      one.tenant.organization,
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

const differenceOf = ({ before, after }: Pick<TenantCost, 'before' | 'after'>): number =>
  (after ?? 0) - (before ?? 0)

const totalsOf = (costs: readonly TenantCost[]): readonly CurrencyCost[] =>
  [...new Set(costs.map(({ currency }) => currency))].sort(compareText).map((currency) => {
    const own = costs.filter((cost) => cost.currency === currency)
    return {
      currency,
      before: own.reduce((total, { before }) => total + (before ?? 0), 0),
      after: own.reduce((total, { after }) => total + (after ?? 0), 0),
    }
  })

/** Less than this is the noise of adding fractions up. */
const smallest = 0.005

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
    tenants: costs
      .filter((cost) => Math.abs(differenceOf(cost)) >= smallest)
      .sort((a, b) => Math.abs(differenceOf(b)) - Math.abs(differenceOf(a))),
    totals: totalsOf(costs),
  }
}
