import type { Fleet } from '../../load/fleet.ts'
import type { StackState } from '../../model/desired-state.ts'
import { type FleetChange, fleetChange } from '../../plan/fleet-change.ts'
import { type FrozenStack, withoutFrozen } from '../../plan/frozen.ts'
import { appliedFolder } from '../applied.ts'
import { appliedChange } from '../applied-change.ts'
import type { CommandContext } from '../command-context.ts'
import { earlierFiles, type FrozenSearch, findFrozen } from '../frozen.ts'
import { apartFromHeld, heldLine } from '../held-stacks.ts'
import { reportIssues } from '../load-or-report.ts'
import { noteSince } from '../note-since.ts'
import { type SinceChange, sinceOrReport } from '../since.ts'
import { stacksOrReport } from '../stacks-or-report.ts'
import type { StrayStack } from '../stray-stacks.ts'
import { unfrozen } from '../valve-or-report.ts'
import { olderThanApplied } from './applied-commit.ts'

/** What a job looks at. */
export interface PreviewSubject {
  readonly fleet: Fleet
  readonly change: FleetChange
  /** Of the files' own states, those that the engine is to look at. */
  readonly stacks: readonly StackState[]
  /** Stacks that the change reaches and that stay as they are: neither in `change` nor in `stacks`. */
  readonly frozen: readonly FrozenStack[]
  /** Applied stacks that no file asks for. */
  readonly vanished: readonly StrayStack[]
  /** What it is compared with, as the end of a sentence. */
  readonly comparedWith: string
  readonly since?: SinceChange
}

const everything = { organizations: [], clusters: [] }

type Reached = Pick<PreviewSubject, 'change' | 'stacks' | 'frozen'>

/** A change without what is frozen. */
const thawed = (search: Omit<FrozenSearch, 'now'> & { readonly change: FleetChange }): Reached => {
  const frozen = findFrozen({ ...search, now: new Date() })
  return {
    change: withoutFrozen(search.change, frozen),
    stacks: unfrozen(search.stacks, frozen),
    frozen: frozen.filter(({ waiting }) => waiting !== 0),
  }
}

const desiredIn = ({ stacks }: FleetChange): readonly StackState[] =>
  stacks.flatMap(({ after }) => (after === undefined ? [] : [after]))

/**
 * What the work tree changes since it left a branch; undefined after printing the issues and setting the exit code.
 */
export const changeSince = async (
  context: CommandContext,
  ref: string,
): Promise<PreviewSubject | undefined> => {
  const since = await sinceOrReport(context, { ref, rule: 'merge-base', json: false })
  if (since === undefined) return undefined
  noteSince(context.terminal, since)
  const { fleet, change, base, baseFleet } = since
  const comparedWith = `${ref} (${base.commit.slice(0, 12)})`
  const earlier = earlierFiles(baseFleet.tenants)
  const reached = thawed({ fleet, change, stacks: desiredIn(change), folder: undefined, earlier })
  return { fleet, ...reached, vanished: [], comparedWith, since }
}

/**
 * What is to be applied now: everything that differs from what was applied last, whichever commits brought it, so that a job which
 * was skipped or failed loses nothing. Where the state's back end keeps no such records, what changes since `base`, or every stack.
 * Undefined after printing the issues and setting the exit code.
 */
export const changeToApply = async (
  context: CommandContext,
  environment: NodeJS.ProcessEnv,
  base: string | undefined,
): Promise<PreviewSubject | undefined> => {
  const folder = appliedFolder(environment)
  if (folder === undefined && base !== undefined) return changeSince(context, base)
  const older = await olderThanApplied(context.root, environment)
  if (older !== undefined) {
    reportIssues(context, [older], new Map(), false)
    return undefined
  }
  const checked = await stacksOrReport(context, everything, false)
  if (checked === undefined) return undefined
  const { fleet, stacks } = checked
  if (folder === undefined) {
    const reached = thawed({ fleet, change: fleetChange(stacks, stacks), stacks, folder })
    return { fleet, ...reached, vanished: [], comparedWith: 'what is there, as the engine finds it' }
  }
  const { change, vanished } = appliedChange({ folder, fleet, stacks, selection: everything })
  const reached = thawed({ fleet, change, stacks, folder })
  const { free, held } = apartFromHeld({ fleet, stacks: reached.stacks, environment, now: new Date() })
  for (const one of held) context.terminal.note(heldLine(one))
  return { fleet, ...reached, stacks: free, vanished, comparedWith: 'what was applied last' }
}
