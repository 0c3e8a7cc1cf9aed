import type { Cluster } from '../cluster/schema.ts'
import type { DockerChoice } from './lab-docker.ts'

/** What `labUp` tells the supervisor's process to start. */
export interface DaemonOrder {
  /** The checkout. */
  readonly root: string
  readonly clusters: readonly Cluster[]
  readonly real: boolean
  readonly docker?: DockerChoice
  readonly joinDelayMilliseconds?: number
}

/** What the supervisor's process tells until the lab is ready. */
export type DaemonMessage =
  | { readonly kind: 'report'; readonly line: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string }
