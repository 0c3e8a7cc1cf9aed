import { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { MergeOptions } from '../compose/merge-options.ts'
import { type MeasureOptions, runMeasure } from '../compose/run-measure.ts'
import { runMerge } from '../compose/run-merge.ts'
import { collect, wholeNumber } from '../selection-options.ts'

const mergeExamples = `
The first file is the developers', the last one the operators', those between are the integrators'. Each sets what is its own;
what it sets of another's is an issue with its line. Every value of the stack says in a comment which file and line gave it.
Relative paths in the files begin at the folder of the first one.
Exit codes: 0 clean, 1 issues in the files, 2 usage, 3 a fault.

Examples:
  $ tenantry compose merge dev.yml ops.yml --tenant retail-banking --cluster prod > stack.yml
  $ tenantry compose merge dev.yml test.yml ops.yml --tenant retail-banking --cluster prod --application payments \\
      --output stack.yml && docker stack deploy --compose-file stack.yml payments
  $ tenantry compose merge dev.yml ops.yml --tenant retail-banking --cluster prod --explain services.api.deploy.resources`

const mergeCommand = (context: CommandContext): Command =>
  new Command('merge')
    .description(
      "Merge developers' and operators' compose files into the stack file of a tenant on a cluster.",
    )
    .argument('<files...>', "the developers' file first, the operators' last")
    .requiredOption('-t, --tenant <organization>', 'whose stack it is')
    .requiredOption('-c, --cluster <name>', 'where it is to run')
    .option(
      '-a, --application <name>',
      'of the tenant, which the stack is; decides on rights and reservation',
    )
    .option(
      '--env-file <file>',
      'values of variables; `.env` beside the first file where absent; may be repeated',
      collect,
      [],
    )
    .option('--profile <name>', 'services of this profile too, `*` for all; may be repeated', collect, [])
    .option(
      '--measured <file>',
      'what services needed after their start, for the reservation `minimum`, as `compose measure` writes it',
    )
    .option('--explain <path>', 'tell which file and line gave each value there, instead of the stack')
    .option('-o, --output <file>', 'write the stack there instead of printing it')
    .option('--json', 'the stack, its warnings and Vault references as JSON')
    .addHelpText('after', mergeExamples)
    .action((files: string[], options: MergeOptions) => runMerge(context, files, options))

const measureExamples = `
Waits until every task of the stack runs, lets them calm down after their start, then looks at what their containers use. Of a
service the container that needs most counts: its mean of CPU, and its most memory without what the kernel caches of files.
Measure where the load is what the reservation is to be for: the reservation \`minimum\` wants a start under the least load.
Changes nothing. It needs an account that may view the stack and the stats of its containers.
Exit codes: 0 every service measured, 1 not all of them, or issues in the files, 2 usage, 3 a fault.

Examples:
  $ tenantry compose measure payments --tenant retail-banking --cluster nonprod --output measured.json
  $ tenantry compose merge dev.yml ops.yml --tenant retail-banking --cluster prod --measured measured.json`

const longestSeconds = 24 * 60 * 60

const measureCommand = (context: CommandContext): Command =>
  new Command('measure')
    .description(
      'Measure what the services of a stack need after their start, for the reservation `minimum`.',
    )
    .argument('<stack>', 'its name on the cluster, as `docker stack ls` shows it')
    .requiredOption('-t, --tenant <organization>', 'whose stack it is')
    .requiredOption('-c, --cluster <name>', 'where it runs')
    .option('--wait <seconds>', 'for all tasks to run', wholeNumber(0, longestSeconds), 300)
    .option('--settle <seconds>', 'after that, before the first look', wholeNumber(0, longestSeconds), 60)
    .option('--for <seconds>', 'how long to look', wholeNumber(1, longestSeconds), 120)
    .option('-o, --output <file>', 'write the measures there instead of printing them')
    .addHelpText('after', measureExamples)
    .action((stack: string, options: MeasureOptions) => runMeasure(context, stack, options))

export const composeCommand = (context: CommandContext): Command =>
  new Command('compose')
    .description("Make production stacks of developers' and operators' compose files.")
    .addCommand(mergeCommand(context))
    .addCommand(measureCommand(context))
