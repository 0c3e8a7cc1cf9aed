import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { isOnCluster } from '../../compile/on-cluster.ts'
import type { Fleet } from '../../load/fleet.ts'
import { parseFleet } from '../../load/load-fleet.ts'
import { renderTenantFile } from '../../load/write-tenant-file.ts'
import { Answers, answersProblems } from '../answers.ts'
import { askForTenant } from '../ask.ts'
import type { CommandContext } from '../command-context.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { fillBlocks } from '../fill-blocks.ts'
import { loadOrReport, reportIssues } from '../load-or-report.ts'

interface NewOptions {
  readonly answers?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

const readAnswers = async (path: string): Promise<Answers> => {
  let content: unknown
  try {
    content = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new UsageError(
      `The answers file ${path} cannot be read as JSON (${cause instanceof Error ? cause.message : String(cause)}).`,
      'See `tenantry new --help` for an example.',
    )
  }
  const result = Answers.safeParse(content)
  if (result.success) return result.data
  throw new UsageError(
    `The answers file ${path} does not describe a tenant:\n  ${answersProblems(content, result.error.issues).join('\n  ')}`,
  )
}

/** The clusters the new tenant will be on, from the same rule as every other's. */
const clustersOf = (fleet: Fleet, answers: Answers): string[] => {
  const { networks: _networks, ...tenant } = answers
  return fleet.clusters.filter(({ value }) => isOnCluster(tenant, value)).map(({ value }) => value.cluster)
}

const runNew = async (context: CommandContext, options: NewOptions): Promise<void> => {
  const { root, terminal } = context
  const fleet = await loadOrReport(context)
  if (fleet === undefined) return
  const answers =
    options.answers === undefined
      ? await askForTenant(fleet.tenants.map(({ value }) => value.organization))
      : await readAnswers(options.answers)
  const file = `tenants/${answers.organization}.ts`
  if (existsSync(join(root, file)))
    throw new UsageError(`${file} exists already.`, 'Edit it, or choose another name.')
  const tenant = fillBlocks(fleet, clustersOf(fleet, answers), answers)
  const text = renderTenantFile(tenant)
  const files = [...fleet.tenants, ...fleet.clusters].map(({ file: name, text: source }) => ({
    file: name,
    text: source,
  }))
  const checked = parseFleet([...files, { file, text }])
  if (!checked.ok) {
    reportIssues(context, checked.issues, new Map([[file, text]]), options.json === true)
    return
  }
  if (options.dryRun !== true) await writeFile(join(root, file), text, { flag: 'wx' })
  if (options.json === true)
    terminal.print(JSON.stringify({ file, written: options.dryRun !== true, tenant }, null, 2))
  else if (options.dryRun === true) terminal.print(text.trimEnd())
  else
    terminal.print(
      `Wrote ${file}. Next: git add ${file}, open a pull request, or see \`npx tenantry preview ${tenant.organization}\`.`,
    )
  context.finish(exitCode.clean)
}

export const newCommand = (context: CommandContext): Command =>
  new Command('new')
    .description('Make a tenant file: asks, or takes the answers from a file; picks free address blocks.')
    .option('--answers <file>', 'a JSON file with the answers instead of questions')
    .option('--dry-run', 'print the file instead of writing it')
    .option('--json', 'print what was made as JSON')
    .addHelpText(
      'after',
      `
The answers file is a tenant as JSON; a network may give "prefix" instead of "subnet":
  { "organization": "claims", "size": "small", "owner": "a@bank.example", "technicalLead": "b@bank.example",
    "costCentre": "CL-1000", "offers": { "run/std": {} },
    "teams": { "developers": { "role": "developer", "ldapGroup": "CN=CL-Dev,OU=Groups,DC=bank,DC=example" } },
    "applications": { "intake": { "environments": ["dev", "prod"] } },
    "networks": { "backend": { "kind": "overlay", "prefix": 26 } } }

Examples:
  $ tenantry new
  $ tenantry new --answers claims.json
  $ tenantry new --answers claims.json --dry-run`,
    )
    .action((options: NewOptions) => runNew(context, options))
