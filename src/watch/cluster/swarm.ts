import type { Amounts } from '../../compile/reservation.ts'
import type { NodeSample } from '../node-sample.ts'
import type { PoolNode } from './figures.ts'

/** A node as the managers tell of it. Identified by id. */
export interface SwarmNode {
  readonly id: string
  readonly hostname: string
  readonly state: PoolNode['state']
  readonly availability: PoolNode['availability']
  readonly isManager: boolean
  readonly labels: Readonly<Record<string, string>>
  /** RFC 3339. */
  readonly createdAt: string
  /** Where its managers reach it. */
  readonly address: string
  readonly os: string
  readonly architecture: string
  readonly engineLabels: Readonly<Record<string, string>>
  readonly capacity: Amounts
  /** `Volume/local`, `Network/overlay`. */
  readonly plugins: ReadonlySet<string>
}

/** What of a service's spec says where its tasks may run. Identified by id. */
export interface SwarmService {
  readonly id: string
  readonly name: string
  readonly reserved: Amounts
  /** As written, e.g. `node.labels.zone==a`. */
  readonly constraints: readonly string[]
  /** 0 for any number. */
  readonly maxPerNode: number
  readonly isGlobal: boolean
  /** Work that ends by itself, and would be lost if it were moved. */
  readonly mustFinish: boolean
  /** `Volume/netapp:latest`. */
  readonly plugins: readonly string[]
  /** How many tasks it is to have; 0 for a global one. */
  readonly replicas: number
}

/** A task that is to run and has not ended. */
export interface SwarmTask {
  readonly id: string
  readonly service: string
  /** Empty while it waits for a node. */
  readonly node: string
  /** The scheduler's own words where it waits, e.g. `no suitable node (insufficient resources on 3 nodes)`. */
  readonly error: string
}

/** What the managers say at one moment. */
export interface Swarm {
  readonly nodes: readonly SwarmNode[]
  readonly services: readonly SwarmService[]
  readonly tasks: readonly SwarmTask[]
  /** Tasks on nodes that are being taken out, those that are stopping among them, without those of global services; by node. */
  readonly leaving: ReadonlyMap<string, number>
}

/** A VM in a folder of ours. */
export interface FolderMachine {
  readonly name: string
  /** Whether it says of itself, since its clone, that we made it under this very name. */
  readonly isMarked: boolean
}

/** All that is to be seen of a cluster at one moment. */
export interface ClusterSight {
  readonly swarm: Swarm
  readonly machines: readonly FolderMachine[]
  /** The last of each node, by id. */
  readonly samples: ReadonlyMap<string, NodeSample>
}
