import { Command } from 'commander'
import pLimit from 'p-limit'
import { ensureEngine } from '../../engine/engine.ts'
import { listStacks } from '../../engine/list-stacks.ts'
import { type StackStatus, stackStatus } from '../../engine/stack-status.ts'
import type { StackState } from '../../model/desired-state.ts'
import { appliedFolder, isApplied } from '../applied.ts'
import type { CommandContext } from '../command-context.ts'
import { runEnvironment } from '../environment.ts'
import { exitCode } from '../exit-code.ts'
import { collect } from '../selection-options.ts'
import { stacksOrReport } from '../stacks-or-report.ts'
import { type StrayStack, strayStacks, wayOut } from '../stray-stacks.ts'
import { renderRows } from '../table.ts'
import type { Terminal } from '../terminal.ts'

interface StatusOptions {
  readonly cluster: readonly string[]
  readonly json?: boolean
}

/** A stack's state against its files. */
interface StackLine extends StackStatus {
  readonly condition:
    | 'as desired'
    | 'changed since'
    | 'frozen'
    | 'interrupted'
    | 'not applied'
    | 'applied'
    | 'no file'
  readonly desired: number
  /** Of a stack that no file asks for: the command that takes it away. */
  readonly wayOut?: string
}

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0)

const conditionOf = (
  status: StackStatus,
  { lifecycle }: StackState,
  applied: boolean | undefined,
): StackLine['condition'] => {
  if (status.pending.length > 0) return 'interrupted'
  if (total(status.resources) === 0) return 'not applied'
  if (lifecycle === 'frozen') return 'frozen'
  if (applied === undefined) return 'applied'
  return applied ? 'as desired' : 'changed since'
}

/** `2026-11-22T18:06:58.873805507Z` → `2026-11-22 18:06:58`, in UTC. */
const formatTime = (iso: string): string => iso.slice(0, 19).replace('T', ' ')

const render = (lines: readonly StackLine[]): string =>
  renderRows(
    ['stack', 'condition', 'resources', 'desired', 'last written (UTC)'],
    lines.map(({ stack, condition, resources, desired, updatedAt }) => [
      stack,
      condition,
      String(total(resources)),
      String(desired),
      updatedAt === undefined ? '—' : formatTime(updatedAt),
    ]),
    ['resources', 'desired'],
  )

const printLines = (terminal: Terminal, lines: readonly StackLine[]): void => {
  terminal.print(render(lines))
  for (const { stack, wayOut: way } of lines)
    if (way !== undefined) terminal.print(`No file asks for ${stack}: \`${way}\` takes it away.`)
}

const runStatus = async (
  context: CommandContext,
  organizations: readonly string[],
  options: StatusOptions,
): Promise<void> => {
  const selection = { organizations, clusters: options.cluster }
  const checked = await stacksOrReport(context, selection, options.json === true)
  if (checked === undefined) return
  const { project, terminal } = context
  const environment = await runEnvironment(project, terminal)
  const { directory } = await ensureEngine({ report: () => undefined, environment })
  const folder = appliedFolder(environment)
  const place = { engine: directory, environment, project }
  const lineOf = async (state: StackState): Promise<StackLine> => {
    const status = await stackStatus({ ...place, stack: state.stack })
    const applied = folder === undefined ? undefined : isApplied(folder, state)
    return { ...status, condition: conditionOf(status, state, applied), desired: state.resources.length }
  }
  const strayLine = async (stray: StrayStack): Promise<StackLine> => ({
    ...(await stackStatus({ ...place, stack: stray.stack })),
    condition: 'no file',
    desired: 0,
    wayOut: wayOut(stray),
  })
  const bounded = pLimit(2)
  const stray = strayStacks(checked.fleet, await listStacks(place), selection)
  const lines = await Promise.all([
    ...checked.stacks.map((state) => bounded(() => lineOf(state))),
    ...stray.map((one) => bounded(() => strayLine(one))),
  ])
  if (options.json === true) terminal.print(JSON.stringify(lines, null, 2))
  else printLines(terminal, lines)
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
Conditions: as desired; changed since (the files differ from what was applied); frozen (left as it is); interrupted (a run died);
not applied; no file (applied once, and no file asks for it any more); applied (a back end that keeps no record of the desired state).

Examples:
  $ tenantry status
  $ tenantry status insurance --json`,
    )
    .action((organizations: string[], options: StatusOptions) => runStatus(context, organizations, options))
