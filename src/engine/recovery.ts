import {
  type Adoption,
  adoptCreates,
  createsIn,
  type Interruption,
  interruptionsOf,
  type KnownCreates,
  noAdoption,
} from './interruptions.ts'
import type { StackEngine } from './stack-engine.ts'
import type { StackResult } from './stack-result.ts'

const changed = ({ resources }: StackResult) => resources.filter(({ change }) => change !== 'same')

/** What two runs did together, as the second found it. */
const together = (first: StackResult, second: StackResult): StackResult => {
  const resources = new Map(
    [...second.resources, ...changed(first), ...changed(second)].map((one) => [one.urn, one]),
  )
  const counts = { same: 0, create: 0, update: 0, replace: 0, delete: 0 }
  for (const { change, failed } of resources.values()) if (!failed) counts[change] += 1
  return {
    ...second,
    counts,
    resources: [...resources.values()].sort((a, b) => (a.urn < b.urn ? -1 : 1)),
    seconds: first.seconds + second.seconds,
  }
}

const unwantedOf = ({ pending, present }: KnownCreates, doubtful: readonly string[]): readonly string[] =>
  [...new Set([...pending, ...doubtful])].filter((urn) => !present.has(urn))

const withoutInterruptions = (result: StackResult): StackResult => ({
  ...result,
  diagnostics: result.diagnostics.filter((one) => interruptionsOf([one]).length === 0),
})

/** Importing a state drops what is pending in it. Where nobody knows what it was, a person is still to look after it. */
const dropPending = async (engine: StackEngine): Promise<void> => {
  const state = await engine.exportState()
  if (createsIn(state).isInterrupted) await engine.importState(state)
}

/** What is known of creates before a run that succeeded. */
interface Begun {
  /** Failed, and may have taken effect. */
  readonly doubtful: readonly string[]
  /** What was taken into the state before the run, so that it could remove it. */
  readonly adoption: Adoption
}

const tried = ({ adopted, refused }: Adoption): ReadonlySet<string> => new Set([...adopted, ...refused])

/**
 * Settles creates that were begun before, after a run that succeeded: those that are wanted were sent again and adopted what
 * was there. The others are taken into the state, as the run wanted them that began them, and removed by another run.
 */
const settleCreates = async (
  engine: StackEngine,
  first: StackResult,
  { doubtful, adoption: before }: Begun,
): Promise<StackResult> => {
  const known = tried(before)
  const creates = createsIn(await engine.exportState())
  const left = unwantedOf(creates, doubtful).filter((urn) => !known.has(urn))
  const adoption = await adoptCreates(engine, left)
  const result = adoption.adopted.length > 0 ? together(first, await engine.run('up')) : first
  if (result.outcome !== 'succeeded') return result
  if (adoption.unknown.length === 0) await dropPending(engine)
  await engine.settled()
  return withoutInterruptions({
    ...result,
    diagnostics: [...result.diagnostics, ...before.warnings, ...adoption.warnings],
  })
}

/**
 * Brings up after a run that was cut off or failed. Of an update or a delete nobody knows whether it took effect, so the world
 * is read first. Creates that the files want no longer are taken into the state while what they stand on is still there: the
 * run removes them with it.
 */
const bringUpAgain = async (engine: StackEngine): Promise<StackResult> => {
  const { doubtful, urns } = await openCreates(engine)
  const adoption = await adoptCreates(engine, await engine.unwanted(urns))
  const result = await engine.run('up', { refresh: true })
  return result.outcome === 'succeeded' ? settleCreates(engine, result, { doubtful, adoption }) : result
}

/** Settles what an engine left open that nobody remembers, e.g. a plain `pulumi` that was killed. */
const settle = async (
  engine: StackEngine,
  first: StackResult,
  interruptions: readonly Interruption[],
): Promise<StackResult> => {
  const isOpen = interruptions.some(({ operation }) => operation !== 'creating')
  const result = isOpen ? together(first, await engine.run('up', { refresh: true })) : first
  if (result.outcome !== 'succeeded') return result
  return settleCreates(engine, result, { doubtful: [], adoption: noAdoption })
}

/** Makes the world like the desired state, and settles what was under way in a run that died. The caller holds the stack alone. */
export const bringUp = async (engine: StackEngine): Promise<StackResult> => {
  if (await engine.isUnsettled()) return bringUpAgain(engine)
  const result = await engine.run('up')
  if (result.outcome !== 'succeeded') return result
  const interruptions = interruptionsOf(result.diagnostics)
  if (interruptions.length > 0) return settle(engine, result, interruptions)
  await engine.settled()
  return result
}

interface OpenCreates {
  /** Failed, and may have taken effect; in the state or not. */
  readonly doubtful: readonly string[]
  /** Begun before, and not in the state. */
  readonly urns: readonly string[]
  readonly arePending: boolean
}

/** Where there is no state that tells, none is known. */
const openCreates = async (engine: StackEngine): Promise<OpenCreates> => {
  const doubtful = await engine.doubtful()
  const state = await engine.exportState().catch(() => undefined)
  if (state === undefined) return { doubtful, urns: [], arePending: false }
  const creates = createsIn(state)
  return { doubtful, urns: unwantedOf(creates, doubtful), arePending: creates.isInterrupted }
}

/**
 * Removes what the stack holds, but for what is retained, and what runs before had begun to create. The caller holds the
 * stack alone.
 */
export const tearDown = async (engine: StackEngine): Promise<StackResult> => {
  const { urns, arePending } = await openCreates(engine)
  const adoption = await adoptCreates(engine, urns)
  const result = (await engine.unprotect()) ?? (await engine.run('destroy'))
  if (result.outcome === 'succeeded' && adoption.unknown.length === 0) {
    if (arePending) await dropPending(engine)
    await engine.settled()
  }
  return {
    ...withoutInterruptions(result),
    diagnostics: [...withoutInterruptions(result).diagnostics, ...adoption.warnings],
  }
}
