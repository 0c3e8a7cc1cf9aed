import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { Command } from 'commander'
import type { Issue } from '../../core/issue.ts'
import { ensureEngine } from '../../engine/engine.ts'
import { listStacks } from '../../engine/list-stacks.ts'
import { runStacks } from '../../engine/run-stacks.ts'
import type { StackResult } from '../../engine/stack-result.ts'
import { fileFault } from '../../engine/state-fault.ts'
import {
  type OffboardingChoices,
  type OffboardingReport,
  offboardingIssues,
  type Remnant,
  type RemovedResource,
  remnantKindText,
  remnantText,
  renderOffboarding,
  sortRemnants,
} from '../../plan/offboarding.ts'
import { tenantRemnants } from '../../survey/tenant-remnants.ts'
import { appliedFolder, forgetApplied } from '../applied.ts'
import type { CommandContext } from '../command-context.ts'
import { confirmName } from '../confirm-name.ts'
import { addDeparted, forgetDeparted, readDeparted } from '../departed.ts'
import { runEnvironment } from '../environment.ts'
import { exitCode } from '../exit-code.ts'
import { abortOnInterrupt } from '../interrupt.ts'
import { forgetLivePools } from '../live-machines.ts'
import { loadOrReport, reportIssues } from '../load-or-report.ts'
import {
  atWorkIssues,
  connectedTo,
  type Leaver,
  leaverOf,
  removedBy,
  retainedKeys,
  searchOf,
  sortRemoved,
  unappliedIssues,
} from '../offboard.ts'
import { printFailures, stackLine } from '../run-report.ts'
import { collect } from '../selection-options.ts'
import { renderRows } from '../table.ts'

interface OffboardOptions extends Partial<OffboardingChoices> {
  readonly cluster: readonly string[]
  readonly check?: boolean
  readonly yes?: string
  readonly output?: string
  readonly json?: boolean
}

interface Offboarding {
  readonly context: CommandContext
  readonly options: OffboardOptions
  readonly leaver: Leaver
  readonly environment: NodeJS.ProcessEnv
  readonly engine: string
  readonly choices: OffboardingChoices
}

/** A back end that cannot be read is no empty one. @throws {Fault} as the clients do. */
const observe = async ({ leaver, environment, context }: Offboarding): Promise<readonly Remnant[]> => {
  context.terminal.status(`Looking at ${leaver.clusters.map(({ cluster }) => cluster).join(' and ')} …`)
  const found = await Promise.all(
    leaver.clusters.map((cluster) =>
      tenantRemnants(connectedTo(cluster, environment), searchOf(leaver, cluster, environment)),
    ),
  )
  context.terminal.status('')
  return sortRemnants(found.flat())
}

const printRemnants = ({ context }: Offboarding, remnants: readonly Remnant[]): void => {
  if (remnants.length === 0) {
    context.terminal.print('Nothing is left in any back end.')
    return
  }
  context.terminal.print(
    renderRows(
      ['cluster', 'kind', 'what', 'made by'],
      remnants.map((one) => [
        one.cluster,
        remnantKindText(one.kind),
        remnantText(one),
        one.isOwn ? 'its stack' : 'others',
      ]),
    ),
  )
}

/** Prints what stands in the way; true where nothing does. */
const mayLeave = (
  { context, options, leaver, choices, environment }: Offboarding,
  remnants: readonly Remnant[],
): boolean => {
  const issues: readonly Issue[] = [
    ...atWorkIssues(leaver),
    ...unappliedIssues(leaver, environment),
    ...offboardingIssues(leaver.organization, remnants, choices),
  ]
  if (issues.length === 0) return true
  const texts = leaver.file === undefined ? [] : [[leaver.file.file, leaver.file.text] as const]
  if (options.json === true) context.terminal.print(JSON.stringify({ ok: false, issues, remnants }, null, 2))
  else reportIssues(context, issues, new Map(texts), false)
  context.finish(exitCode.issues)
  return false
}

const removeStacks = async ({
  context: { project, terminal },
  leaver,
  environment,
  engine,
}: Offboarding): Promise<readonly StackResult[]> => {
  const stacks = leaver.clusters.map(({ cluster }) => `${cluster}.${leaver.organization}`)
  const existing = new Set(await listStacks({ engine, environment, project }))
  const results = await runStacks(
    stacks.filter((stack) => existing.has(stack)).map((stack) => ({ stack, engine, environment, project })),
    {
      operation: 'destroy',
      parallel: availableParallelism(),
      onDone: (result) => terminal.note(stackLine(terminal, result)),
      signal: abortOnInterrupt(terminal),
    },
  )
  const folder = appliedFolder(environment)
  for (const { stack, outcome } of results)
    if (folder !== undefined && outcome === 'succeeded') {
      await forgetApplied(folder, stack)
      await forgetLivePools(environment, stack)
    }
  return results
}

