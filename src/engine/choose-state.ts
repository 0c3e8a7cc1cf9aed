import type { StateCopy } from './state-copy.ts'

/** Everything that is left of a stack's state. */
export interface StateCopies {
  /** In the state's own place. */
  readonly state: StateCopy | undefined
  /** Written and not yet put in the state's place when the engine died. */
  readonly unplaced: readonly StateCopy[]
  /** The one before; the engine keeps it beside the state. */
  readonly backup: StateCopy | undefined
  /** Of runs that came to their end, and what the engine backed up after them. */
  readonly past: readonly StateCopy[]
  /** Resources that the last run of ours left; undefined where none came to its end here. */
  readonly resourcesBefore: number | undefined
}

/**
 * What is to be done with a state. `keep`: it is whole. `finish`: an engine died between two steps of writing it, and nothing
 * is lost. `restore`: it is damaged or gone, and an older copy takes its place. `refuse`: it is damaged or gone, and nothing
 * can take its place. `new`: the stack never had one, or holds nothing.
 */
export type StateChoice =
  | { readonly kind: 'keep' | 'new' }
  | { readonly kind: 'finish' | 'restore'; readonly copy: StateCopy }
  | { readonly kind: 'refuse' }

const isUsable = ({ verdict }: StateCopy): boolean => verdict === 'sound' || verdict === 'unproven'

/** The newest that its digest speaks for; where there is none, the newest that is a checkpoint. */
const best = (copies: readonly StateCopy[]): StateCopy | undefined => {
  const byAge = [...copies].filter(isUsable).sort((a, b) => b.time.getTime() - a.time.getTime())
  return byAge.find(({ verdict }) => verdict === 'sound') ?? byAge[0]
}

/** The engine writes attributes, then renames: a promise that an unplaced copy keeps was to be kept by it. */
const finished = ({ state, unplaced }: StateCopies): StateCopy | undefined =>
  unplaced.find(({ verdict, digest }) => verdict !== 'damaged' && digest === state?.promised)

/** The engine copies the state beside itself before it writes the next one, so an equal backup speaks for it. */
const isBackedUp = (state: StateCopy, backup: StateCopy | undefined): boolean =>
  backup?.verdict === 'sound' && backup.digest === state.digest

const older = ({ backup, past, unplaced }: StateCopies): StateCopy | undefined =>
  best([
    ...(backup === undefined ? [] : [backup]),
    ...past,
    ...unplaced.filter((copy) => copy.verdict === 'sound'),
  ])

const ofDamaged = (copies: StateCopies, state: StateCopy): StateChoice => {
  const next = finished(copies)
  if (next !== undefined) return { kind: 'finish', copy: next }
  if (isBackedUp(state, copies.backup)) return { kind: 'finish', copy: state }
  const copy = older(copies)
  return copy === undefined ? { kind: 'refuse' } : { kind: 'restore', copy }
}

/** A stack that was removed leaves at most an empty backup; its past goes with it. */
const ofMissing = (copies: StateCopies): StateChoice => {
  const copy = older(copies)
  if (copy !== undefined && (copy.resources > 0 || copies.past.length > 0)) return { kind: 'restore', copy }
  return copy === undefined && (copies.resourcesBefore ?? 0) > 0 ? { kind: 'refuse' } : { kind: 'new' }
}

/** Chooses. An existing state is never taken for an empty one. Pure; never throws. */
export const chooseState = (copies: StateCopies): StateChoice => {
  const { state } = copies
  if (state === undefined) return ofMissing(copies)
  return isUsable(state) ? { kind: 'keep' } : ofDamaged(copies, state)
}
