import { Command, Option } from 'commander'
import { catalogue } from '../../compliance/catalogue.ts'
import { needWords } from '../../compliance/catalogue-page.ts'
import { didYouMean } from '../../load/did-you-mean.ts'
import type { CommandContext } from '../command-context.ts'
import { checkFiles } from '../compliance/check-files.ts'
import { type CheckOptions, formats, namedScan, output, severity } from '../compliance/check-options.ts'
import { imagesFrom } from '../compliance/read-images.ts'
import { policyRows } from '../compliance/show-policy.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { loadOrReport } from '../load-or-report.ts'
import { collect } from '../selection-options.ts'
import { stackParties } from '../stack-parties.ts'
import { renderRows } from '../table.ts'

const checkExamples = `
What is not asked for is said in the report. Without --static, an image that was not read, one without a scan result and an
unknown usage are findings.
Exit codes: 0 no findings of --fail-on or graver, 1 findings, or issues in what was read, 2 usage, 3 a fault.

Examples:
  $ tenantry compliance check stack.yml --tenant retail-banking --cluster nonprod --static
  $ tenantry compliance check stack.yml --tenant retail-banking --cluster prod --application payments \\
      --scan trivy.json --running live --output sarif=compliance.sarif --output junit=compliance.xml
  $ tenantry compliance check stack.yml --tenant retail-banking --cluster prod --write-baseline known.json \\
      --owner ann@bank.example --reason "OPS-42: off the old base image in spring" --expires 2027-03-31`

const checkCommand = (context: CommandContext): Command =>
  new Command('check')
    .description(
      'Check a stack before it runs: limits, root, images, scans, malware, secrets, rights and quota.',
    )
    .argument(
      '<files...>',
      'the stack as it would be deployed: one file, or several that are merged in order',
    )
    .requiredOption('-t, --tenant <organization>', 'whose stack it is')
    .requiredOption('-c, --cluster <name>', 'where it would run')
    .option(
      '-a, --application <name>',
      'of this application alone: narrows rights, and names the reservation policy',
    )
    .option('--stack <name>', 'its name on the cluster; `name` of the file, or the file’s name where absent')
    .option(
      '--env-file <file>',
      'values of variables; `.env` beside the first file where absent; may be repeated',
      collect,
      [],
    )
    .option('--static', 'the files alone: no images, no scans, nothing of what runs')
    .option(
      '--scan <[image=]file>',
      'a scan result: DTR, Trivy, Grype or SARIF; may be repeated',
      namedScan,
      [],
    )
    .option(
      '--images <from>',
      'look into the images: registry, engine, docker-archive:<file> or oci-layout:<folder>',
      imagesFrom,
    )
    .option('--clamd <address>', 'scan them for malware: tcp://host:3310 or unix:///run/clamav/clamd.ctl')
    .option('--image-facts <file>', 'what was read of images, as JSON; may be repeated', collect, [])
    .option('--running <file|live>', 'what runs: of `docker service inspect`, or `live` to ask the cluster')
    .option('--baseline <file>', 'findings that are known and borne')
    .option(
      '--write-baseline <file>',
      'write the findings of today as known, with --owner, --reason and --expires',
    )
    .option('--owner <mail>', 'who bears what is written')
    .option('--reason <sentence>', 'why')
    .option('--expires <day>', 'the last day, e.g. 2027-03-31')
    .addOption(
      new Option('--fail-on <severity>', 'the least severity that fails the check')
        .argParser(severity)
        .default('low'),
    )
    .addOption(new Option('--format <format>', 'what is printed').choices(formats).default('terminal'))
    .option('--output <format=file>', 'a report to write besides; may be repeated', output, [])
    .addHelpText('after', checkExamples)
    .action((files: string[], options: CheckOptions) => checkFiles(context, files, options))

const listRules = (context: CommandContext, json: boolean): void => {
  const rules = catalogue.map(({ id, severity: gravity, title, needs, why, fix }) => ({
    id,
    severity: gravity,
    title,
    needs,
    why,
    fix,
  }))
  context.terminal.print(
    json
      ? JSON.stringify(rules, null, 2)
      : renderRows(
          ['RULE', 'SEVERITY', 'WHAT IT ASKS FOR'],
          rules.map((one) => [one.id, one.severity, one.title]),
        ),
  )
  context.finish(exitCode.clean)
}

const showRule = (context: CommandContext, id: string): void => {
  const rule = catalogue.find((one) => one.id === id)
  if (rule === undefined)
    throw new UsageError(
      `There is no rule '${id}'.`,
      didYouMean(
        id,
        catalogue.map((one) => one.id),
      ),
    )
  const { terminal } = context
  terminal.print(`${terminal.color.bold(rule.id)} (${rule.severity}): ${rule.title}.`)
  terminal.print(`Looks at: ${needWords[rule.needs]}.\nWhy: ${rule.why}\nHow to fix it: ${rule.fix}`)
  context.finish(exitCode.clean)
}

const rulesCommand = (context: CommandContext): Command =>
  new Command('rules')
    .description('The rules, or one of them: why, and how to fix what it finds.')
    .argument('[rule]', "e.g. 'root/user'; all where absent")
    .option('--json', 'as JSON')
    .action((rule: string | undefined, options: { readonly json?: boolean }) =>
      rule === undefined ? listRules(context, options.json === true) : showRule(context, rule),
    )

interface PolicyOptions {
  readonly tenant: string
  readonly cluster: string
  readonly json?: boolean
}

const showPolicy = async (context: CommandContext, options: PolicyOptions): Promise<void> => {
  const fleet = await loadOrReport(context, options.json === true)
  if (fleet === undefined) return
  const rows = policyRows({ ...stackParties(fleet, options), policy: fleet.policy })
  context.terminal.print(
    options.json === true
      ? JSON.stringify(rows, null, 2)
      : renderRows(
          ['SETTING', 'VALUE', 'FROM'],
          rows.map(({ setting, value, from }) => [setting, value, from]),
        ),
  )
  context.finish(exitCode.clean)
}

const policyCommand = (context: CommandContext): Command =>
  new Command('policy')
    .description('What the checks of a tenant’s stacks on a cluster go by, and which file and line says so.')
    .requiredOption('-t, --tenant <organization>', 'whose stacks')
    .requiredOption('-c, --cluster <name>', 'where they run')
    .option('--json', 'as JSON')
    .action((options: PolicyOptions) => showPolicy(context, options))

export const complianceCommand = (context: CommandContext): Command =>
  new Command('compliance')
    .description('Check compose files against what the platform, the cluster and the tenant allow.')
    .addCommand(checkCommand(context))
    .addCommand(rulesCommand(context))
    .addCommand(policyCommand(context))
