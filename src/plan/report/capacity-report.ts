import type { Cluster, Stage } from '../../cluster/schema.ts'
import type { ResolvedTenant } from '../../compile/resolve.ts'
import { formatBytes, formatCpuMillis, parseBytes, parseCpuMillis } from '../../core/units.ts'
import type { StackState } from '../../model/desired-state.ts'
import {
  type BothFiles,
  clusterNamed,
  type FleetFiles,
  isArchived,
  type TenantAt,
  tenantsAt,
} from './fleet-files.ts'

/** What quotas promise of one measure on a cluster, against what there is. Amounts in thousandths of a CPU, bytes, or pieces. */
export interface Promised {
  readonly measure: 'CPUs' | 'memory' | 'storage' | 'containers'
  /** Null where the files of the base are not at hand, or the cluster is new. */
  readonly before: number | null
  readonly after: number
  /** What the cluster file lets quotas add up to. */
  readonly capacity: number
  /** What the VMs of the desired state have now, and all pools at their largest; null where VMs do not say it. */
  readonly physical: { readonly now: number; readonly most: number } | null
}

/** What one cluster has promised. */
export interface ClusterCapacity {
  readonly cluster: string
  readonly stage: Stage
  readonly promises: readonly Promised[]
}

interface Measure {
  readonly measure: Promised['measure']
  readonly quota: (resolved: ResolvedTenant) => number
  readonly capacity: (cluster: Cluster) => number
  readonly machine: ((machine: Cluster['machines'][string]) => number) | null
  readonly virtual: ((machine: VirtualMachine) => number) | null
}

type VirtualMachine = Extract<StackState['resources'][number], { kind: 'VirtualMachine' }>

const measures: readonly Measure[] = [
  {
    measure: 'CPUs',
    quota: ({ quota }) => quota.cpuMillis.value,
    capacity: ({ capacity }) => parseCpuMillis(capacity.cpu) ?? 0,
    machine: ({ cpus }) => cpus * 1000,
    virtual: ({ cpus }) => cpus * 1000,
  },
  {
    measure: 'memory',
    quota: ({ quota }) => quota.memoryBytes.value,
    capacity: ({ capacity }) => parseBytes(capacity.memory) ?? 0,
    machine: ({ memory }) => parseBytes(memory) ?? 0,
    virtual: ({ memoryMib }) => memoryMib * 1024 ** 2,
  },
  {
    measure: 'storage',
    quota: ({ quota }) => quota.storageBytes.value,
    capacity: ({ capacity }) => parseBytes(capacity.storage) ?? 0,
    machine: null,
    virtual: null,
  },
  {
    measure: 'containers',
    quota: ({ quota }) => quota.containers.value,
    capacity: ({ capacity }) => capacity.containers,
    machine: null,
    virtual: null,
  },
]

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

/** Every pool of VMs with its most: the cluster's own and its organizations'. */
const pools = (cluster: Cluster, tenants: readonly TenantAt[]) => [
  ...Object.values(cluster.pools),
  ...tenants
    .filter((one) => !isArchived(one))
    .flatMap(({ resolved }) =>
      resolved.offers.flatMap(({ pool }) => (pool.value === null ? [] : [pool.value])),
    ),
]

const physicalOf = (
  { machine, virtual }: Measure,
  cluster: Cluster,
  tenants: readonly TenantAt[],
  machines: readonly VirtualMachine[],
): Promised['physical'] => {
  if (machine === null || virtual === null) return null
  const most = pools(cluster, tenants).map((pool) => {
    const kind = cluster.machines[pool.machine]
    return kind === undefined ? 0 : pool.max * machine(kind)
  })
  return { now: sum(machines.map(virtual)), most: sum(most) }
}

const promised = (tenants: readonly TenantAt[], quota: Measure['quota']): number =>
  sum(tenants.filter((one) => !isArchived(one)).map(({ resolved }) => quota(resolved)))

const promisedBefore = ({ quota }: Measure, before: FleetFiles | undefined, name: string): number | null => {
  const cluster = clusterNamed(before, name)
  return before === undefined || cluster === undefined ? null : promised(tenantsAt(before, cluster), quota)
}

/** What quotas promise on every cluster before and after, in the order of the files. Never throws on checked files. */
export const capacityReport = (
  { before, after }: BothFiles,
  states: readonly StackState[],
): readonly ClusterCapacity[] =>
  after.clusters.map((cluster) => {
    const tenants = tenantsAt(after, cluster)
    const machines = states
      .filter((state) => state.cluster === cluster.cluster)
      .flatMap(({ resources }) => resources.filter((resource) => resource.kind === 'VirtualMachine'))
    return {
      cluster: cluster.cluster,
      stage: cluster.stage,
      promises: measures.map((measure) => ({
        measure: measure.measure,
        before: promisedBefore(measure, before, cluster.cluster),
        after: promised(tenants, measure.quota),
        capacity: measure.capacity(cluster),
        physical: physicalOf(measure, cluster, tenants, machines),
      })),
    }
  })

/** An amount in the words of the files: `96`, `384Gi`. */
export const amountInWords = (measure: Promised['measure'], amount: number): string => {
  if (measure === 'CPUs') return formatCpuMillis(amount)
  return measure === 'containers' ? String(amount) : formatBytes(amount)
}
