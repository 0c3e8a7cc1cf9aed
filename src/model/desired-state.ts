import type { Resource } from './resource.ts'

/** What one stack should hold. */
export interface StackState {
  /** `<cluster>.platform` or `<cluster>.<organization>`. */
  readonly stack: string
  readonly cluster: string
  /** The organization, or null for what the cluster shares. */
  readonly organization: string | null
  /** Sorted by key. */
  readonly resources: readonly Resource[]
}

/** What one cluster should hold: the platform's stack first, then the organizations' by name. */
export interface DesiredState {
  readonly cluster: string
  readonly stacks: readonly StackState[]
}