const reportOf = (
  { leaver, choices }: Offboarding,
  { isComplete, removed, kept }: Pick<OffboardingReport, 'isComplete' | 'removed' | 'kept'>,
): OffboardingReport => ({
  organization: leaver.organization,
  at: new Date().toISOString(),
  clusters: leaver.clusters.map(({ cluster }) => cluster),
  choices,
  isComplete,
  removed,
  kept,
})

const tell = async ({ context, options, leaver }: Offboarding, report: OffboardingReport): Promise<void> => {
  const { terminal } = context
  const json = JSON.stringify(report, null, 2)
  if (options.output !== undefined) {
    const file = resolve(options.output)
    await writeFile(file, `${json}\n`).catch((error: unknown) => {
      throw fileFault(error, 'The report of the offboarding', file)
    })
    terminal.note(`The report stands in ${options.output}.`)
  }
  if (options.json === true) terminal.print(json)
  else for (const line of renderOffboarding(report)) terminal.print(line)
  if (leaver.file !== undefined && report.isComplete)
    terminal.note(
      `Delete ${leaver.file.file} now: while it is in git, the next \`up\` brings the organization back.`,
    )
}

/** What went of the stacks, now and before; kept until the report is told. */
const wentOf = async (
  { environment }: Offboarding,
  stacks: readonly string[],
  gone: readonly RemovedResource[],
): Promise<readonly RemovedResource[]> => {
  const before = stacks.flatMap((stack) => readDeparted(environment, stack))
  await addDeparted(environment, gone)
  return sortRemoved([...before, ...gone])
}

const leave = async (offboarding: Offboarding): Promise<void> => {
  const { context, leaver, environment } = offboarding
  const retained = new Map(
    leaver.clusters.map((cluster) => [
      `${cluster.cluster}.${leaver.organization}`,
      retainedKeys(leaver, cluster, environment),
    ]),
  )
  const results = await removeStacks(offboarding)
  const removed = await wentOf(offboarding, [...retained.keys()], removedBy(results, retained))
  const isComplete = results.every(({ outcome }) => outcome === 'succeeded')
  const kept = await observe(offboarding)
  await tell(offboarding, reportOf(offboarding, { isComplete, removed, kept }))
  printFailures(context.terminal, results)
  if (isComplete) for (const stack of retained.keys()) await forgetDeparted(environment, stack)
  context.finish(isComplete ? exitCode.clean : exitCode.fault)
}

const runOffboard = async (
  context: CommandContext,
  organization: string,
  options: OffboardOptions,
): Promise<void> => {
  const { project, terminal } = context
  const fleet = await loadOrReport(context, options.json === true)
  if (fleet === undefined) return
  const environment = await runEnvironment(project, terminal)
  const { directory: engine } = await ensureEngine({ report: terminal.note, environment })
  const existing = await listStacks({ engine, environment, project })
  const leaver = leaverOf(fleet, organization, { existing, named: options.cluster })
  const choices = { keepData: options.keepData === true, discardImages: options.discardImages === true }
  const offboarding = { context, options, leaver, environment, engine, choices }
  const remnants = await observe(offboarding)
  if (options.json !== true) printRemnants(offboarding, remnants)
  if (!mayLeave(offboarding, remnants)) return
  if (options.check === true) {
    if (options.json === true) terminal.print(JSON.stringify({ ok: true, remnants }, null, 2))
    else terminal.print(`Nothing stands in the way: ${organization} may leave.`)
    return
  }
  await confirmName({ organization, yes: options.yes, act: 'offboard' })
  await leave(offboarding)
}

export const offboardCommand = (context: CommandContext): Command =>
  new Command('offboard')
    .description('Let an organization leave: look whether it is empty in every back end, then take it away.')
    .argument('<organization>', 'the organization')
    .option('-c, --cluster <name>', 'only from this cluster; may be repeated', collect, [])
    .option('--check', 'only look: services, tasks, agents, volumes, secrets, images, VMs')
    .option('--keep-data', 'volumes and secrets in Vault that hold something stay behind')
    .option('--discard-images', 'images go with their repositories')
    .option('--yes <organization>', 'the name once more, instead of typing it')
    .option('-o, --output <file>', 'write the report of what was removed and kept there, as JSON')
    .option('--json', 'print the outcome as JSON')
    .addHelpText(
      'after',
      `
An organization leaves in steps: lifecycle 'draining' in its file (no new workload, access read-only), a look with --check until
nothing stands in the way, lifecycle 'archived' (everything goes but retained data), then this command, then its file.

Exit codes: 0 it left, 1 something stands in the way and nothing was removed, 2 usage, 3 a fault.

Examples:
  $ tenantry offboard innovation-lab --check
  $ tenantry offboard innovation-lab --keep-data --output innovation-lab.json`,
    )
    .action((organization: string, options: OffboardOptions) => runOffboard(context, organization, options))
