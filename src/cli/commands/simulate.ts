import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type ComparedRun, compare, type Variant, variantsOf } from '../../simulate/compare.ts'
import { comparisonRows } from '../../simulate/comparison-rows.ts'
import { plot } from '../../simulate/plot.ts'
import type { Scenario } from '../../simulate/scenario.ts'
import { shippedScenarios } from '../../simulate/scenarios/shipped.ts'
import { type Asked, askFor } from '../../simulate/what-if.ts'
import { ReservationPolicy } from '../../tenant/schema.ts'
import { type PoolSettings, parsePoolName, poolSettings } from '../cluster-pool.ts'
import type { CommandContext } from '../command-context.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { loadOrReport } from '../load-or-report.ts'
import { type RehearsalInput, rehearsalInputs, shippedScenario } from '../rehearsal-input.ts'
import { wholeNumber } from '../selection-options.ts'
import { renderRows } from '../table.ts'

interface SimulateOptions {
  readonly all?: boolean
  readonly file?: string
  readonly load?: string
  readonly pool?: string
  readonly set: readonly Asked[]
  readonly min?: number
  readonly max?: number
  readonly machine?: string
  readonly reservation?: string
  readonly seed?: number
  readonly write?: string
  readonly print?: string
  readonly decisions?: boolean
  readonly json?: boolean
}

const asked = (text: string, before: readonly Asked[]): Asked[] => {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Give a field and its value, e.g. pause.loadPercent=85.')
  return [...before, { field: text.slice(0, at), value: text.slice(at + 1) }]
}

/** `32:128Gi`, or a machine of the pool's cluster by name, as what is asked for. */
const askedMachine = (text: string, pool: PoolSettings | undefined): Asked[] => {
  const named = pool !== undefined && Object.hasOwn(pool.machines, text) ? pool.machines[text] : undefined
  const [cpus = '', memory = ''] = named === undefined ? text.split(':') : [String(named.cpus), named.memory]
  return [
    { field: 'machine.cpus', value: cpus },
    { field: 'machine.memory', value: memory },
  ]
}

const allAsked = (
  { set, min, max, machine, reservation }: SimulateOptions,
  pool: PoolSettings | undefined,
): Asked[] => [
  ...(min === undefined ? [] : [{ field: 'min', value: String(min) }]),
  ...(max === undefined ? [] : [{ field: 'max', value: String(max) }]),
  ...(machine === undefined ? [] : askedMachine(machine, pool)),
  ...(reservation === undefined ? [] : [{ field: 'policy', value: reservation }]),
  ...set,
]

/** The scenario's own runs; with what was asked for beside them, where something was. */
const variantsFor = (
  scenario: Scenario,
  options: SimulateOptions,
  pool: PoolSettings | undefined,
): Variant[] => {
  const wishes = allAsked(options, pool)
  if (wishes.length === 0) return variantsOf(scenario)
  const found = askFor(scenario.settings, wishes)
  if (!found.ok)
    throw new UsageError(
      `${scenario.name} cannot be rehearsed like that:\n  ${found.issues.join('\n  ')}`,
      'Fields are those of `settings` in `tenantry simulate --print growth`.',
    )
  return [
    { name: 'as it is', settings: scenario.settings },
    { name: 'as asked', settings: found.value },
  ]
}

const prepared = (
  input: RehearsalInput,
  pool: PoolSettings | undefined,
  seed: number | undefined,
): RehearsalInput => {
  const { scenario } = input
  const onPool =
    pool === undefined
      ? scenario
      : {
          ...scenario,
          prices: pool.prices,
          settings: { ...scenario.settings, ...pool.settings },
          variants: [],
        }
  return { ...input, scenario: { ...onPool, seed: seed ?? scenario.seed } }
}

const hours = (second: number): string => `${(second / 3600).toFixed(2)} h`

const tell = (
  context: CommandContext,
  scenario: Scenario,
  runs: readonly ComparedRun[],
  decisions: boolean,
): void => {
  const { terminal } = context
  const [head = [], ...rows] = comparisonRows(runs, scenario.prices.currency)
  terminal.print(terminal.color.bold(scenario.title))
  terminal.print(renderRows(head, rows, head.slice(1)))
  for (const { name, deeds } of decisions ? runs : []) {
    terminal.print(`\n${name}:`)
    for (const { second, sentence } of deeds) terminal.print(`  ${hours(second).padStart(10)}  ${sentence}`)
  }
  terminal.print('')
}

