import type { Command } from 'commander'
import { ensureEngine } from '../../engine/engine.ts'
import type { Fleet } from '../../load/fleet.ts'
import type { StackState } from '../../model/desired-state.ts'
import { fleetChange } from '../../plan/fleet-change.ts'
import { type FrozenStack, frozenSentence, withoutFrozen } from '../../plan/frozen.ts'
import { own, type Phrase, say } from '../../plan/report/phrase.ts'
import { appliedFolder } from '../applied.ts'
import { appliedChange } from '../applied-change.ts'
import type { CommandContext } from '../command-context.ts'
import { beginPreviews, type EarlyPreviews } from '../early-previews.ts'
import { runEnvironment } from '../environment.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import type { FoundBase } from '../find-since.ts'
import { earlierFiles } from '../frozen.ts'
import { loadPrograms } from '../inline-program.ts'
import { abortOnInterrupt } from '../interrupt.ts'
import { noteSince } from '../note-since.ts'
import { previewPlan } from '../preview-plan.ts'
import {
  checkReportOptions,
  formatOption,
  makeReport,
  outputOption,
  type ReportFormat,
  type ReportRequest,
  writeReport,
} from '../preview-report.ts'
import { type RunAllReport, runAll } from '../run-all.ts'
import { findStray, printOutcome, type RunOutcome } from '../run-outcome.ts'
import { asMadeSelection, type Selection } from '../select.ts'
import { type SinceChange, selectChange, sinceOrReport } from '../since.ts'
import { sinceOption } from '../since-option.ts'
import { stacksOrReport } from '../stacks-or-report.ts'
import { plural } from '../terminal.ts'
import { changeVerdict, guard, noteFrozen, noteVerdict, unfrozen, type Verdict } from '../valve-or-report.ts'
import { runCommand } from './run.ts'

interface PreviewOptions {
  readonly cluster: readonly string[]
  readonly parallel: number
  readonly since?: string
  readonly plan?: string
  readonly full?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
  readonly format?: ReportFormat
  readonly output?: string
}

/** What is previewed: some stacks of the work tree; those that a change touches where one is named. */
interface Subject {
  readonly fleet: Fleet
  readonly stacks: readonly StackState[]
  readonly since?: SinceChange
}

interface SinceRequest {
  readonly ref: string
  readonly selection: Selection
  readonly json: boolean
  readonly onFound: (found: FoundBase) => Promise<void>
}

const subjectSince = async (
  context: CommandContext,
  { ref, selection, json, onFound }: SinceRequest,
): Promise<Subject | undefined> => {
  const found = await sinceOrReport(context, { ref, rule: 'merge-base', json, onFound })
  if (found === undefined) return undefined
  const since = { ...found, change: selectChange(found.change, asMadeSelection(found.fleet, selection)) }
  if (!json) noteSince(context.terminal, since)
  const stacks = since.change.stacks.flatMap(({ after }) => (after === undefined ? [] : [after]))
  return { fleet: since.fleet, stacks, since }
}

const subjectOf = (
  context: CommandContext,
  selection: Selection,
  { since, json }: PreviewOptions,
  onFound: SinceRequest['onFound'],
): Promise<Subject | undefined> =>
  since === undefined
    ? stacksOrReport(context, selection, json === true)
    : subjectSince(context, { ref: since, selection, json: json === true, onFound })

/** What a preview came to, and what `up` would leave as it is. */
interface PreviewOutcome extends RunOutcome {
  readonly frozen: readonly FrozenStack[]
}

const nothingRun: RunAllReport = { results: [], access: {}, skipped: [], seconds: 0 }

/** What the engines found, and what `up` would say to it. */
interface Previewed {
  readonly outcome: PreviewOutcome
  readonly verdict: Verdict
}

const runEngines = async (
  context: CommandContext,
  { fleet, stacks, since }: Subject,
  { selection, take }: { readonly selection: Selection; readonly take: EarlyPreviews['take'] },
  options: PreviewOptions,
): Promise<Previewed | undefined> => {
  const { project, terminal } = context
  const environment = await runEnvironment(project, terminal)
  const engine = await ensureEngine({ report: terminal.note, environment })
  const stray = findStray({ engine: engine.directory, environment, project }, fleet, selection)
  const findEngine = async () => engine
  const base =
    since === undefined ? {} : { change: since.change, earlier: earlierFiles(since.baseFleet.tenants) }
  const run = { fleet, stacks, selection, environment, project, findEngine, ...base }
  const verdict = await guard(run)
  const { frozen } = verdict
  noteVerdict(context, verdict)
  if (options.json !== true) noteFrozen(context, frozen)
  const request = {
    project,
    terminal,
    stacks: unfrozen(stacks, frozen),
    engine: engine.directory,
    environment,
    parallel: options.parallel,
    full: options.full === true,
    signal: abortOnInterrupt(terminal),
  }
  const report =
    options.plan === undefined
      ? await runAll({ ...request, operation: 'preview', particular: take })
      : await previewPlan(context, { file: options.plan, engine, request, json: options.json === true })
  return report === undefined ? undefined : { outcome: { ...report, stray: await stray, frozen }, verdict }
}

/** Where no stack differs there is nothing to run. */
const runNothing = (context: CommandContext, { fleet }: Subject, { change }: SinceChange): Previewed => {
  const verdict = changeVerdict(fleet, change, new Date())
  noteVerdict(context, verdict)
  return { outcome: { ...nothingRun, stray: [], frozen: [] }, verdict }
}

