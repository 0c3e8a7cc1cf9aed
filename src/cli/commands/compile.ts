import { Command } from 'commander'
import { canonicalJson } from '../../core/canonical.ts'
import { renderStackTable } from '../../plan/render-table.ts'
import type { CommandContext } from '../command-context.ts'
import { collect } from '../selection-options.ts'
import { stacksOrReport } from '../stacks-or-report.ts'

interface CompileOptions {
  readonly cluster: readonly string[]
  readonly json?: boolean
}

/** A table keeps its columns on a narrow terminal: what does not fit is cut; nothing is where it is piped. */
const fitted = (table: string, width: number | undefined): string =>
  width === undefined
    ? table
    : table
        .split('\n')
        .map((line) => (line.length > width ? `${line.slice(0, width - 1)}…` : line))
        .join('\n')

const runCompile = async (
  context: CommandContext,
  organizations: readonly string[],
  options: CompileOptions,
): Promise<void> => {
  const selection = { organizations, clusters: options.cluster }
  const checked = await stacksOrReport(context, selection, options.json === true)
  if (checked === undefined) return
  const all = checked.stacks
  const stacks = organizations.length === 0 ? all : all.filter(({ organization }) => organization !== null)
  if (options.json === true) context.terminal.print(canonicalJson({ stacks }, 2))
  else
    for (const stack of stacks)
      context.terminal.print(fitted(renderStackTable(stack), context.terminal.width))
}

export const compileCommand = (context: CommandContext): Command =>
  new Command('compile')
    .description('Print the desired state of stacks; touches no cluster.')
    .argument('[organizations...]', 'of these organizations; all where none is named')
    .option('-c, --cluster <name>', 'on this cluster; may be repeated', collect, [])
    .option('--json', 'as JSON, the same byte by byte for the same files')
    .addHelpText(
      'after',
      `
Examples:
  $ tenantry compile retail-banking --cluster nonprod
  $ tenantry compile --json > desired.json`,
    )
    .action((organizations: string[], options: CompileOptions) => runCompile(context, organizations, options))
