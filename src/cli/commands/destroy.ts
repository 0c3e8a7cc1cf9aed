import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { tenantStack } from '../../compile/stack-name.ts'
import { ensureEngine } from '../../engine/engine.ts'
import { listStacks } from '../../engine/list-stacks.ts'
import { runStacks } from '../../engine/run-stacks.ts'
import { stackStatus } from '../../engine/stack-status.ts'
import { didYouMean } from '../../load/did-you-mean.ts'
import { loadFleet } from '../../load/load-fleet.ts'
import { liftedBy } from '../../plan/valve.ts'
import { organizationMadeAs } from '../../tenant/former-name.ts'
import { appliedFolder, forgetApplied } from '../applied.ts'
import type { CommandContext } from '../command-context.ts'
import { confirmName } from '../confirm-name.ts'
import { runEnvironment } from '../environment.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { abortOnInterrupt } from '../interrupt.ts'
import { forgetLivePools } from '../live-machines.ts'
import { printReport, stackLine } from '../run-report.ts'
import { collect } from '../selection-options.ts'
import { valveInput } from '../valve-input.ts'

interface DestroyOptions {
  readonly cluster: readonly string[]
  readonly yes?: string
  readonly json?: boolean
}

const organizationOf = (stack: string): string => stack.slice(stack.indexOf('.') + 1)
const clusterOf = (stack: string): string => stack.slice(0, stack.indexOf('.'))

/** The organization's stacks that exist, whether its file still does or not. */
const stacksOf = (
  existing: readonly string[],
  organization: string,
  clusters: readonly string[],
): readonly string[] => {
  const found = existing.filter(
    (stack) =>
      organizationOf(stack) === organization &&
      (clusters.length === 0 || clusters.includes(clusterOf(stack))),
  )
  if (found.length > 0) return found
  const known = [...new Set(existing.map(organizationOf))]
  throw new UsageError(
    `Nothing of '${organization}' is applied${clusters.length === 0 ? '' : ` on ${clusters.join(', ')}`}.`,
    known.length === 0 ? 'No stack holds anything.' : didYouMean(organization, known),
  )
}

/** Files that cannot be understood stop nobody here. @throws {UsageError} where one says that the organization is frozen. */
const refuseFrozen = async (
  { root }: CommandContext,
  organization: string,
  clusters: readonly string[],
): Promise<void> => {
  const fleet = await loadFleet(root, null)
  const file = fleet.ok
    ? fleet.value.tenants.find(({ value }) => organizationMadeAs(value) === organization)
    : undefined
  if (!fleet.ok || file?.value.lifecycle !== 'frozen') return
  const isLifted = liftedBy(valveInput(fleet.value, new Date()))
  const held = fleet.value.clusters
    .map(({ value }) => value.cluster)
    .filter((cluster) => clusters.length === 0 || clusters.includes(cluster))
    .filter((cluster) => !isLifted('frozen', { stack: tenantStack(cluster, organization), organization }))
  if (held.length === 0) return
  throw new UsageError(
    `${organization} is frozen on ${held.join(' and ')}: nothing of it changes. Nothing was removed.`,
    `Take \`lifecycle: 'frozen'\` out of ${file.file}, or lift 'frozen' by an override.`,
  )
}

const runDestroy = async (
  context: CommandContext,
  organization: string,
  options: DestroyOptions,
): Promise<void> => {
  const { project, terminal } = context
  if (organization === 'platform')
    throw new UsageError(
      'The platform of a cluster is not an organization.',
      'Use `pulumi destroy --stack <cluster>.platform` when a cluster goes.',
    )
  await refuseFrozen(context, organization, options.cluster)
  const environment = await runEnvironment(project, terminal)
  const { directory: engine } = await ensureEngine({ report: terminal.note, environment })
  const base = { engine, environment, project }
  const stacks = stacksOf(await listStacks(base), organization, options.cluster)
  for (const stack of stacks) {
    const { resources } = await stackStatus({ ...base, stack })
    const held = Object.entries(resources).map(
      ([type, count]) => `${count} ${type.slice(type.lastIndexOf(':') + 1)}`,
    )
    terminal.note(`${stack}: ${held.join(', ') || 'empty'}`)
  }
  terminal.note('Volumes and the Vault mount keep their data: they leave the state, not the world.')
  await confirmName({ organization, yes: options.yes, act: 'destroy' })
  const started = performance.now()
  const folder = appliedFolder(environment)
  for (const stack of stacks) if (folder !== undefined) await forgetApplied(folder, stack)
  const results = await runStacks(
    stacks.map((stack) => ({ ...base, stack })),
    {
      operation: 'destroy',
      parallel: availableParallelism(),
      onDone: (result) => terminal.note(stackLine(terminal, result)),
      signal: abortOnInterrupt(terminal),
    },
  )
  for (const { stack, outcome } of results)
    if (outcome === 'succeeded') await forgetLivePools(environment, stack)
  const seconds = (performance.now() - started) / 1000
  if (options.json === true) terminal.print(JSON.stringify({ results, seconds }, null, 2))
  else printReport(terminal, { results, skipped: [], seconds })
  if (existsSync(join(context.root, 'tenants', `${organization}.ts`)))
    terminal.note(`While tenants/${organization}.ts is in git, the next \`up\` makes the organization again.`)
  context.finish(results.every(({ outcome }) => outcome === 'succeeded') ? exitCode.clean : exitCode.fault)
}

export const destroyCommand = (context: CommandContext): Command =>
  new Command('destroy')
    .description('Take an organization off its clusters, once its name has been typed. Data is kept.')
    .argument('<organization>', 'the organization')
    .option('-c, --cluster <name>', 'only from this cluster; may be repeated', collect, [])
    .option('--yes <organization>', 'the name once more, instead of typing it')
    .option('--json', 'print the outcome as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tenantry destroy innovation-lab
  $ tenantry destroy innovation-lab --cluster nonprod --yes innovation-lab`,
    )
    .action((organization: string, options: DestroyOptions) => runDestroy(context, organization, options))
