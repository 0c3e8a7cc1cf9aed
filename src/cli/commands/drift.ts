import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import { readConnection } from '../../deploy/read-connection.ts'
import { ensureEngine } from '../../engine/engine.ts'
import { listStacks } from '../../engine/list-stacks.ts'
import type { Fleet } from '../../load/fleet.ts'
import { authorsOf } from '../../survey/authors.ts'
import { surveyCluster } from '../../survey/survey-cluster.ts'
import type { CommandContext } from '../command-context.ts'
import { type DriftEffects, type DriftRequest, driftAll } from '../drift-all.ts'
import { driftAsJson, driftExitCode, printDrift } from '../drift-report.ts'
import { runEnvironment } from '../environment.ts'
import { UsageError } from '../exit-code.ts'
import { abortOnInterrupt } from '../interrupt.ts'
import { putRight } from '../put-right.ts'
import { refreshAll } from '../refresh-all.ts'
import { runAll } from '../run-all.ts'
import { checkSelection, type Selection } from '../select.ts'
import { collect, wholeNumber } from '../selection-options.ts'
import { stacksOrReport } from '../stacks-or-report.ts'

interface DriftOptions {
  readonly cluster: readonly string[]
  readonly parallel: number
  readonly fix?: boolean
  readonly json?: boolean
}

const everything: Selection = { organizations: [], clusters: [] }

const isSelected = (stack: string, { clusters, organizations }: Selection): boolean => {
  const dot = stack.indexOf('.')
  const [cluster, organization] = [stack.slice(0, dot), stack.slice(dot + 1)]
  return (
    (clusters.length === 0 || clusters.includes(cluster)) &&
    (organizations.length === 0 || organization === 'platform' || organizations.includes(organization))
  )
}

/** Where the cluster file says, unless the connections file says otherwise. */
const endpointsOf =
  ({ clusters }: Fleet, cluster: string) =>
  () => {
    const found = clusters.find(({ value }) => value.cluster === cluster)
    if (found === undefined) throw new UsageError(`There is no cluster '${cluster}'.`)
    return found.value.endpoints
  }

interface EffectsRequest {
  readonly context: CommandContext
  readonly fleet: Fleet
  readonly engine: string
  readonly environment: NodeJS.ProcessEnv
  readonly parallel: number
}

const effectsOf = ({ context, fleet, engine, environment, parallel }: EffectsRequest): DriftEffects => {
  const { project, terminal } = context
  const base = { project, terminal, engine, environment, parallel, signal: abortOnInterrupt(terminal) }
  return {
    refresh: (stacks) => refreshAll({ ...base, stacks }),
    survey: surveyCluster,
    authors: authorsOf,
    apply: (stacks) => putRight(fleet, { ...base, stacks }, runAll),
    connect: (cluster) =>
      readConnection({
        cluster,
        file: environment.TENANTRY_CONNECTIONS,
        endpoints: endpointsOf(fleet, cluster),
      }),
  }
}

/** What belongs to nobody belongs to no organization either: it is looked for where none is named. */
const clustersToSurvey = ({ clusters }: Fleet, selection: Selection): readonly string[] =>
  selection.organizations.length > 0
    ? []
    : clusters
        .map(({ value }) => value.cluster)
        .filter((cluster) => selection.clusters.length === 0 || selection.clusters.includes(cluster))

/** Those that hold something, whether a file asks for them or not. */
const selectedStacks = async (
  place: Parameters<typeof listStacks>[0],
  selection: Selection,
): Promise<readonly string[]> => {
  const among = (names: readonly string[]) =>
    names.filter((stack) => stack.includes('.') && isSelected(stack, selection))
  return listStacks({ ...place, among })
}

const runDrift = async (
  context: CommandContext,
  selection: Selection,
  options: DriftOptions,
): Promise<void> => {
  const json = options.json === true
  const checked = await stacksOrReport(context, everything, json)
  if (checked === undefined) return
  const { fleet, stacks: desired } = checked
  checkSelection(fleet, selection)
  const { project, terminal } = context
  const environment = await runEnvironment(project, terminal)
  const { directory: engine } = await ensureEngine({ report: terminal.note, environment })
  const request: DriftRequest = {
    fleet,
    desired,
    stacks: await selectedStacks({ engine, environment, project }, selection),
    clusters: clustersToSurvey(fleet, selection),
    environment,
    fix: options.fix === true,
    now: new Date(),
  }
  const effects = effectsOf({ context, fleet, engine, environment, parallel: options.parallel })
  const report = await driftAll(request, effects)
  if (json) terminal.print(JSON.stringify(driftAsJson(report), null, 2))
  else printDrift(terminal, report)
  context.finish(driftExitCode(report))
}

export const driftCommand = (context: CommandContext): Command =>
  new Command('drift')
    .description(
      'Tell what is otherwise than it was applied, by whom, and what is there that belongs to nobody.',
    )
    .argument('[organizations...]', 'of these organizations; all where none is named')
    .option('-c, --cluster <name>', 'on this cluster; may be repeated', collect, [])
    .option('-p, --parallel <count>', 'engines at once', wholeNumber(1, 64), availableParallelism())
    .option('--fix', 'put right what was changed by hand, but for organizations on hold')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Reads every stack, as \`tenantry refresh\` does, and looks around on each cluster for what carries our mark or stands in our
collections and is in no stack: that belongs to nobody and is only told. A stack that no file asks for any more is an issue. Where an organization is named, nobody looks around.
Who changed something is told where its system knows: vCenter does; UCP notes who made a thing, on some versions.

With --fix what was applied before is applied again: nothing of files that were not applied yet. An organization on hold
(\`holds/\`) is told and left as it is.

Exit codes: 0 nothing found, or all of it put right; 1 something is otherwise (or issues in files); 2 usage; 3 something could
not be read or put right.

Examples:
  $ tenantry drift
  $ tenantry drift --cluster prod --json > drift.json
  $ tenantry drift retail-banking --fix`,
    )
    .action((organizations: string[], options: DriftOptions) =>
      runDrift(context, { organizations, clusters: options.cluster }, options),
    )
