import { type Engine, ensureEngine } from '../engine/engine.ts'
import { waveSettings } from '../fleet/settings.ts'
import type { Fleet } from '../load/fleet.ts'
import type { StackState } from '../model/desired-state.ts'
import type { FleetChange } from '../plan/fleet-change.ts'
import type { FrozenStack } from '../plan/frozen.ts'
import type { Plan } from '../plan/plan-file.ts'
import type { CommandContext } from './command-context.ts'
import { runEnvironment } from './environment.ts'
import type { EarlierFiles } from './frozen.ts'
import { apartFromHeld, heldLine } from './held-stacks.ts'
import { abortOnInterrupt } from './interrupt.ts'
import { reportIssues } from './load-or-report.ts'
import { type PlanPlace, planIssues, planRuns } from './plan-place.ts'
import { dueStacks, type ParticularRun, runAll } from './run-all.ts'
import { findStray, type RunOutcome } from './run-outcome.ts'
import { type RunWavesReport, type RunWavesRequest, runWaves } from './run-waves.ts'
import type { Selection } from './select.ts'
import { unfrozen, valveOrReport } from './valve-or-report.ts'

/** What is applied. */
export interface ApplySubject {
  readonly fleet: Fleet
  readonly stacks: readonly StackState[]
  readonly selection: Selection
  /** What the files change since a commit; what the valve goes by where nothing records what was applied. */
  readonly change?: FleetChange
  /** What the files of that commit said of the tenants. */
  readonly earlier?: EarlierFiles
  /** Applies these stacks as they were approved, or not at all. */
  readonly approved?: { readonly file: string; readonly plan: Plan }
}

export interface ApplyOptions {
  /** Engines at once. */
  readonly parallel: number
  /** Also what is as applied before. */
  readonly full: boolean
  readonly keepGoing: boolean
  /** For somebody alive who holds a stack. */
  readonly waitSeconds: number
  readonly json: boolean
}

/**
 * What is on hold is left as it is where nobody names it: a run of the fleet would put its drift right. Files that say something
 * else than what was applied are applied all the same: somebody changed them, in a review.
 */
const withoutHeld = (
  { terminal }: CommandContext,
  subject: ApplySubject,
  environment: NodeJS.ProcessEnv,
): ApplySubject => {
  if (subject.approved !== undefined || subject.selection.organizations.length > 0) return subject
  const { free, held } = apartFromHeld({ ...subject, environment, now: new Date() })
  for (const one of held) terminal.note(heldLine(one))
  return { ...subject, stacks: free }
}

/** What an apply came to. */
export interface ApplyOutcome extends RunOutcome, RunWavesReport {
  /** Stacks that were left as they are, since their tenants are frozen. */
  readonly frozen: readonly FrozenStack[]
}

interface Applying {
  readonly subject: ApplySubject
  readonly options: ApplyOptions
  readonly environment: NodeJS.ProcessEnv
  readonly engine: Engine
}

const placeOf = (
  { root, project }: CommandContext,
  { subject, environment, engine }: Applying,
): PlanPlace | undefined =>
  subject.approved === undefined ? undefined : { ...subject.approved, root, project, environment, engine }

/** Whether the plan holds, where there is one; what moved is printed else. */
const planHolds = async (
  context: CommandContext,
  place: PlanPlace,
  { subject, options, environment }: Applying,
): Promise<boolean> => {
  const { due } = dueStacks({ environment, full: options.full, stacks: subject.stacks })
  const issues = await planIssues(place, subject.stacks, new Set(due.map(({ stack }) => stack)))
  if (issues.length === 0) return true
  reportIssues(context, issues, new Map(), options.json)
  return false
}

const particularOf = (
  { terminal }: CommandContext,
  place: PlanPlace | undefined,
  { waitSeconds }: ApplyOptions,
): ((state: StackState) => ParticularRun) => {
  const planned = place === undefined ? undefined : planRuns(place)
  const patience =
    waitSeconds === 0
      ? {}
      : {
          patience: {
            milliseconds: waitSeconds * 1000,
            onWait: (said: string) => terminal.note(`${said} Waiting …`),
          },
        }
  return (state) => ({ ...planned?.(state), ...patience })
}

const stagesOf = ({ clusters }: Fleet) =>
  new Map(clusters.map(({ value }) => [value.cluster, value.stage] as const))

const wavesRequest = (
  context: CommandContext,
  place: PlanPlace | undefined,
  { subject, options, environment, engine }: Applying,
): RunWavesRequest => ({
  project: context.project,
  terminal: context.terminal,
  engine: engine.directory,
  environment,
  stacks: subject.stacks,
  parallel: options.parallel,
  full: options.full,
  keepGoing: options.keepGoing,
  stages: stagesOf(subject.fleet),
  settings: waveSettings(subject.fleet.settings?.value),
  signal: abortOnInterrupt(context.terminal),
  particular: particularOf(context, place, options),
})

const nothingApplied: ApplyOutcome = {
  results: [],
  access: {},
  skipped: [],
  stray: [],
  waves: [],
  frozen: [],
  seconds: 0,
}

const strayOf = ({ fleet, selection }: ApplySubject, place: Parameters<typeof findStray>[0]) =>
  findStray(place, fleet, selection)

/**
 * Applies stacks: those of a plan only where everything is as approved; platforms first, nonprod before prod, a change of many
 * tenants in waves. Where nothing is due no engine is even looked for. Undefined after printing what the valve refuses, or what moved since the plan was made, and setting the exit
 * code.
 *
 * @throws {Fault} for faults of this machine; {UsageError} where no back end is known.
 */
export const applyStacks = async (
  context: CommandContext,
  asked: ApplySubject,
  options: ApplyOptions,
): Promise<ApplyOutcome | undefined> => {
  const { project, terminal } = context
  const environment = await runEnvironment(project, terminal)
  const findEngine = () => ensureEngine({ report: terminal.note, environment })
  const verdict = await valveOrReport(context, { ...asked, environment, project, findEngine }, options.json)
  if (verdict === undefined) return undefined
  const { frozen } = verdict
  const thawed = { ...asked, stacks: unfrozen(asked.stacks, frozen) }
  const subject = withoutHeld(context, thawed, environment)
  if (subject.stacks.length === 0 && subject.approved === undefined) return { ...nothingApplied, frozen }
  const { due, skipped } = dueStacks({ environment, full: options.full, stacks: subject.stacks })
  if (due.length === 0 && subject.approved === undefined)
    return { ...nothingApplied, frozen, skipped, stray: await strayOf(subject, { environment, project }) }
  const engine = await findEngine()
  const applying = { subject, options, environment, engine }
  const place = placeOf(context, applying)
  if (place !== undefined && !(await planHolds(context, place, applying))) return undefined
  const stray = strayOf(subject, { environment, project, engine: engine.directory })
  const report = await runWaves(wavesRequest(context, place, applying), runAll)
  return { ...report, stray: await stray, frozen }
}