/** Beside the outcome in JSON: what was compared, and what no engine previews since no file asks for it any more. */
const sinceAsJson = ({ base, change, compiledBy, notes, baseIssues }: SinceChange): object => ({
  since: base.ref,
  comparedWith: base.commit,
  head: base.head,
  compiledBy,
  gone: change.stacks.flatMap(({ stack, after }) => (after === undefined ? [stack] : [])),
  notes,
  baseIssues,
})

const noteScope = ({ terminal }: CommandContext, { base, change }: SinceChange): void =>
  terminal.note(
    terminal.color.dim(
      `${change.stacks.length} of ${plural(change.after.length, 'stack')} ${change.stacks.length === 1 ? 'is' : 'are'} affected since ${base.ref}.`,
    ),
  )

/** Compared with what was applied last, where no commit is named; a back end that keeps no record of it says nothing. */
const comparedOf = (
  { fleet, stacks, since }: Subject,
  selection: Selection,
  environment: NodeJS.ProcessEnv,
): Pick<ReportRequest, 'change' | 'base'> => {
  if (since !== undefined) return { change: since.change, base: since.baseFleet }
  const folder = appliedFolder(environment)
  return {
    change:
      folder === undefined
        ? fleetChange(stacks, stacks)
        : appliedChange({ folder, fleet, stacks, selection }).change,
  }
}

const notesOf = (since: SinceChange | undefined, frozen: readonly FrozenStack[]): readonly Phrase[] => {
  const sentence = frozenSentence(frozen)
  return [
    ...(sentence === undefined ? [] : [own(sentence)]),
    ...(since?.notes ?? []).map((note) => say`${note}`),
    ...(since?.baseIssues ?? []).map(({ message }) => say`Of the files compared with: ${message}`),
  ]
}

/** Where no engine has to run, what is previewed can be told without a lab or connections too: people are not counted then. */
const reportEnvironment = async (
  { project, terminal }: CommandContext,
  { stacks }: Subject,
): Promise<NodeJS.ProcessEnv | undefined> => {
  try {
    return await runEnvironment(project, terminal)
  } catch (error) {
    if (stacks.length === 0 && error instanceof UsageError) return undefined
    throw error
  }
}

/** The outcome as a reviewer reads it. */
const reportPreview = async (
  context: CommandContext,
  subject: Subject,
  { outcome, verdict }: Previewed,
  selection: Selection,
  { format = 'text', output }: PreviewOptions,
): Promise<void> => {
  const { terminal, finish } = context
  const environment = await reportEnvironment(context, subject)
  const compared = comparedOf(subject, selection, environment ?? process.env)
  const report = await makeReport({
    ...compared,
    change: withoutFrozen(compared.change, outcome.frozen),
    fleet: subject.fleet,
    results: outcome.results,
    ...(environment === undefined ? {} : { environment }),
    notes: notesOf(subject.since, outcome.frozen),
    refusals: verdict.issues,
    overrides: verdict.used,
  })
  await writeReport(terminal, report, { format, ...(output === undefined ? {} : { output }) })
  const failed = outcome.results.some((result) => result.outcome !== 'succeeded')
  finish(failed ? exitCode.fault : exitCode.clean)
}

/** The early previews of a run, which begin with the commit that it names. */
const earlyOf = (context: CommandContext, selection: Selection, options: PreviewOptions) => {
  let early: EarlyPreviews | undefined
  return {
    onFound: async (found: FoundBase): Promise<void> => {
      if (options.plan !== undefined) return
      early = await beginPreviews({ context, found, selection, parallel: options.parallel })
    },
    take: (state: StackState) => early?.take(state) ?? {},
    end: async (): Promise<void> => early?.end(),
  }
}

type Early = ReturnType<typeof earlyOf>

const previewSubject = async (
  context: CommandContext,
  selection: Selection,
  options: PreviewOptions,
  { onFound, take }: Early,
): Promise<void> => {
  const subject = await subjectOf(context, selection, options, onFound)
  if (subject === undefined) return
  const { since, stacks } = subject
  if (since !== undefined && options.json !== true) noteScope(context, since)
  const isIdle = since !== undefined && stacks.length === 0 && options.plan === undefined
  const previewed = isIdle
    ? runNothing(context, subject, since)
    : await runEngines(context, subject, { selection, take }, options)
  if (previewed === undefined) return
  if (options.format !== undefined) return reportPreview(context, subject, previewed, selection, options)
  printOutcome(context, previewed.outcome, options, since === undefined ? {} : sinceAsJson(since))
}

const runPreview = async (
  context: CommandContext,
  organizations: readonly string[],
  options: PreviewOptions,
): Promise<void> => {
  checkReportOptions(options)
  const selection = { organizations, clusters: options.cluster }
  const early = earlyOf(context, selection, options)
  // While git is asked.
  if (options.since !== undefined) setImmediate(loadPrograms)
  try {
    await previewSubject(context, selection, options, early)
  } finally {
    await early.end()
  }
}

export const previewCommand = (context: CommandContext): Command =>
  runCommand('preview', 'Show what `up` would change, stack by stack.')
    .addOption(sinceOption())
    .addOption(formatOption().conflicts('json'))
    .addOption(outputOption())
    .option('--plan <file>', 'write a plan, which `up --plan` applies exactly so; the world is read first')
    .addHelpText(
      'after',
      `
With --since, the engine runs for the stacks whose desired state the work tree changes, and for no other.
Exit codes: 0 every stack previewed, 1 issues in files, 2 usage, 3 a stack failed.

Examples:
  $ tenantry preview
  $ tenantry preview retail-banking --cluster prod
  $ tenantry preview --since origin/main
  $ tenantry preview --since origin/main --plan plan.json
  $ tenantry preview --since origin/main --format markdown --output comment.md
  $ tenantry preview --json > preview.json`,
    )
    .action((organizations: string[], options: PreviewOptions) => runPreview(context, organizations, options))
