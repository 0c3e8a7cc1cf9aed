import type { Resource } from './resource.ts'

/** Where a tenant stands in its life, where that is not simply at work. */
export type RestingLifecycle = 'frozen' | 'draining' | 'archived'

/** What one stack should hold. */
export interface StackState {
  /** `<cluster>.platform` or `<cluster>.<organization>`. */
  readonly stack: string
  readonly cluster: string
  /** The organization, or null for what the cluster shares. */
  readonly organization: string | null
  /** Absent for a tenant at work, and for what the cluster shares. */
  readonly lifecycle?: RestingLifecycle
  /** Sorted by key. */
  readonly resources: readonly Resource[]
}

/** What one cluster should hold: the platform's stack first, then the organizations' by name. */
export interface DesiredState {
  readonly cluster: string
  readonly stacks: readonly StackState[]
}
