import type { PoolRules } from './figures.ts'

/** A pool that is watched, as files and the stack's records say. Identified by its stack and name. */
export interface PoolSubject {
  /** `nonprod.platform/std`: what decisions and metrics call it. */
  readonly id: string
  readonly stack: string
  /** Within the stack. */
  readonly name: string
  readonly rules: PoolRules
  /** Path in UCP that its nodes stand in. */
  readonly collection: string
  /** Host name of its VM of an index, from 0. */
  readonly nameAt: (index: number) => string
}

/** What is recorded of a stack whose pools are watched. */
export interface StackView {
  readonly stack: string
  /** Host names of the VMs that it is to have, by pool; a pool that was never applied is not there. */
  readonly live: Readonly<Record<string, readonly string[]>>
  /** VMs that are to go and are in the state still. */
  readonly removing: readonly string[]
  /** Host names of nodes that stand in their collection by the state. */
  readonly placed: ReadonlySet<string>
  /** Whether the state is as the records want it, nodes that have not joined aside. */
  readonly isFinished: boolean
  /** Who changes it just now; undefined where nobody does. */
  readonly change: string | undefined
}
