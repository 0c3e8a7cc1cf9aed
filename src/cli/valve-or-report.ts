import type { Issue } from '../core/issue.ts'
import type { Engine } from '../engine/engine.ts'
import { listStacks } from '../engine/list-stacks.ts'
import { valveSettings } from '../fleet/settings.ts'
import type { Fleet } from '../load/fleet.ts'
import type { StackState } from '../model/desired-state.ts'
import type { FleetChange } from '../plan/fleet-change.ts'
import type { Members } from '../plan/report/membership.ts'
import { checkValve, type UsedOverride, usedOverrides, type ValveInput } from '../plan/valve.ts'
import { organizationMadeAs } from '../tenant/former-name.ts'
import { appliedFolder } from './applied.ts'
import { appliedChange } from './applied-change.ts'
import type { CommandContext } from './command-context.ts'
import { reportIssues } from './load-or-report.ts'
import type { Selection } from './select.ts'
import { strayStacks } from './stray-stacks.ts'
import { vanishedIssues } from './vanished.ts'

/** What the valve goes by in a checkout: the fleet's settings, overrides and names. Pure. */
export const valveInput = (fleet: Fleet, now: Date, members?: Members): ValveInput => {
  const files = new Map(fleet.tenants.map((file) => [organizationMadeAs(file.value), file]))
  return {
    settings: valveSettings(fleet.settings?.value),
    overrides: fleet.overrides,
    now,
    renamed: new Map([...files].map(([madeAs, { value }]) => [madeAs, value.organization])),
    placeOf: (organization) => files.get(organization)?.locate(['organization']),
    ...(members === undefined ? {} : { members }),
  }
}

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
  readonly members?: Members
  readonly now?: Date
}

/** What the valve says before a run. */
export interface Verdict {
  readonly issues: readonly Issue[]
  /** Overrides without which it would say more. */
  readonly used: readonly UsedOverride[]
}

const verdictOn = (
  change: FleetChange,
  { fleet, members }: Pick<GuardedRun, 'fleet' | 'members'>,
  now: Date,
): Verdict => {
  const input = valveInput(fleet, now, members)
  return { issues: checkValve(change, input), used: usedOverrides(change, input) }
}

/** Without records of what was applied: the stacks that exist, and what the commit says. */
const unrecorded = async (run: GuardedRun, now: Date): Promise<Verdict> => {
  const { directory } = await run.findEngine()
  const existing = await listStacks({ ...run, engine: directory })
  const vanished = vanishedIssues(run.fleet, strayStacks(run.fleet, existing, run.selection), now)
  if (run.change === undefined) return { issues: vanished, used: [] }
  const { issues, used } = verdictOn(run.change, run, now)
  return { issues: [...vanished, ...issues], used }
}

/**
 * Why stacks may not be applied, files that have vanished and what the valve says of the change since they were applied last; and
 * the overrides that let something pass. Calls no system but the state's back end, and that only where it keeps no records of what
 * was applied.
 *
 * @throws {Fault} `unavailable` where the back end cannot be read.
 */
export const guard = async (run: GuardedRun): Promise<Verdict> => {
  const now = run.now ?? new Date()
  const folder = appliedFolder(run.environment)
  if (folder === undefined) return unrecorded(run, now)
  const { change, vanished } = appliedChange({ ...run, folder })
  const { issues, used } = verdictOn(change, run, now)
  return { issues: [...vanishedIssues(run.fleet, vanished, now), ...issues], used }
}

/** Why stacks may not be applied. @throws {Fault} as `guard`. */
export const guardIssues = async (run: GuardedRun): Promise<readonly Issue[]> => (await guard(run)).issues

/** `overrides/a.ts lets pass what 'frozen' would refuse, until 2026-12-31: BANK-17 (ann@bank.example).` */
const overrideText = ({ file, override, rules }: UsedOverride): string =>
  `${file} lets pass what ${rules.map((rule) => `'${rule}'`).join(' and ')} would refuse, until ${override.expires}: ${override.reason} (${override.owner}).`

/** What the valve says of a change of files, going by the change alone. Pure. */
export const changeVerdict = (fleet: Fleet, change: FleetChange, now: Date): Verdict =>
  verdictOn(change, { fleet }, now)

/** Says on stderr what `up` would refuse, and what overrides let pass, for whoever only looks. */
export const noteVerdict = ({ terminal }: CommandContext, { issues, used }: Verdict): void => {
  for (const one of used) terminal.note(terminal.color.yellow(overrideText(one)))
  if (issues.length === 0) return
  terminal.note(terminal.color.yellow('`up` would refuse this before its first call:'))
  for (const { code, message, hint, source } of issues) {
    const place = source === undefined ? '' : `${source.file}:${source.line}:${source.column} `
    terminal.note(terminal.color.yellow(`  ${place}${code} ${message}`))
    if (hint !== undefined) terminal.note(terminal.color.dim(`    ${hint}`))
  }
}

/** Whether the stacks may be applied; prints why not and sets the exit code, and names the overrides that let something pass. @throws {Fault} as `guardIssues`. */
export const valveOrReport = async (
  context: CommandContext,
  run: GuardedRun,
  json: boolean,
): Promise<boolean> => {
  const { issues, used } = await guard(run)
  for (const one of used) context.terminal.note(context.terminal.color.yellow(overrideText(one)))
  if (issues.length === 0) return true
  const texts = new Map(run.fleet.tenants.map(({ file, text }) => [file, text]))
  reportIssues(context, issues, texts, json)
  return false
}
