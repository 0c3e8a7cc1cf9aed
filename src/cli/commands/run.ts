import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import { ensureEngine } from '../../engine/engine.ts'
import type { CommandContext } from '../command-context.ts'
import { runEnvironment } from '../environment.ts'
import { abortOnInterrupt } from '../interrupt.ts'
import { runAll } from '../run-all.ts'
import { findStray, printOutcome } from '../run-outcome.ts'
import { collect, wholeNumber } from '../selection-options.ts'
import { stacksOrReport } from '../stacks-or-report.ts'

interface RunOptions {
  readonly cluster: readonly string[]
  readonly parallel: number
  readonly full?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

const run = async (
  context: CommandContext,
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
    operation: 'up',
    stacks,
    engine: engine.directory,
    environment,
    parallel: options.parallel,
    full: options.full === true,
    signal: abortOnInterrupt(terminal),
  })
  printOutcome(context, { ...report, stray: await stray }, options)
}

/** The options that preview and up share: which stacks, how many engines, how it is told. */
export const runCommand = (name: 'preview' | 'up', description: string): Command =>
  new Command(name)
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

export const upCommand = (context: CommandContext): Command =>
  runCommand(
    'up',
    'Make the clusters like the files: each cluster’s platform first, then the organizations, several at once.',
  )
    .addHelpText(
      'after',
      `
A stack that fails stops no other; the report names it and the next run finishes it.
Exit codes: 0 every stack applied, 1 issues in files, 2 usage, 3 a stack failed.

Examples:
  $ tenantry up
  $ tenantry up retail-banking insurance
  $ tenantry up --cluster nonprod --parallel 4`,
    )
    .action((organizations: string[], options: RunOptions) => run(context, organizations, options))
