import type { ResourceBase } from './resource-base.ts'

/** Where a node that joined the swarm stands. Identified by host name. */
export interface NodePlacement extends ResourceBase {
  readonly kind: 'NodePlacement'
  readonly hostname: string
  readonly collection: string
  readonly orchestrator: 'swarm'
  readonly availability: 'active' | 'pause' | 'drain'
  /** Labels that the node has beside those of its place. */
  readonly labels: Readonly<Record<string, string>>
  /** How long to wait for the node to join. */
  readonly joinSeconds: number
}
