import { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { exitCode } from '../exit-code.ts'
import { loadOrReport } from '../load-or-report.ts'
import { plural } from '../terminal.ts'

const runValidate = async (context: CommandContext, options: { readonly json?: boolean }): Promise<void> => {
  const fleet = await loadOrReport(context, options.json === true)
  if (fleet === undefined) return
  const { terminal } = context
  const counts = { tenants: fleet.tenants.length, clusters: fleet.clusters.length }
  if (options.json === true) terminal.print(JSON.stringify({ ok: true, ...counts, issues: [] }, null, 2))
  else
    terminal.print(
      `${plural(counts.tenants, 'tenant')} and ${plural(counts.clusters, 'cluster')}: ${terminal.color.green('no issues')}.`,
    )
  context.finish(exitCode.clean)
}

export const validateCommand = (context: CommandContext): Command =>
  new Command('validate')
    .description('Check every tenant and cluster file; touches no cluster.')
    .option('--json', 'print issues as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 no issues, 1 issues, 2 usage, 3 a fault.

Examples:
  $ tenantry validate
  $ tenantry validate --json | jq '.issues[].code'`,
    )
    .action((options: { json?: boolean }) => runValidate(context, options))
