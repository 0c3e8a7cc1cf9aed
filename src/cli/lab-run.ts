import { availableParallelism } from 'node:os'
import { hasChanges, type StackResult } from '../engine/stack-result.ts'
import { labDown, labEnvironment } from '../lab/control.ts'
import type { LabRecord } from '../lab/lab-record.ts'
import type { Fleet } from '../load/fleet.ts'
import type { StackState } from '../model/desired-state.ts'
import type { CommandContext } from './command-context.ts'
import { exitCode } from './exit-code.ts'
import { abortOnInterrupt } from './interrupt.ts'
import { personPerJobRole } from './lab-people.ts'
import { partsTable, printKept, printMade } from './lab-report.ts'
import { type LabParts, startLabFor } from './lab-session.ts'
import { type RunAllReport, runAll } from './run-all.ts'
import { printChanges, printReport } from './run-report.ts'
import { stacksOrReport } from './stacks-or-report.ts'
import { formatSeconds, plural } from './terminal.ts'

export interface LabRunOptions extends LabParts {
  /** Leaves the lab running. */
  readonly keep: boolean
  readonly parallel?: number
}

interface Session {
  readonly context: CommandContext
  readonly record: LabRecord
  readonly stacks: readonly StackState[]
  readonly environment: NodeJS.ProcessEnv
  readonly parallel: number
  readonly signal: AbortSignal
}

const reconcile = ({
  context,
  record,
  stacks,
  environment,
  parallel,
  signal,
}: Session): Promise<RunAllReport> =>
  runAll({
    project: context.project,
    terminal: context.terminal,
    operation: 'up',
    stacks,
    engine: record.engineFolder ?? '',
    environment,
    parallel,
    full: true,
    signal,
  })

const allSucceeded = ({ results }: RunAllReport): boolean =>
  results.every(({ outcome }) => outcome === 'succeeded')

const totalOf = (results: readonly StackResult[]): number =>
  results.reduce(
    (sum, { resources }) => sum + resources.filter(({ change }) => change !== 'delete').length,
    0,
  )

const clustersOf = (stacks: readonly StackState[]): number =>
  new Set(stacks.map(({ cluster }) => cluster)).size

const first = async (session: Session): Promise<boolean> => {
  const { terminal } = session.context
  terminal.note(`\nReconciling ${plural(session.stacks.length, 'stack')} …`)
  const report = await reconcile(session)
  printMade(terminal, report.results)
  terminal.print('')
  printReport(terminal, report)
  if (!allSucceeded(report)) return false
  terminal.print(
    `First run: ${plural(totalOf(report.results), 'resource')} on ${plural(clustersOf(session.stacks), 'cluster')} in ${formatSeconds(report.seconds)}.`,
  )
  return true
}

const second = async (session: Session): Promise<boolean> => {
  const { terminal } = session.context
  terminal.note('\nRunning every stack a second time …')
  const report = await reconcile(session)
  const changed = report.results.filter(hasChanges)
  if (!allSucceeded(report)) {
    printReport(terminal, report)
    return false
  }
  if (changed.length === 0) {
    terminal.print(
      `Second run: ${terminal.color.green('nothing changed')} in ${plural(report.results.length, 'stack')}, ${plural(totalOf(report.results), 'resource')} (${formatSeconds(report.seconds)}).`,
    )
    return true
  }
  terminal.print(terminal.color.red(`Second run: ${plural(changed.length, 'stack')} changed again:`))
  printChanges(terminal, { ...report, access: {} })
  return false
}

const reconcileTwice = async (session: Session): Promise<boolean> =>
  (await first(session)) && (await second(session))

const openSession = async (
  context: CommandContext,
  fleet: Fleet,
  stacks: readonly StackState[],
  options: LabRunOptions,
): Promise<Session> => {
  const record = await startLabFor(context, fleet, options)
  return {
    context,
    record,
    stacks,
    environment: { ...process.env, ...(await labEnvironment(context.project)) },
    parallel: options.parallel ?? availableParallelism(),
    signal: abortOnInterrupt(context.terminal),
  }
}

/**
 * The main job on the lab: starts it, reconciles every organization on every cluster, proves that a second run changes
 * nothing, stops the lab. Exit code 0 only where all of that held.
 */
export const runOnLab = async (context: CommandContext, options: LabRunOptions): Promise<void> => {
  const checked = await stacksOrReport(context, { organizations: [], clusters: [] }, false)
  if (checked === undefined) return
  const { fleet, stacks } = checked
  let kept = false
  try {
    const session = await openSession(context, fleet, stacks, options)
    context.terminal.print(`\n${partsTable(session.record, context.project)}`)
    const held = await reconcileTwice(session)
    context.finish(held ? exitCode.clean : exitCode.fault)
    if (!options.keep) return
    kept = true
    printKept(context.terminal, await personPerJobRole(context.project, fleet))
  } finally {
    if (!kept && (await labDown(context.project))) context.terminal.note('The lab is stopped.')
  }
}
