import type { Command } from 'commander'
import { type ApplyOutcome, type ApplySubject, applyStacks } from '../apply.ts'
import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../exit-code.ts'
import { earlierFiles } from '../frozen.ts'
import { reportIssues } from '../load-or-report.ts'
import { noteSince } from '../note-since.ts'
import { readPlan } from '../plan-io.ts'
import { printOutcome } from '../run-outcome.ts'
import { stoppedLines } from '../run-waves.ts'
import { asMadeSelection, type Selection } from '../select.ts'
import { wholeNumber } from '../selection-options.ts'
import { selectChange, sinceOrReport } from '../since.ts'
import { stacksOrReport } from '../stacks-or-report.ts'
import { runCommand } from './run.ts'

interface UpOptions {
  readonly cluster: readonly string[]
  readonly parallel: number
  readonly wait: number
  readonly all?: boolean
  readonly since?: string
  readonly plan?: string
  readonly keepGoing?: boolean
  readonly full?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

interface UpRequest {
  readonly context: CommandContext
  readonly selection: Selection
  readonly options: UpOptions
}

/** A plan says by itself which stacks; `--all` and `--since` each say it another way. @throws {UsageError} */
const checkOptions = ({ selection, options }: UpRequest): void => {
  const ways = [
    ...(options.plan === undefined ? [] : ['--plan']),
    ...(options.since === undefined ? [] : ['--since']),
    ...(options.all === true ? ['--all'] : []),
  ]
  const [first, second] = ways
  if (second !== undefined)
    throw new UsageError(`${first} and ${second} each say which stacks.`, 'Give one of them.')
  if (first === undefined || first === '--since') return
  if (selection.organizations.length > 0 || (first === '--plan' && selection.clusters.length > 0))
    throw new UsageError(
      `${first} says which stacks, and so does what is named beside it.`,
      `Leave ${selection.organizations.join(', ') || '--cluster'} away, or ${first}.`,
    )
}

const everything: Selection = { organizations: [], clusters: [] }

const plannedSubject = async (
  { context, options }: UpRequest,
  file: string,
): Promise<ApplySubject | undefined> => {
  const json = options.json === true
  const plan = readPlan(file, process.env)
  if (!plan.ok) {
    reportIssues(context, plan.issues, new Map(), json)
    return undefined
  }
  const checked = await stacksOrReport(context, everything, json)
  if (checked === undefined) return undefined
  const planned = new Set(plan.value.stacks.map(({ stack }) => stack))
  const stacks = checked.stacks.filter(({ stack }) => planned.has(stack))
  return { fleet: checked.fleet, stacks, selection: everything, approved: { file, plan: plan.value } }
}

const sinceSubject = async (
  { context, selection, options }: UpRequest,
  ref: string,
): Promise<ApplySubject | undefined> => {
  const since = await sinceOrReport(context, { ref, rule: 'ancestor', json: options.json === true })
  if (since === undefined) return undefined
  if (options.json !== true) noteSince(context.terminal, since)
  const { stacks: changed } = selectChange(since.change, asMadeSelection(since.fleet, selection))
  const stacks = changed.flatMap(({ after }) => (after === undefined ? [] : [after]))
  const earlier = earlierFiles(since.baseFleet.tenants)
  return { fleet: since.fleet, stacks, selection, change: since.change, earlier }
}

const subjectOf = async (request: UpRequest): Promise<ApplySubject | undefined> => {
  const { context, selection, options } = request
  if (options.plan !== undefined) return plannedSubject(request, options.plan)
  if (options.since !== undefined) return sinceSubject(request, options.since)
  const checked = await stacksOrReport(context, selection, options.json === true)
  return checked === undefined ? undefined : { ...checked, selection }
}

const printApplied = (context: CommandContext, outcome: ApplyOutcome, options: UpOptions): void => {
  printOutcome(context, outcome, options)
  if (options.json === true) return
  for (const line of stoppedLines(outcome.waves)) context.terminal.print(context.terminal.color.yellow(line))
}

const runUp = async (request: UpRequest): Promise<void> => {
  checkOptions(request)
  const subject = await subjectOf(request)
  if (subject === undefined) return
  const { context, options } = request
  const outcome = await applyStacks(context, subject, {
    parallel: options.parallel,
    full: options.full === true,
    keepGoing: options.keepGoing === true,
    waitSeconds: options.wait,
    json: options.json === true,
  })
  if (outcome !== undefined) printApplied(context, outcome, options)
}

/** A day: longer than any run. */
const longestWaitSeconds = 86_400

export const upCommand = (context: CommandContext): Command =>
  runCommand(
    'up',
    'Make the clusters like the files: platforms first, then the organizations; nonprod before prod.',
  )
    .option('--all', 'every stack; the same as naming none')
    .option(
      '--since <ref>',
      'the stacks that the work tree changes since this commit, which HEAD must stand on',
    )
    .option(
      '--plan <file>',
      'what this plan of `preview --plan` holds, exactly as it was approved, or nothing',
    )
    .option(
      '--wait <seconds>',
      'wait so long for a stack that somebody else is changing',
      wholeNumber(0, longestWaitSeconds),
      0,
    )
    .option('--keep-going', 'begin the next wave also where a stack of the one before failed')
    .addHelpText(
      'after',
      `
A change of many organizations goes in waves: a canary, 5 %, 25 %, all others (\`fleet.ts\` says otherwise). A stack that
fails stops no other of its wave; the next wave is not begun. The report names it, and the next run goes on with what is left.

With --plan, everything that the plan holds is looked at again: files, program, policies, engine, providers, state and what is
live. What moved is named, and nothing is changed. A plan is signed where TENANTRY_PLAN_KEY (or TENANTRY_PLAN_KEY_FILE) is set;
then an unsigned one is refused.

Exit codes: 0 every stack applied, 1 issues in files or a plan that no longer holds, 2 usage, 3 a stack failed.

Examples:
  $ tenantry up
  $ tenantry up retail-banking insurance
  $ tenantry up --since origin/main
  $ tenantry up --plan plan.json --wait 600
  $ tenantry up --cluster nonprod --parallel 4`,
    )
    .action((organizations: string[], options: UpOptions) =>
      runUp({ context, selection: { organizations, clusters: options.cluster }, options }),
    )
