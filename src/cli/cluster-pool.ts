import type { Cluster } from '../cluster/schema.ts'
import type { Fleet } from '../load/fleet.ts'
import type { Scenario, Settings } from '../simulate/scenario.ts'
import { UsageError } from './exit-code.ts'

/** `nonprod/std`: a pool of a cluster. */
export interface PoolName {
  readonly cluster: string
  readonly pool: string
}

/** What a cluster file says of one of its pools, as far as a rehearsal goes by it. */
export interface PoolSettings {
  readonly settings: Omit<Settings, 'policy' | 'looksAt'>
  readonly prices: Scenario['prices']
  /** Kinds of VMs of the cluster, by name. */
  readonly machines: Readonly<Record<string, Settings['machine']>>
}

/** `nonprod/std` in its two parts. @throws {UsageError} where there are not two. */
export const parsePoolName = (text: string): PoolName => {
  const [cluster = '', pool = '', ...more] = text.split('/')
  if (cluster === '' || pool === '' || more.length > 0)
    throw new UsageError(`${text} is no pool of a cluster.`, 'Give both, e.g. nonprod/std.')
  return { cluster, pool }
}

const settingsOf = (cluster: Cluster, pool: string): PoolSettings => {
  const found = cluster.pools[pool]
  const machine = found && cluster.machines[found.machine]
  if (found === undefined || machine === undefined)
    throw new UsageError(
      `Cluster ${cluster.cluster} has no pool ${pool}.`,
      `It has ${Object.keys(cluster.pools).join(', ')}.`,
    )
  const { pause, resume, cluster: whole } = cluster.thresholds
  const { currency, cpuHour, memoryGiBHour } = cluster.prices
  return {
    settings: {
      machine: { cpus: machine.cpus, memory: machine.memory },
      min: found.min,
      max: found.max,
      pause,
      resume,
      cluster: whole,
      watch: cluster.watch ?? {},
    },
    prices: { currency, cpuHour, memoryGiBHour },
    machines: Object.fromEntries(
      Object.entries(cluster.machines).map(([name, { cpus, memory }]) => [name, { cpus, memory }]),
    ),
  }
}

/** Limits, machine, thresholds, waits and prices of a pool, from its cluster's file. @throws {UsageError} where there is none. */
export const poolSettings = ({ clusters }: Fleet, { cluster, pool }: PoolName): PoolSettings => {
  const found = clusters.find(({ value }) => value.cluster === cluster)
  if (found !== undefined) return settingsOf(found.value, pool)
  throw new UsageError(
    `There is no cluster ${cluster}.`,
    `There are ${clusters.map(({ value }) => value.cluster).join(', ')}.`,
  )
}
