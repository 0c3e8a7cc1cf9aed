import type { Issue } from '../../core/issue.ts'
import { renderIssues } from '../../load/render-issues.ts'
import type { CommandContext } from '../command-context.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { loadOrReport, reportIssues } from '../load-or-report.ts'
import { stackParties } from '../stack-parties.ts'
import { plural } from '../terminal.ts'
import { explainedLine, explainPath } from './explain-path.ts'
import { type MergedStack, mergeFiles } from './merge-files.ts'
import type { MergeOptions } from './merge-options.ts'
import { writeWhole } from './write-whole.ts'

const tellWarnings = ({ terminal }: CommandContext, warnings: readonly Issue[]): void => {
  if (warnings.length === 0) return
  const { isColorSupported } = terminal.color
  terminal.note(renderIssues(warnings, new Map(), { color: isColorSupported, frames: false }))
  terminal.note(`${plural(warnings.length, 'warning')}.`)
}

const tellReferences = ({ terminal }: CommandContext, { references }: MergedStack): void => {
  const unique = new Map(references.map((one) => [one.variable, one]))
  for (const { variable, mount, secret, field } of unique.values())
    terminal.note(
      `Whoever deploys sets ${variable} from Vault: vault kv get -mount=${mount} -field=${field} ${secret}`,
    )
}

const explain = (context: CommandContext, merged: MergedStack, { explain: path, json }: MergeOptions) => {
  const found = explainPath(merged.model, merged.replaced, path ?? '')
  if (found.length === 0)
    throw new UsageError(
      `No file says anything at ${path}.`,
      'Name a path of the stack, e.g. services.api.deploy.resources.',
    )
  const { terminal } = context
  if (json === true) terminal.print(JSON.stringify({ ok: true, explained: found }, null, 2))
  else for (const one of found) terminal.print(explainedLine(one))
}

const show = async (context: CommandContext, merged: MergedStack, options: MergeOptions): Promise<void> => {
  const { text, warnings, references } = merged
  const { terminal } = context
  const { output, json } = options
  if (output !== undefined) await writeWhole(output, text, 'The stack file')
  if (json === true) {
    const stack = output === undefined ? { stack: text } : { output }
    terminal.print(JSON.stringify({ ok: true, ...stack, references, warnings }, null, 2))
    return
  }
  tellWarnings(context, warnings)
  tellReferences(context, merged)
  if (output === undefined) terminal.print(text.trimEnd())
  else terminal.note(`Wrote ${output}.`)
}

/**
 * Merges the files, prints or writes the stack, and sets the exit code: 1 for issues. What was left out or replaced is told on
 * stderr, or in the JSON. @throws {UsageError} for names that nobody has. @throws {Fault} where the stack cannot be written.
 */
export const runMerge = async (
  context: CommandContext,
  files: readonly string[],
  options: MergeOptions,
): Promise<void> => {
  const json = options.json === true
  const fleet = await loadOrReport(context, json)
  if (fleet === undefined) return
  const merged = mergeFiles(files, { ...stackParties(fleet, options), options, environment: process.env })
  if (!merged.ok) return reportIssues(context, merged.issues, new Map(), json)
  if (options.explain === undefined) await show(context, merged.value, options)
  else explain(context, merged.value, options)
  context.finish(exitCode.clean)
}
