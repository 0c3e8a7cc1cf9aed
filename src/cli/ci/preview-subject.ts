import type { Fleet } from '../../load/fleet.ts'
import type { StackState } from '../../model/desired-state.ts'
import { type FleetChange, fleetChange } from '../../plan/fleet-change.ts'
import { appliedFolder } from '../applied.ts'
import { appliedChange } from '../applied-change.ts'
import type { CommandContext } from '../command-context.ts'
import { apartFromHeld, heldLine } from '../held-stacks.ts'
import { reportIssues } from '../load-or-report.ts'
import { noteSince } from '../note-since.ts'
import { type SinceChange, sinceOrReport } from '../since.ts'
import { stacksOrReport } from '../stacks-or-report.ts'
import type { StrayStack } from '../stray-stacks.ts'
import { olderThanApplied } from './applied-commit.ts'

/** What a job looks at. */
export interface PreviewSubject {
  readonly fleet: Fleet
  readonly change: FleetChange
  /** Of the files' own states, those that the engine is to look at. */
  readonly stacks: readonly StackState[]
  /** Applied stacks that no file asks for. */
  readonly vanished: readonly StrayStack[]
  /** What it is compared with, as the end of a sentence. */
  readonly comparedWith: string
  readonly since?: SinceChange
}

const everything = { organizations: [], clusters: [] }

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
  const { fleet, change, base } = since
  const comparedWith = `${ref} (${base.commit.slice(0, 12)})`
  return { fleet, change, stacks: desiredIn(change), vanished: [], comparedWith, since }
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
    const change = fleetChange(stacks, stacks)
    return { fleet, change, stacks, vanished: [], comparedWith: 'what is there, as the engine finds it' }
  }
  const { change, vanished } = appliedChange({ folder, fleet, stacks, selection: everything })
  const { free, held } = apartFromHeld({ fleet, stacks, environment, now: new Date() })
  for (const one of held) context.terminal.note(heldLine(one))
  return { fleet, change, stacks: free, vanished, comparedWith: 'what was applied last' }
}
