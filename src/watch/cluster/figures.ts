import type { Cluster } from '../../cluster/schema.ts'
import type { ClusterWatchSettings } from '../../cluster/watch-settings.ts'
import type { Amounts } from '../../compile/reservation.ts'
import type { NodeSample } from '../node-sample.ts'

/** What one task of a service needs of a node. Identified by the service's id. */
export interface ServiceNeeds {
  readonly id: string
  readonly reserved: Amounts
  /** Most of its tasks on one node (`max_replicas_per_node`); any number where absent. */
  readonly maxPerNode?: number
  /** Ids of the nodes that its constraints allow; every node of the pool where absent. */
  readonly onlyOn?: ReadonlySet<string>
  /** One task a node, which comes and goes with the node: it neither needs room elsewhere nor keeps a node from being empty. */
  readonly isGlobal?: boolean
  /** Work that would be lost if it were moved, as a build: its node is not drained until it has ended. */
  readonly mustFinish?: boolean
}

export interface PoolTask {
  readonly id: string
  readonly service: ServiceNeeds
}

/** Tasks of one service that no node takes. */
export interface PendingTasks {
  readonly service: ServiceNeeds
  readonly count: number
  /** Whether room is all they lack, so that a new node of the pool could take them: no constraint, plugin or port stands in the way. */
  readonly onNewNodes: boolean
}

/**
 * Who paused or drained a node, as its labels say: `nobody` where it is active; `joining` before its first `active`; `person`
 * where neither watcher says that it did.
 */
export type NodeHolder = 'nobody' | 'node-watcher' | 'cluster-watcher' | 'person' | 'joining'

/** A node of the swarm that stands in the pool's collection. Identified by id: a host that joined twice occurs twice. */
export interface PoolNode {
  readonly id: string
  readonly hostname: string
  readonly state: 'ready' | 'down' | 'unknown' | 'disconnected'
  readonly availability: 'active' | 'pause' | 'drain'
  readonly heldBy: NodeHolder
  readonly isManager: boolean
  readonly capacity: Amounts
  /** The last one that its node watcher told, `at` on the clock of the figures; none where it told nothing yet. */
  readonly sample: NodeSample | undefined
  /** Added up over its tasks. */
  readonly reserved: Amounts
  /** Tasks that hold the node, without those of global services. */
  readonly taskCount: number
  readonly tasks: readonly PoolTask[]
  /** Name of the VM that it runs on; undefined where there is none. */
  readonly machine: string | undefined
  /** A person wants it left alone: it is counted as what it is, and never taken out. */
  readonly isKept?: boolean
}

/** A VM in the pool's folder. Identified by name, which is its host name as well. */
export interface PoolMachine {
  readonly name: string
  /** Whether a stack of ours holds it in its state. */
  readonly isOwned: boolean
  /** Whether it carries the cluster's tag, so that we made it. */
  readonly isMarked: boolean
}

/** What is to be seen of a pool at one moment. */
export interface PoolFigures {
  readonly pool: string
  readonly nodes: readonly PoolNode[]
  /** VMs of the pool that a stack of ours holds: its live size. */
  readonly ownedMachines: number
  /** VMs of the pool that no node stands for. */
  readonly nodeless: readonly PoolMachine[]
  /** VMs that the stack is to have and vCenter has not, by name: asked for, or deleted by somebody; none where absent. */
  readonly lost?: readonly string[]
  readonly pending: readonly PendingTasks[]
  /** Host names for the next VMs, in order; at least as many as one step may add. */
  readonly freeNames: readonly string[]
  /** What is being applied to the pool's stack just now, e.g. `up of nonprod.platform by ci-4711`; nothing where absent. */
  readonly change?: string
}

/** What holds for a pool, from the cluster or the tenant file. */
export interface PoolRules {
  readonly min: number
  readonly max: number
  /** A VM of the pool's kind. */
  readonly machine: Amounts
  readonly thresholds: Cluster['thresholds']
  readonly watch: ClusterWatchSettings
  /** Age in seconds from which a sample says nothing any more. */
  readonly staleSeconds: number
}
