import { compareText } from '../core/issue.ts'
import { sameValue } from '../core/same-value.ts'
import type { StackState } from '../model/desired-state.ts'
import { type Change, diffStates } from './changes.ts'

/** One stack that a change touches. */
export interface StackChange {
  readonly stack: string
  readonly cluster: string
  /** The organization, or null for what the cluster shares. */
  readonly organization: string | null
  /** Undefined: the stack is new. */
  readonly before: StackState | undefined
  /** Undefined: the stack is gone. */
  readonly after: StackState | undefined
  /** `diffStates(before, after)`. */
  readonly changes: readonly Change[]
}

/** What a change of files does to the fleet's desired states. */
export interface FleetChange {
  /** Only stacks whose `stateDigest` differs: clusters by stage (nonprod first) then name, the platform first within a cluster. */
  readonly stacks: readonly StackChange[]
  /** Every stack's state on both sides, for totals. */
  readonly before: readonly StackState[]
  readonly after: readonly StackState[]
}

/** The stage of every cluster that either side knows. */
export type ClusterStages = ReadonlyMap<string, 'nonprod' | 'prod'>

type Placed = Pick<StackState, 'stack' | 'cluster' | 'organization'>

/** A cluster without a known stage is taken for production: it comes last. */
const rankOf = (cluster: string, stages: ClusterStages): number => (stages.get(cluster) === 'nonprod' ? 0 : 1)

/**
 * The order in which stacks are shown and applied: nonprod clusters before prod ones, then by name of the cluster, the
 * platform's stack first, then the organizations' by name.
 */
export const compareStacks =
  (stages: ClusterStages) =>
  (a: Placed, b: Placed): number =>
    rankOf(a.cluster, stages) - rankOf(b.cluster, stages) ||
    compareText(a.cluster, b.cluster) ||
    Number(a.organization !== null) - Number(b.organization !== null) ||
    compareText(a.stack, b.stack)

const byStack = (states: readonly StackState[]): ReadonlyMap<string, StackState> =>
  new Map(states.map((state) => [state.stack, state]))

const stackChange = (before: StackState | undefined, after: StackState | undefined): StackChange[] => {
  const known = after ?? before
  if (known === undefined || sameValue(before, after)) return []
  const { stack, cluster, organization } = known
  return [{ stack, cluster, organization, before, after, changes: diffStates(before, after) }]
}

/**
 * What differs between the desired states of two sides. `stages` says which clusters are nonprod, for the order; a cluster
 * it does not name counts as prod. Does not depend on the order of the states. Never throws.
 */
export const fleetChange = (
  before: readonly StackState[],
  after: readonly StackState[],
  stages: ClusterStages = new Map(),
): FleetChange => {
  const [then, now] = [byStack(before), byStack(after)]
  const stacks = [...new Set([...then.keys(), ...now.keys()])]
    .flatMap((stack) => stackChange(then.get(stack), now.get(stack)))
    .sort(compareStacks(stages))
  return { stacks, before, after }
}
