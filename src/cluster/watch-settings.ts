import type { Cluster } from './schema.ts'

/** How a node watcher goes about its work, with every default filled in. */
export interface NodeWatchSettings {
  readonly sampleSeconds: number
  readonly breachSeconds: number
  readonly calmSeconds: number
  readonly staleSeconds: number
  /** Of a pool, 0 to 100. */
  readonly maxPausedPercent: number
}

/** How the cluster watcher goes about its work, with every default filled in. */
export interface ClusterWatchSettings {
  readonly tickSeconds: number
  readonly growAfterSeconds: number
  readonly shrinkAfterSeconds: number
  readonly cooldownSeconds: number
  /** Points below a threshold. */
  readonly shrinkMarginPercent: number
  /** VMs. */
  readonly maxStep: number
  readonly joinSeconds: number
  readonly drainSeconds: number
  readonly graceSeconds: number
  /** Of a pool, 1 to 100. */
  readonly unusablePercent: number
}

/** Source: issue 6 for 15 minutes to join and 45 percent; the others are our choice, each with its reason in the schema. */
const nodeDefaults: Omit<NodeWatchSettings, 'maxPausedPercent'> = {
  sampleSeconds: 5,
  breachSeconds: 60,
  calmSeconds: 120,
  staleSeconds: 30,
}

const clusterDefaults: ClusterWatchSettings = {
  tickSeconds: 30,
  growAfterSeconds: 120,
  shrinkAfterSeconds: 1800,
  cooldownSeconds: 600,
  shrinkMarginPercent: 10,
  maxStep: 3,
  joinSeconds: 900,
  drainSeconds: 600,
  graceSeconds: 1800,
  unusablePercent: 45,
}

/** What a file says of the fields that have a default, over those; a field that is undefined is not said. */
const filled = <T extends object>(
  defaults: T,
  said: { readonly [K in keyof T]?: T[K] | undefined } = {},
): T => ({
  ...defaults,
  ...Object.fromEntries(
    Object.entries(said).filter(([name, value]) => name in defaults && value !== undefined),
  ),
})

/** Room for the cluster watcher to see that too much is paused, in points. */
const pausedRoom = 5

type Watched = Pick<Cluster, 'watch' | 'thresholds'>

/** A cluster's `watch.node`, or the defaults. Never throws. */
export const nodeWatchSettings = ({ watch, thresholds }: Watched): NodeWatchSettings =>
  filled(
    {
      ...nodeDefaults,
      maxPausedPercent: Math.min(100, thresholds.cluster.pausedPercent + pausedRoom),
    },
    watch?.node,
  )

/** A cluster's `watch.cluster`, or the defaults. Never throws. */
export const clusterWatchSettings = ({ watch }: Pick<Watched, 'watch'>): ClusterWatchSettings =>
  filled(clusterDefaults, watch?.cluster)
