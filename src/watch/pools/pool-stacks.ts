import type { PoolSubject, StackView } from '../cluster/pool-subject.ts'

/** A change of the VMs that a stack is to have. */
export interface WantedMachines {
  readonly pool: string
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
  /** To be made anew under their name. */
  readonly replace?: readonly string[]
}

/** What a run on a stack came to. `nothing`: it was as wanted already. */
export type RunOutcome = 'done' | 'nothing'

/** The stacks that hold pools, as the watcher works on them; the engine stands behind it. */
export interface PoolStacks {
  /** What is recorded of a stack; undefined where it was never applied. @throws {Fault} `unavailable`. */
  readonly view: (stack: string, pools: readonly PoolSubject[]) => Promise<StackView | undefined>
  /** Writes down what a stack is to have, before anything is done. @throws {Fault} `unavailable`. */
  readonly want: (stack: string, change: WantedMachines) => Promise<void>
  /**
   * Makes the stack's VMs as they are wanted, by a run of the engine that is limited to what differs; nodes that have joined get their place.
   *
   * @throws {Fault} `conflict` where somebody else changes the stack, which is left to them; `unavailable` with the engine's words where it failed.
   */
  readonly converge: (
    stack: string,
    request: {
      readonly pools: readonly PoolSubject[]
      readonly joined: ReadonlySet<string>
      readonly signal: AbortSignal
    },
  ) => Promise<RunOutcome>
}
