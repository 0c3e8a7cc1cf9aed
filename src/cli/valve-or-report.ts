import { type Issue, placeText } from '../core/issue.ts'
import type { Engine } from '../engine/engine.ts'
import { listStacks } from '../engine/list-stacks.ts'
import type { Fleet } from '../load/fleet.ts'
import type { StackState } from '../model/desired-state.ts'
import type { FleetChange } from '../plan/fleet-change.ts'
import { type FrozenStack, frozenSentence, withoutFrozen } from '../plan/frozen.ts'
import type { Members } from '../plan/report/membership.ts'
import { plainText } from '../plan/report/phrase.ts'
import { checkValve, type UsedOverride, usedOverrides } from '../plan/valve.ts'
import { appliedFolder } from './applied.ts'
import { appliedChange } from './applied-change.ts'
import type { CommandContext } from './command-context.ts'
import { type EarlierFiles, findFrozen } from './frozen.ts'
import { reportIssues } from './load-or-report.ts'
import { asMadeSelection, type Selection } from './select.ts'
import { type StrayStack, strayStacks } from './stray-stacks.ts'
import { concerningDirectory, readMembers } from './team-members.ts'
import { valveInput } from './valve-input.ts'
import { vanishedIssues } from './vanished.ts'

/** What is about to be applied. */
export interface GuardedRun {
  readonly fleet: Fleet
  /** The selected ones. */
  readonly stacks: readonly StackState[]
  readonly selection: Selection
  /** With the state's back end. */
  readonly environment: NodeJS.ProcessEnv
  /** For back ends whose stacks only the engine can list. */
  readonly findEngine: () => Promise<Pick<Engine, 'directory'>>
  readonly project: string
  /** What the files change, where a commit was given to compare with: all there is to go by without records. */
  readonly change?: FleetChange
  /** What the files of that commit said of the tenants. */
  readonly earlier?: EarlierFiles
  readonly now?: Date
}

/** What the valve says before a run. */
export interface Verdict {
  readonly issues: readonly Issue[]
  /** Overrides without which it would say more. */
  readonly used: readonly UsedOverride[]
  /** Stacks of the run that are frozen, and left as they are. */
  readonly frozen: readonly FrozenStack[]
  /** What the verdict could not go by, a sentence each. */
  readonly notes?: readonly string[]
}

interface Circumstances {
  readonly now: Date
  readonly frozen: readonly FrozenStack[]
}

const verdictOn = (
  change: FleetChange,
  { fleet, members }: { readonly fleet: Fleet; readonly members?: Members },
  { now, frozen }: Circumstances,
): Verdict => {
  const input = valveInput(fleet, now, members)
  const due = withoutFrozen(change, frozen)
  return { issues: checkValve(due, input), used: usedOverrides(due, input), frozen }
}

/**
 * The verdict on a change; where nothing speaks against it and people may lose their rights whom the directory alone knows, UCP is
 * asked who they are. A UCP that does not tell holds nothing up: its teams count as those that have people enough.
 */
const verdictWithPeople = async (
  change: FleetChange,
  { fleet, environment }: GuardedRun,
  at: Circumstances,
): Promise<Verdict> => {
  const verdict = verdictOn(change, { fleet }, at)
  const concerned = concerningDirectory(withoutFrozen(change, at.frozen))
  if (verdict.issues.length > 0 || concerned.stacks.length === 0) return verdict
  const clusters = fleet.clusters.map(({ value }) => value)
  const { signal } = new AbortController()
  const read = { change: concerned, clusters, environment, signal, beside: false }
  const { members, notes } = await readMembers(read)
  return { ...verdictOn(change, { fleet, members }, at), notes: notes.map(plainText) }
}

/** Without records of what was applied: the stacks that exist, and what the commit says. */
const unrecorded = async (run: GuardedRun, now: Date): Promise<Verdict> => {
  const { directory } = await run.findEngine()
  const existing = await listStacks({ ...run, engine: directory })
  const vanished = vanishedIssues(
    run.fleet,
    strayStacks(run.fleet, existing, asMadeSelection(run.fleet, run.selection)),
    now,
  )
  const frozen = findFrozen({ ...run, change: run.change, folder: undefined, now })
  if (run.change === undefined) return { issues: vanished, used: [], frozen }
  const verdict = await verdictWithPeople(run.change, run, { now, frozen })
  return { ...verdict, issues: [...vanished, ...verdict.issues] }
}

/**
 * Stacks that the state holds and no file asks for, of which nothing is recorded: whoever loses the records, or was applied before
 * there were any, loses no stack with them.
 */
