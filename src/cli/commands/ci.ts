import { availableParallelism } from 'node:os'
import { Command, Option } from 'commander'
import { ciApply } from '../ci/ci-apply.ts'
import { ciDrift } from '../ci/ci-drift.ts'
import { ciPreview } from '../ci/ci-preview.ts'
import { type CiSession, openSession } from '../ci/ci-session.ts'
import { stages } from '../ci/plan-stages.ts'
import type { CommandContext } from '../command-context.ts'
import { wholeNumber } from '../selection-options.ts'

/** Ten minutes: longer than most runs, shorter than a job's patience. */
const standardWaitSeconds = 600
/** A day: longer than any run. */
const longestWaitSeconds = 86_400

const inJob =
  <Options>(
    context: CommandContext,
    run: (session: CiSession, options: Options) => Promise<void>,
    plans: 'kept' | 'dropped',
  ) =>
  async (options: Options): Promise<void> => {
    const session = await openSession(context, process.env, plans)
    if (session !== undefined) await run(session, options)
  }

const parallelOption = (): Option =>
  new Option('-p, --parallel <count>', 'engines at once')
    .argParser(wholeNumber(1, 64))
    .default(availableParallelism())

const previewCommand = (context: CommandContext): Command =>
  new Command('preview')
    .description('Tell the reviewers of a change what it does; after the merge, plan it for `ci apply`.')
    .option('--base <ref>', 'what the change is compared with, instead of what the forge names')
    .option('--plans', 'plan it for `ci apply`, as a forge’s job does after a merge', false)
    .option('--offline', 'from the files alone: asks no engine and no system', false)
    .addOption(parallelOption())
    .addHelpText(
      'after',
      `
On a pull request: one comment, updated in place; the job's summary; marks beside the lines that issues are about; and
.tenantry/ci/ with report.md, report.json, comment.md, code-quality.json. Of a pull request from a fork no engine is asked, no
secret is used and no comment is posted.
On a push: what differs from what was applied last, and plan-nonprod.json and plan-prod.json, which \`ci apply\` carries out.
With plain git: the report, compared with --base or origin/HEAD; with --plans as on a push.
Exit codes: 0 told, 1 issues in files or a change that is refused, 2 usage, 3 an engine or the forge failed; the report is
in .tenantry/ci/ all the same.

Examples:
  $ tenantry ci preview
  $ tenantry ci preview --base origin/main --offline`,
    )
    .action(inJob(context, ciPreview, 'dropped'))

const applyCommand = (context: CommandContext): Command =>
  new Command('apply')
    .description('Apply what was planned and approved, and nothing else.')
    .addOption(new Option('--stage <stage>', 'clusters of this stage alone').choices(stages))
    .option('--plan <file>', 'what `ci preview` planned; without one, everything that is not as applied')
    .option(
      '--wait <seconds>',
      'wait so long for a stack that somebody else is changing',
      wholeNumber(0, longestWaitSeconds),
      standardWaitSeconds,
    )
    .addOption(parallelOption())
    .addHelpText(
      'after',
      `
A plan that holds stacks of another stage is refused, whatever file it came in.
Exit codes: 0 applied, 1 refused: issues in files, a plan that no longer holds, the valve; 2 usage, 3 a stack failed.

Examples:
  $ tenantry ci apply --stage nonprod --plan plan-nonprod.json
  $ tenantry ci apply --stage prod`,
    )
    .action(inJob(context, ciApply, 'kept'))

const driftCommand = (context: CommandContext): Command =>
  new Command('drift')
    .description('Tell what is otherwise than it was applied, on a schedule.')
    .option('--fix', 'put right what was changed by hand, but for organizations on hold', false)
    .addOption(parallelOption())
    .addHelpText(
      'after',
      `
Told in the job's summary and .tenantry/ci/report.md; the exit code fails the job, which tells whoever watches it.
Exit codes: 0 nothing found, or all of it put right; 1 something is otherwise; 2 usage; 3 something could not be read or put
right.

Examples:
  $ tenantry ci drift
  $ tenantry ci drift --fix`,
    )
    .action(inJob(context, ciDrift, 'kept'))

export const ciCommand = (context: CommandContext): Command => {
  const ci = new Command('ci').description(
    'What a job of GitHub Actions, GitLab CI or a hook of plain git calls: preview, apply, drift.',
  )
  for (const make of [previewCommand, applyCommand, driftCommand]) ci.addCommand(make(context))
  return ci
}
