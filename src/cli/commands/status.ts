import { Command } from 'commander'
import pLimit from 'p-limit'
import { ensureEngine } from '../../engine/engine.ts'
import { type StackStatus, stackStatus } from '../../engine/stack-status.ts'
import type { StackState } from '../../model/desired-state.ts'
import { appliedFolder, isApplied } from '../applied.ts'
import type { CommandContext } from '../command-context.ts'
import { runEnvironment } from '../environment.ts'
import { exitCode } from '../exit-code.ts'
import { collect } from '../selection-options.ts'
import { stacksOrReport } from '../stacks-or-report.ts'
import { renderRows } from '../table.ts'

interface StatusOptions {
  readonly cluster: readonly string[]
  readonly json?: boolean
}

/** A stack's state against its files. */
interface StackLine extends StackStatus {
  readonly condition: 'as desired' | 'changed since' | 'interrupted' | 'not applied' | 'applied'
  readonly desired: number
}

const conditionOf = (status: StackStatus, applied: boolean | undefined): StackLine['condition'] => {
  if (!status.exists) return 'not applied'
  if (status.pending.length > 0) return 'interrupted'
  if (applied === undefined) return 'applied'
  return applied ? 'as desired' : 'changed since'
}

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0)

const render = (lines: readonly StackLine[]): string =>
  renderRows(
    ['stack', 'condition', 'resources', 'desired', 'last written'],
    lines.map(({ stack, condition, resources, desired, updatedAt }) => [
      stack,
      condition,
      String(total(resources)),
      String(desired),
      updatedAt ?? '—',
    ]),
    ['resources', 'desired'],
  )

const runStatus = async (
  context: CommandContext,
  organizations: readonly string[],
  options: StatusOptions,
): Promise<void> => {
  const selection = { organizations, clusters: options.cluster }
  const stacks = await stacksOrReport(context, selection, options.json === true)
  if (stacks === undefined) return
  const { project, terminal } = context
  const environment = await runEnvironment(project, terminal)
  const { directory } = await ensureEngine({ report: () => undefined, environment })
  const folder = appliedFolder(environment)
  const lineOf = async (state: StackState): Promise<StackLine> => {
    const status = await stackStatus({ stack: state.stack, engine: directory, environment, project })
    const applied = folder === undefined ? undefined : isApplied(folder, state)
    return { ...status, condition: conditionOf(status, applied), desired: state.resources.length }
  }
  const bounded = pLimit(2)
  const lines = await Promise.all(stacks.map((state) => bounded(() => lineOf(state))))
  terminal.print(options.json === true ? JSON.stringify(lines, null, 2) : render(lines))
  context.finish(exitCode.clean)
}

export const statusCommand = (context: CommandContext): Command =>
  new Command('status')
    .description('Tell what is applied of each stack: touches the state only, no cluster.')
    .argument('[organizations...]', 'of these organizations; all where none is named')
    .option('-c, --cluster <name>', 'on this cluster; may be repeated', collect, [])
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Conditions: as desired; changed since (the files differ from what was applied); interrupted (a run died); not applied;
applied (a back end that keeps no record of the desired state).

Examples:
  $ tenantry status
  $ tenantry status insurance --json`,
    )
    .action((organizations: string[], options: StatusOptions) => runStatus(context, organizations, options))