const unrecordedStrays = async (
  run: GuardedRun,
  recorded: readonly StrayStack[],
): Promise<readonly StrayStack[]> => {
  const known = new Set(recorded.map(({ stack }) => stack))
  const selection = asMadeSelection(run.fleet, run.selection)
  const strays = (names: readonly string[]) =>
    strayStacks(run.fleet, names, selection).filter(({ stack }) => !known.has(stack))
  const among = (names: readonly string[]) => strays(names).map(({ stack }) => stack)
  return strays(await listStacks({ ...run, engine: '', among }))
}

/**
 * Why stacks may not be applied, files that have vanished and what the valve says of the change since they were applied last; the
 * overrides that let something pass; and which stacks are frozen and left as they are. Changes nothing anywhere, and refuses what the
 * files alone tell before any system is asked but the state's back end, and that only where it keeps no records of what was applied.
 *
 * @throws {Fault} `unavailable` where the back end cannot be read.
 */
export const guard = async (run: GuardedRun): Promise<Verdict> => {
  const now = run.now ?? new Date()
  const folder = appliedFolder(run.environment)
  if (folder === undefined) return unrecorded(run, now)
  const { change, vanished } = appliedChange({ ...run, folder })
  const frozen = findFrozen({ ...run, change, folder, now })
  const verdict = await verdictWithPeople(change, run, { now, frozen })
  const gone = [...vanished, ...(await unrecordedStrays(run, vanished))]
  return { ...verdict, issues: [...vanishedIssues(run.fleet, gone, now), ...verdict.issues] }
}

/** `overrides/a.ts lets pass what 'frozen' would refuse, until 2026-12-31: BANK-17 (ann@bank.example).` */
const overrideText = ({ file, override, rules }: UsedOverride): string =>
  `${file} lets pass what ${rules.map((rule) => `'${rule}'`).join(' and ')} would refuse, until ${override.expires}: ${override.reason} (${override.owner}).`

/** What the valve says of a change of files, going by the change alone. Pure. */
export const changeVerdict = (fleet: Fleet, change: FleetChange, now: Date): Verdict =>
  verdictOn(change, { fleet }, { now, frozen: [] })

/** Says on stderr what `up` would refuse, and what overrides let pass, for whoever only looks. */
export const noteVerdict = ({ terminal }: CommandContext, { issues, used }: Verdict): void => {
  for (const one of used) terminal.note(terminal.color.yellow(overrideText(one)))
  if (issues.length === 0) return
  terminal.note(terminal.color.yellow('`up` would refuse this before its first call:'))
  for (const { code, message, hint, source } of issues) {
    const place = source === undefined ? '' : `${placeText(source)} `
    terminal.note(terminal.color.yellow(`  ${place}${code} ${message}`))
    if (hint !== undefined) terminal.note(terminal.color.dim(`    ${hint}`))
  }
}

/** What the valve cannot see, it says: without records and without a commit, numbers are known to nobody before the engine runs. */
const noteBlindness = ({ terminal }: CommandContext, { environment, change }: GuardedRun): void => {
  if (change !== undefined || appliedFolder(environment) !== undefined) return
  terminal.note(
    terminal.color.yellow(
      'This back end keeps no record of what was applied: only missing files are looked for. --since <ref> tells the rest.',
    ),
  )
}

/**
 * What of the stacks may be applied; undefined after printing why nothing may, and setting the exit code. Names the overrides that
 * let something pass, and what is frozen. @throws {Fault} as `guard`.
 */
export const valveOrReport = async (
  context: CommandContext,
  run: GuardedRun,
  json: boolean,
): Promise<Verdict | undefined> => {
  noteBlindness(context, run)
  const verdict = await guard(run)
  for (const note of verdict.notes ?? []) context.terminal.note(context.terminal.color.yellow(note))
  for (const one of verdict.used) context.terminal.note(context.terminal.color.yellow(overrideText(one)))
  if (verdict.issues.length === 0) {
    noteFrozen(context, verdict.frozen)
    return verdict
  }
  const texts = new Map(run.fleet.tenants.map(({ file, text }) => [file, text]))
  reportIssues(context, verdict.issues, texts, json)
  return undefined
}

/** Says on stderr what is frozen. */
export const noteFrozen = ({ terminal }: CommandContext, frozen: readonly FrozenStack[]): void => {
  const sentence = frozenSentence(frozen)
  if (sentence !== undefined) terminal.note(terminal.color.yellow(sentence))
}

/** The stacks but those that are frozen. Pure. */
export const unfrozen = (
  stacks: readonly StackState[],
  frozen: readonly FrozenStack[],
): readonly StackState[] => {
  const left = new Set(frozen.map(({ stack }) => stack))
  return left.size === 0 ? stacks : stacks.filter(({ stack }) => !left.has(stack))
}
