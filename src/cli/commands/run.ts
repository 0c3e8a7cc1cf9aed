import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import { ensureEngine } from '../../engine/engine.ts'
import { listStacks } from '../../engine/list-stacks.ts'
import type { StackResult } from '../../engine/stack-result.ts'
import type { Fleet } from '../../load/fleet.ts'
import type { CommandContext } from '../command-context.ts'
import { runEnvironment } from '../environment.ts'
import { exitCode } from '../exit-code.ts'
import { abortOnInterrupt } from '../interrupt.ts'
import { type RunAllReport, runAll } from '../run-all.ts'
import { printChanges, printReport } from '../run-report.ts'
import type { Selection } from '../select.ts'
import { collect, wholeNumber } from '../selection-options.ts'
import { stacksOrReport } from '../stacks-or-report.ts'
import { type StrayStack, strayStacks } from '../stray-stacks.ts'

interface RunOptions {
  readonly cluster: readonly string[]
  readonly parallel: number
  readonly full?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

/** A result as a machine reads it: unchanged resources are counted, not listed. */
const brief = (result: StackResult) => ({
  ...result,
  resources: result.resources.filter(({ change, failed }) => change !== 'same' || failed),
})

interface Outcome extends RunAllReport {
  readonly stray: readonly StrayStack[]
}

const printOutcome = (context: CommandContext, report: Outcome, options: RunOptions): void => {
  const { terminal } = context
  if (options.json === true)
    terminal.print(JSON.stringify({ ...report, results: report.results.map(brief) }, null, 2))
  else {
    if (options.quiet !== true) printChanges(terminal, report)
    printReport(terminal, report)
  }
  const failed = report.results.some(({ outcome }) => outcome !== 'succeeded')
  context.finish(failed ? exitCode.fault : exitCode.clean)
}

/** Beside the run, which it must not hold up nor fail. */
const findStray = (
  place: Parameters<typeof listStacks>[0],
  fleet: Fleet,
  selection: Selection,
): Promise<readonly StrayStack[]> =>
  listStacks(place)
    .then((existing) => strayStacks(fleet, existing, selection))
    .catch(() => [])

const run = async (
  context: CommandContext,
  operation: 'preview' | 'up',
  organizations: readonly string[],
  options: RunOptions,
): Promise<void> => {
  const json = options.json === true
  const selection = { organizations, clusters: options.cluster }
  const checked = await stacksOrReport(context, selection, json)
  if (checked === undefined) return
  const { fleet, stacks } = checked
  const { project, terminal } = context
  const environment = await runEnvironment(project, terminal)
  const engine = await ensureEngine({ report: terminal.note, environment })
  const stray = findStray({ engine: engine.directory, environment, project }, fleet, selection)
  const report = await runAll({
    project,
    terminal,
    operation,
    stacks,
    engine: engine.directory,
    environment,
    parallel: options.parallel,
    full: options.full === true,
    signal: abortOnInterrupt(terminal),
  })
  printOutcome(context, { ...report, stray: await stray }, options)
}

const runCommand = (context: CommandContext, operation: 'preview' | 'up', description: string): Command =>
  new Command(operation)
    .description(description)
    .argument('[organizations...]', 'of these organizations; all where none is named')
    .option('-c, --cluster <name>', 'on this cluster; may be repeated', collect, [])
    .option('-p, --parallel <count>', 'engines at once', wholeNumber(1, 64), availableParallelism())
    .option(
      '--full',
      'run also the stacks whose desired state is the one applied last, which finds drift of the state',
    )
    .option('-q, --quiet', 'one line a stack, without its resources')
    .option('--json', 'print the outcome as JSON')
    .action((organizations: string[], options: RunOptions) => run(context, operation, organizations, options))

export const previewCommand = (context: CommandContext): Command =>
  runCommand(context, 'preview', 'Show what `up` would change, stack by stack.').addHelpText(
    'after',
    `
Exit codes: 0 every stack previewed, 1 issues in files, 2 usage, 3 a stack failed.

Examples:
  $ tenantry preview
  $ tenantry preview retail-banking --cluster prod
  $ tenantry preview --json > preview.json`,
  )

export const upCommand = (context: CommandContext): Command =>
  runCommand(
    context,
    'up',
    'Make the clusters like the files: each cluster’s platform first, then the organizations, several at once.',
  ).addHelpText(
    'after',
    `
A stack that fails stops no other; the report names it and the next run finishes it.
Exit codes: 0 every stack applied, 1 issues in files, 2 usage, 3 a stack failed.

Examples:
  $ tenantry up
  $ tenantry up retail-banking insurance
  $ tenantry up --cluster nonprod --parallel 4`,
  )