const save = async (folder: string, scenario: Scenario, runs: readonly ComparedRun[]): Promise<string> => {
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${scenario.name}.svg`)
  await writeFile(path, plot(scenario, runs))
  return path
}

const resultOf = (scenario: Scenario, runs: readonly ComparedRun[]) => ({
  scenario: scenario.name,
  seed: scenario.seed,
  currency: scenario.prices.currency,
  runs: runs.map(({ name, settings, totals, deeds }) => ({ name, settings, totals, deeds })),
})

const list = ({ terminal }: CommandContext): void => {
  const rows = shippedScenarios.map(({ name, title }) => [name, title])
  terminal.print(renderRows(['SCENARIO', 'WHAT IT SHOWS'], rows))
  terminal.print('\nRehearse one with `tenantry simulate <name>`.')
}

const poolOf = async (
  context: CommandContext,
  name: string | undefined,
): Promise<PoolSettings | 'refused' | undefined> => {
  if (name === undefined) return undefined
  const parsed = parsePoolName(name)
  const fleet = await loadOrReport(context)
  return fleet === undefined ? 'refused' : poolSettings(fleet, parsed)
}

const rehearseAll = async (
  context: CommandContext,
  inputs: readonly RehearsalInput[],
  { options, pool }: { options: SimulateOptions; pool: PoolSettings | undefined },
): Promise<void> => {
  const results: ReturnType<typeof resultOf>[] = []
  for (const { scenario, load } of inputs) {
    context.terminal.status(`rehearses ${scenario.name}`)
    const runs = compare(scenario, variantsFor(scenario, options, pool), load)
    if (options.json === true) results.push(resultOf(scenario, runs))
    else tell(context, scenario, runs, options.decisions === true)
    if (options.write !== undefined)
      context.terminal.note(`Wrote ${await save(options.write, scenario, runs)}.`)
  }
  if (options.json === true) context.terminal.print(JSON.stringify(results, null, 2))
  context.finish(exitCode.clean)
}

const runSimulate = async (
  context: CommandContext,
  names: readonly string[],
  options: SimulateOptions,
): Promise<void> => {
  if (options.print !== undefined)
    return context.terminal.print(JSON.stringify(shippedScenario(options.print), null, 2))
  const choice = {
    names,
    all: options.all === true,
    ...(options.file === undefined ? {} : { file: options.file }),
    ...(options.load === undefined ? {} : { recording: options.load }),
  }
  const inputs = await rehearsalInputs(choice)
  if (inputs.length === 0) return list(context)
  const pool = await poolOf(context, options.pool)
  if (pool === 'refused') return
  await rehearseAll(
    context,
    inputs.map((input) => prepared(input, pool, options.seed)),
    { options, pool },
  )
}

const examples = `
A recording is CSV with a first line of column names, or JSON lines with these fields; a line holds until the next
one of its service: seconds, service, containers, cpuMillis, memoryBytes (used by one container), cpuLimitMillis,
memoryLimitBytes, cpuFloorMillis, memoryFloorBytes (what one needs after its start).

Examples:
  $ tenantry simulate
  $ tenantry simulate monday --set pause.loadPercent=85 --set watch.cluster.maxStep=6
  $ tenantry simulate reservation --write plots
  $ tenantry simulate --load june.csv --pool nonprod/std --max 40 --decisions`

export const simulateCommand = (context: CommandContext): Command =>
  new Command('simulate')
    .description(
      'Rehearse both watchers on recorded or generated load, and what would be if; touches no cluster.',
    )
    .argument('[scenarios...]', 'shipped scenarios by name; a list of them where nothing is named')
    .option('--all', 'every shipped scenario')
    .option('--file <file>', 'a scenario of your own, as JSON')
    .option('--load <file>', 'recorded load, as CSV or JSON lines')
    .option('--pool <cluster/pool>', 'with limits, machine, thresholds, waits and prices of this pool')
    .option('--min <VMs>', 'what if the pool had so many at least', wholeNumber(1, 1000))
    .option('--max <VMs>', 'what if it had so many at most', wholeNumber(1, 1000))
    .option(
      '--machine <kind>',
      'what if its VMs were of this kind: 32:128Gi, or with --pool a machine of its cluster',
    )
    .addOption(
      new Option('--reservation <policy>', 'what if this were reserved').choices(ReservationPolicy.options),
    )
    .option('--set <field=value>', 'what if another setting were so; may be repeated', asked, [])
    .option('--seed <number>', 'another run of the same kind', wholeNumber(0, 2 ** 31 - 1))
    .option('--write <folder>', 'write an SVG of each scenario there')
    .option('--print <scenario>', 'print a shipped scenario as JSON, to begin one of your own with')
    .option('--decisions', 'print what the cluster watcher did, with its reasons')
    .option('--json', 'print figures and decisions as JSON')
    .addHelpText('after', examples)
    .action((names: string[], options: SimulateOptions) => runSimulate(context, names, options))
