import { availableParallelism } from 'node:os'
import { Command, Option } from 'commander'
import pLimit from 'p-limit'
import { initStack } from '../../engine/run-stack.ts'
import { labDown, labEnvironment, labStatus, shellExports } from '../../lab/control.ts'
import { type DockerChoice, dockerChoices, standardDocker } from '../../lab/lab-docker.ts'
import type { Fleet } from '../../load/fleet.ts'
import type { CommandContext } from '../command-context.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { partsTable } from '../lab-report.ts'
import { runOnLab } from '../lab-run.ts'
import { type LabParts, startLabFor } from '../lab-session.ts'
import { loadOrReport } from '../load-or-report.ts'
import { selectStacks } from '../select.ts'
import { wholeNumber } from '../selection-options.ts'

interface PartOptions {
  readonly real: boolean
  readonly docker?: DockerChoice
}

interface UpOptions extends PartOptions {
  readonly json?: boolean
}

const withPartOptions = (command: Command): Command =>
  command
    .option('--no-real', 'stand-ins only, also where real parts are there')
    .addOption(
      new Option(
        '--docker <engine>',
        `Docker Engines: dockerd where it can be run (found: root on Linux), dockerd or nothing (real), or in memory; ${standardDocker} where absent`,
      ).choices(dockerChoices),
    )

/** @throws {UsageError} where the options contradict each other. */
const partsOf = ({ real, docker }: PartOptions): LabParts => {
  if (!real && docker === 'real') throw new UsageError('--no-real and --docker real contradict each other.')
  return { real, docker: docker ?? (real ? standardDocker : 'memory') }
}

/** Empty states of every stack, so that the plain Pulumi CLI finds what it is asked for. */
const initStacks = async (
  { project, terminal }: CommandContext,
  fleet: Fleet,
  engine: string,
): Promise<void> => {
  terminal.note('Making the state of every stack …')
  const environment = { ...process.env, ...(await labEnvironment(project)) }
  const bounded = pLimit(availableParallelism())
  const stacks = selectStacks(fleet, { organizations: [], clusters: [] })
  await Promise.all(
    stacks.map(({ stack }) => bounded(() => initStack({ stack, engine, environment, project }))),
  )
}

const up = async (context: CommandContext, { json, ...parts }: UpOptions): Promise<void> => {
  const fleet = await loadOrReport(context, json === true)
  if (fleet === undefined) return
  const record = await startLabFor(context, fleet, partsOf(parts))
  await initStacks(context, fleet, record.engineFolder ?? '')
  if (json === true) context.terminal.print(JSON.stringify(record, null, 2))
  else {
    context.terminal.print(partsTable(record, context.project))
    context.terminal.print('The lab is running. eval "$(npx tenantry lab env)" points pulumi at it.')
  }
}

const upCommand = (context: CommandContext): Command =>
  withPartOptions(new Command('up').description('Start both clusters on loopback and leave them running.'))
    .option('--json', 'print the parts as JSON')
    .addHelpText('after', '\nExamples:\n  $ tenantry lab up\n  $ tenantry lab up --docker real')
    .action((options: UpOptions) => up(context, options))

const downCommand = (context: CommandContext): Command =>
  new Command('down')
    .description('End the lab with everything it started.')
    .option('--json', 'print the outcome as JSON')
    .addHelpText('after', '\nExample:\n  $ tenantry lab down')
    .action(async ({ json }: { json?: boolean }) => {
      const ended = await labDown(context.project)
      context.terminal.print(
        json === true ? JSON.stringify({ ended }) : ended ? 'The lab is stopped.' : 'No lab was running.',
      )
    })

const statusCommand = (context: CommandContext): Command =>
  new Command('status')
    .description(
      'Tell whether the lab runs, which parts are real, and where they answer. Exit code 3 where none runs.',
    )
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  $ tenantry lab status')
    .action(async ({ json }: { json?: boolean }) => {
      const status = await labStatus(context.project)
      if (json === true) context.terminal.print(JSON.stringify(status, null, 2))
      else if (status.record !== undefined && status.running)
        context.terminal.print(partsTable(status.record, context.project))
      else
        context.terminal.print(
          status.stale ? 'The lab died; `tenantry lab down` cleans up.' : 'No lab is running.',
        )
      context.finish(status.running ? exitCode.clean : exitCode.fault)
    })

const envCommand = (context: CommandContext): Command =>
  new Command('env')
    .description('Print the variables that point pulumi and tenantry at the running lab.')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  $ eval "$(npx tenantry lab env)"')
    .action(async ({ json }: { json?: boolean }) => {
      const environment = await labEnvironment(context.project)
      context.terminal.print(json === true ? JSON.stringify(environment, null, 2) : shellExports(environment))
    })

interface RunOptions extends PartOptions {
  readonly keep?: boolean
  readonly parallel: number
}

const runCommand = (context: CommandContext): Command =>
  withPartOptions(
    new Command('run').description(
      'Start the lab, reconcile every organization twice, tell what was made, stop the lab: the job of npm start.',
    ),
  )
    .option('--keep', 'leave the lab running and tell how to go on')
    .option('-p, --parallel <count>', 'engines at once', wholeNumber(1, 64), availableParallelism())
    .addHelpText('after', '\nExamples:\n  $ tenantry lab run\n  $ tenantry lab run --keep')
    .action(({ keep, parallel, ...parts }: RunOptions) =>
      runOnLab(context, { keep: keep === true, parallel, ...partsOf(parts) }),
    )

export const labCommand = (context: CommandContext): Command =>
  new Command('lab')
    .description('The platform on this machine: both clusters on loopback.')
    .addCommand(upCommand(context))
    .addCommand(downCommand(context))
    .addCommand(statusCommand(context))
    .addCommand(envCommand(context))
    .addCommand(runCommand(context))
