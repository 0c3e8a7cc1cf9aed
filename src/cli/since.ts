import type { Checked, Issue } from '../core/issue.ts'
import type { Base, BaseRule } from '../git/find-base.ts'
import type { Fleet } from '../load/fleet.ts'
import type { StackState } from '../model/desired-state.ts'
import { type FleetChange, fleetChange } from '../plan/fleet-change.ts'
import { baseFleet } from './base-fleet.ts'
import { type BaseProgram, ProgramFailure, startProgram } from './base-program.ts'
import type { CommandContext } from './command-context.ts'
import { type FoundBase, findSince, shortCommit } from './find-since.ts'
import { type LenientFleet, type LenientStates, lenientStates } from './lenient-fleet.ts'
import { reportIssues } from './load-or-report.ts'
import { refuseUnknown, type Selection } from './select.ts'
import { stacksOrReport } from './stacks-or-report.ts'
import { readStateLines } from './state-lines.ts'

export interface SinceRequest {
  /** A branch, tag or commit, as the user named it. */
  readonly ref: string
  readonly rule: BaseRule
  readonly json: boolean
  /** Called with the commit, before any file was read. */
  readonly onFound?: (found: FoundBase) => Promise<void>
}

/** What the work tree changes since a commit. */
export interface SinceChange {
  readonly base: Base
  /** The work tree's files. */
  readonly fleet: Fleet
  /** The commit's files as far as they can be understood, whichever program compiled them. */
  readonly baseFleet: Pick<LenientFleet, 'tenants' | 'clusters'>
  /** Every stack that differs. */
  readonly change: FleetChange
  /** What compiled the commit's files: the program that is running, or the one that was committed beside them. */
  readonly compiledBy: 'this program' | 'its own program'
  /** Typed files that differ between the commit and the work tree, sorted. */
  readonly changedFiles: readonly string[]
  /** What a reader should know of how this was found, as sentences. */
  readonly notes: readonly string[]
  /** What could not be understood of the commit's files: its stacks count as new. None of the work tree's. */
  readonly baseIssues: readonly Issue[]
}

const programIssue = (commit: string, message: string): Issue => ({
  code: 'since/base-program',
  message: `The program of ${shortCommit(commit)} cannot tell what it makes of its files: ${message}`,
  hint: 'Shared code differs, so each side is compiled by its own. Name another REF, or leave --since away.',
})

const refused = (issue: Issue): { ok: false; issues: readonly Issue[] } => ({ ok: false, issues: [issue] })

type Lines = Checked<readonly string[]>

/** What fails of the program is an issue; what fails otherwise is thrown. */
const orProgramIssue = async <T>(commit: string, work: Promise<T>): Promise<Checked<T>> => {
  try {
    return { ok: true, value: await work }
  } catch (error) {
    if (error instanceof ProgramFailure) return refused(programIssue(commit, error.message))
    throw error
  }
}

const statesOfLines = (
  lines: Lines,
  commit: string,
  known: readonly StackState[],
): Checked<LenientStates> => {
  if (!lines.ok) return lines
  try {
    return { ok: true, value: readStateLines(lines.value, known) }
  } catch (error) {
    return refused(programIssue(commit, error instanceof Error ? error.message : String(error)))
  }
}

type Head = NonNullable<Awaited<ReturnType<typeof stacksOrReport>>>

const stagesOf = (...fleets: readonly Pick<LenientFleet, 'clusters'>[]): Map<string, 'nonprod' | 'prod'> =>
  new Map(
    fleets.flatMap(({ clusters }) => clusters.map(({ value }) => [value.cluster, value.stage] as const)),
  )

const compared = async (
  found: FoundBase,
  { fleet, stacks }: Head,
  lines: Promise<Lines> | undefined,
): Promise<Checked<SinceChange>> => {
  const { files, base, changedFiles, notes } = found
  const before = await baseFleet(files, base.commit, fleet)
  const told: Checked<LenientStates> =
    lines === undefined
      ? { ok: true, value: lenientStates(before, stacks) }
      : statesOfLines(await lines, base.commit, stacks)
  if (!told.ok) return told
  const change = fleetChange(told.value.states, stacks, stagesOf(before, fleet))
  const compiledBy = lines === undefined ? 'this program' : 'its own program'
  const baseIssues = told.value.issues
  return {
    ok: true,
    value: { base, fleet, baseFleet: before, change, compiledBy, changedFiles, notes, baseIssues },
  }
}

const everything: Selection = { organizations: [], clusters: [] }

/** The work tree's side, then both; `lines` come meanwhile from the other side's program, which has a core of its own. */
const headThenBoth = async (
  context: CommandContext,
  found: FoundBase,
  json: boolean,
  lines: Promise<Lines> | undefined,
): Promise<Checked<SinceChange> | undefined> => {
  const head = await stacksOrReport(context, everything, json)
  return head === undefined ? undefined : await compared(found, head, lines)
}

const withProgram = async (
  context: CommandContext,
  found: FoundBase,
  json: boolean,
  program: BaseProgram,
): Promise<Checked<SinceChange> | undefined> => {
  const { files, code, base } = found
  const cancel = new AbortController()
  const request = {
    program,
    code,
    files,
    commit: base.commit,
    note: context.terminal.note,
    signal: cancel.signal,
  }
  const telling = await orProgramIssue(base.commit, startProgram(request))
  if (!telling.ok) return telling
  const lines = orProgramIssue(base.commit, telling.value.lines)
  const ended = lines.catch(() => undefined)
  try {
    return await headThenBoth(context, found, json, lines)
  } finally {
    cancel.abort()
    await ended
  }
}

const bothSides = (
  context: CommandContext,
  found: FoundBase,
  json: boolean,
): Promise<Checked<SinceChange> | undefined> =>
  found.program === undefined
    ? headThenBoth(context, found, json, undefined)
    : withProgram(context, found, json, found.program)

/**
 * What the work tree changes since a commit: both sides compiled, each by its own program where the two differ, and compared
 * stack by stack; undefined after printing the issues and setting the exit code. The work tree's files are checked as ever;
 * those of the commit are taken as far as they can be understood.
 *
 * @throws {Fault} where git fails.
 */
export const sinceOrReport = async (
  context: CommandContext,
  { ref, rule, json, onFound }: SinceRequest,
): Promise<SinceChange | undefined> => {
  const found = await findSince(context, ref, rule)
  if (found.ok) await onFound?.(found.value)
  const change = found.ok ? await bothSides(context, found.value, json) : found
  if (change === undefined || change.ok) return change?.value
  reportIssues(context, change.issues, new Map(), json)
  return undefined
}

const namesIn = (states: readonly StackState[], name: (state: StackState) => string | null): string[] => [
  ...new Set(states.flatMap((state) => name(state) ?? [])),
]

/**
 * The part of a change that a selection names: its clusters' platforms too, as `selectStacks` has it. What is gone can be
 * named as well. @throws {UsageError} for a name that neither side has.
 */
export const selectChange = (change: FleetChange, { organizations, clusters }: Selection): FleetChange => {
  const all = [...change.before, ...change.after]
  refuseUnknown(
    'organization',
    organizations,
    namesIn(all, (state) => state.organization),
  )
  refuseUnknown(
    'cluster',
    clusters,
    namesIn(all, (state) => state.cluster),
  )
  const stacks = change.stacks.filter(
    ({ organization, cluster }) =>
      (clusters.length === 0 || clusters.includes(cluster)) &&
      (organizations.length === 0 || organization === null || organizations.includes(organization)),
  )
  return { ...change, stacks }
}
