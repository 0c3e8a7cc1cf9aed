import type { StackState } from '../model/desired-state.ts'
import type { FleetChange } from './fleet-change.ts'
import { realChanges } from './valve/lifecycles.ts'
import type { Place } from './valve/look.ts'

/** The stack of a frozen tenant that a run leaves as it is. Identified by stack. */
export interface FrozenStack {
  readonly stack: string
  /** Resources that would change; null where nobody can tell. */
  readonly waiting: number | null
}

/** What is known of the stacks that a run is about. */
export interface FrozenLook {
  readonly stacks: readonly StackState[]
  /** Undefined: nothing is known of what was applied before. */
  readonly change: FleetChange | undefined
  /** Whether an override in force lets a frozen stack change. */
  readonly isLifted: (place: Place) => boolean
  /** Whether the tenant's own file says something else than before. */
  readonly isEdited: (state: StackState) => boolean
}

/** Resources of a stack that would change; null where nobody can tell. */
const waitingIn = (change: FleetChange | undefined, { stack }: StackState): number | null => {
  if (change === undefined) return null
  const own = change.stacks.find((one) => one.stack === stack)
  return own === undefined ? 0 : realChanges(own).length
}

/**
 * The frozen stacks that stay as they are: those that nothing changes, and those that a change of something shared reaches (a
 * size class, a cluster file, code), which it does once they are thawed. Where the tenant's own file asks for a change it is no
 * part of them: that the valve refuses. In the order of the stacks. Never throws.
 */
export const frozenStacks = ({ stacks, change, isLifted, isEdited }: FrozenLook): readonly FrozenStack[] =>
  stacks
    .filter((state) => state.lifecycle === 'frozen' && !isLifted(state))
    .flatMap((state) => {
      const waiting = waitingIn(change, state)
      return waiting !== null && waiting > 0 && isEdited(state) ? [] : [{ stack: state.stack, waiting }]
    })

/** A change without what waits until it is thawed; that a tenant is frozen stays part of it. Never throws. */
export const withoutFrozen = (change: FleetChange, frozen: readonly FrozenStack[]): FleetChange => {
  if (frozen.length === 0) return change
  const left = new Set(frozen.flatMap(({ stack, waiting }) => (waiting === 0 ? [] : [stack])))
  return { ...change, stacks: change.stacks.filter(({ stack }) => !left.has(stack)) }
}

const waitingText = ({ stack, waiting }: FrozenStack): string => {
  if (waiting === null) return `${stack} (what would change nobody can tell)`
  return waiting === 0
    ? stack
    : `${stack} (${waiting} ${waiting === 1 ? 'resource waits' : 'resources wait'})`
}

const namedAtMost = 10

/** `Frozen, left as it is: nonprod.acme (3 resources wait).`; undefined where none is. Never throws. */
export const frozenSentence = (frozen: readonly FrozenStack[]): string | undefined => {
  if (frozen.length === 0) return undefined
  const named = [...frozen].sort((a, b) => Number(a.waiting === 0) - Number(b.waiting === 0))
  const rest = named.length - namedAtMost
  const names = named.slice(0, namedAtMost).map(waitingText).join(', ')
  return `Frozen, left as ${frozen.length === 1 ? 'it is' : 'they are'}: ${names}${rest > 0 ? ` and ${rest} more` : ''}.`
}
