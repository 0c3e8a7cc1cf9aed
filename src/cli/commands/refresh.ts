import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import { ensureEngine } from '../../engine/engine.ts'
import { listStacks } from '../../engine/list-stacks.ts'
import type { StackResult } from '../../engine/stack-result.ts'
import type { CommandContext } from '../command-context.ts'
import { runEnvironment } from '../environment.ts'
import { exitCode } from '../exit-code.ts'
import { closingLine, handChanges, printHandChanges } from '../hand-changes.ts'
import { abortOnInterrupt } from '../interrupt.ts'
import { refreshAll } from '../refresh-all.ts'
import { printFailures } from '../run-report.ts'
import { collect, wholeNumber } from '../selection-options.ts'
import { stacksOrReport } from '../stacks-or-report.ts'

interface RefreshOptions {
  readonly cluster: readonly string[]
  readonly parallel: number
  readonly json?: boolean
}

interface Outcome {
  readonly results: readonly StackResult[]
  /** Stacks that nothing was applied in, so that there is nothing to read. */
  readonly notApplied: readonly string[]
  readonly seconds: number
}

/** As a machine reads it: what is as applied is counted, not listed. */
const brief = ({ resources: _, counts, operation: __, ...result }: StackResult, changes: number) => ({
  ...result,
  asApplied: counts.same,
  changedByHand: changes,
})

const printOutcome = (
  { terminal }: CommandContext,
  { results, notApplied, seconds }: Outcome,
  json: boolean,
): void => {
  if (json) {
    const stacks = results.map((result) => {
      const changes = handChanges(result)
      return { ...brief(result, changes.length), changes }
    })
    terminal.print(JSON.stringify({ stacks, notApplied, seconds }, null, 2))
    return
  }
  printHandChanges(terminal, results)
  terminal.print(closingLine(results, seconds))
  if (notApplied.length > 0) terminal.print(`Nothing is applied of ${notApplied.join(', ')}.`)
  printFailures(terminal, results)
}

const exitCodeOf = (results: readonly StackResult[]): number => {
  if (results.some(({ outcome }) => outcome !== 'succeeded')) return exitCode.fault
  return results.some((result) => handChanges(result).length > 0) ? exitCode.issues : exitCode.clean
}

const runRefresh = async (
  context: CommandContext,
  organizations: readonly string[],
  options: RefreshOptions,
): Promise<void> => {
  const json = options.json === true
  const checked = await stacksOrReport(context, { organizations, clusters: options.cluster }, json)
  if (checked === undefined) return
  const { project, terminal } = context
  const environment = await runEnvironment(project, terminal)
  const { directory: engine } = await ensureEngine({ report: terminal.note, environment })
  const existing = new Set(await listStacks({ engine, environment, project }))
  const names = checked.stacks.map(({ stack }) => stack)
  const { results, seconds } = await refreshAll({
    project,
    terminal,
    engine,
    environment,
    stacks: names.filter((stack) => existing.has(stack)),
    parallel: options.parallel,
    signal: abortOnInterrupt(terminal),
  })
  const notApplied = names.filter((stack) => !existing.has(stack))
  printOutcome(context, { results, notApplied, seconds }, json)
  context.finish(exitCodeOf(results))
}

export const refreshCommand = (context: CommandContext): Command =>
  new Command('refresh')
    .description('Read what is there and tell every change made by hand: what was renamed, removed, changed.')
    .argument('[organizations...]', 'of these organizations; all where none is named')
    .option('-c, --cluster <name>', 'on this cluster; may be repeated', collect, [])
    .option('-p, --parallel <count>', 'engines at once', wholeNumber(1, 64), availableParallelism())
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Changes nothing on a cluster. What was found is written into the state, so that the next \`up\` puts it back; what was
made by hand beside ours is nobody's of ours and is left alone.
Exit codes: 0 everything is as applied, 1 something was changed by hand (or issues in files), 2 usage, 3 a stack could
not be read.

Examples:
  $ tenantry refresh
  $ tenantry refresh retail-banking --cluster prod
  $ tenantry refresh --json > changes.json`,
    )
    .action((organizations: string[], options: RefreshOptions) => runRefresh(context, organizations, options))
