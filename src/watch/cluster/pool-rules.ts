import type { Cluster } from '../../cluster/schema.ts'
import { clusterWatchSettings, nodeWatchSettings } from '../../cluster/watch-settings.ts'
import { parseBytes } from '../../core/units.ts'
import type { PoolRules } from './figures.ts'

/** A pool as the cluster file (shared) or a tenant file (dedicated) asks for it. */
export interface PoolWish {
  /** A machine of the cluster file. */
  readonly machine: string
  readonly min: number
  readonly max: number
}

/**
 * What holds for a pool of a cluster, shared or an organization's own: thresholds and waits are the cluster's for both.
 * Throws Error on a machine that the cluster lacks, which the checks across files report first.
 */
export const poolRules = (cluster: Cluster, { machine, min, max }: PoolWish): PoolRules => {
  const kind = cluster.machines[machine]
  const memoryBytes = kind && parseBytes(kind.memory)
  if (kind === undefined || memoryBytes === undefined)
    throw new Error(`unchecked: cluster ${cluster.cluster} has no machine ${machine}`)
  return {
    min,
    max,
    machine: { cpuMillis: kind.cpus * 1000, memoryBytes },
    thresholds: cluster.thresholds,
    watch: clusterWatchSettings(cluster),
    staleSeconds: nodeWatchSettings(cluster).staleSeconds,
  }
}
