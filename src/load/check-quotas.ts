import type { Cluster } from '../cluster/schema.ts'
import type { Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { formatBytes, formatCpuMillis, parseBytes, parseCpuMillis } from '../core/units.ts'
import type { Placement } from './fleet.ts'

/** What quotas are of. */
interface Measure {
  readonly part: 'cpu' | 'memory' | 'storage' | 'containers'
  readonly quotaOf: (placement: Placement) => number
  readonly capacityOf: (cluster: Cluster) => number
  readonly format: (amount: number) => string
}

/** An archived tenant runs nothing; its data stays and takes what it took. */
const atWork = ({ tenant }: Placement, amount: number): number =>
  tenant.value.lifecycle === 'archived' ? 0 : amount

const measures: readonly Measure[] = [
  {
    part: 'cpu',
    quotaOf: (placement) => atWork(placement, placement.resolved.quota.cpuMillis.value),
    capacityOf: ({ capacity }) => parseCpuMillis(capacity.cpu) ?? 0,
    format: formatCpuMillis,
  },
  {
    part: 'memory',
    quotaOf: (placement) => atWork(placement, placement.resolved.quota.memoryBytes.value),
    capacityOf: ({ capacity }) => parseBytes(capacity.memory) ?? 0,
    format: formatBytes,
  },
  {
    part: 'storage',
    quotaOf: ({ resolved }) => resolved.quota.storageBytes.value,
    capacityOf: ({ capacity }) => parseBytes(capacity.storage) ?? 0,
    format: formatBytes,
  },
  {
    part: 'containers',
    quotaOf: (placement) => atWork(placement, placement.resolved.quota.containers.value),
    capacityOf: ({ capacity }) => capacity.containers,
    format: String,
  },
]

const largestNamed = 3

const largest = (placements: readonly Placement[], { quotaOf, format }: Measure): string =>
  [...placements]
    .sort((a, b) => quotaOf(b) - quotaOf(a))
    .slice(0, largestNamed)
    .map((placement) => `${placement.resolved.organization} ${format(quotaOf(placement))}`)
    .join(', ')

const checkCluster = (cluster: Loaded<Cluster>, placements: readonly Placement[]): Issue[] =>
  measures.flatMap((measure) => {
    const total = placements.reduce((sum, placement) => sum + measure.quotaOf(placement), 0)
    const capacity = measure.capacityOf(cluster.value)
    if (total <= capacity) return []
    return [
      {
        code: 'fleet/over-capacity',
        message: `The ${measure.part} quotas of ${placements.length} organizations on ${cluster.value.cluster} add up to ${measure.format(total)}; its capacity is ${measure.format(capacity)}.`,
        source: cluster.locate(['capacity', measure.part]),
        hint: `Lower quotas (the largest: ${largest(placements, measure)}), or raise the capacity with the pools behind it.`,
      },
    ]
  })

const groupByCluster = (placements: readonly Placement[]): ReadonlyMap<Loaded<Cluster>, Placement[]> => {
  const groups = new Map<Loaded<Cluster>, Placement[]>()
  for (const placement of placements) {
    const group = groups.get(placement.cluster)
    if (group === undefined) groups.set(placement.cluster, [placement])
    else group.push(placement)
  }
  return groups
}

/** Quotas that add up to more than a cluster's capacity. Issue code: `fleet/over-capacity`. Never throws. */
export const checkQuotas = (placements: readonly Placement[]): Issue[] =>
  [...groupByCluster(placements)].flatMap(([cluster, group]) => checkCluster(cluster, group))
