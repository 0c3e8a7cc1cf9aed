import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { needWords } from '../../compliance/catalogue-page.ts'
import { type CheckResult, failing } from '../../compliance/check.ts'
import type { Open } from '../../compliance/exceptions.ts'
import { type Severity, severities } from '../../compliance/finding.ts'
import { maskedTexts } from '../../compliance/report/masked-texts.ts'
import { renderJson } from '../../compliance/report/render-json.ts'
import { renderJunit } from '../../compliance/report/render-junit.ts'
import { renderMarkdown } from '../../compliance/report/render-markdown.ts'
import { renderSarif } from '../../compliance/report/render-sarif.ts'
import type { Issue } from '../../core/issue.ts'
import { fileFault } from '../../engine/state-fault.ts'
import { annotations } from '../../forge/workflow-commands.ts'
import { renderIssues } from '../../load/render-issues.ts'
import { plural, type Terminal } from '../terminal.ts'
import type { Format, Output } from './check-options.ts'

/** A result, and what it takes to show it. */
export interface Shown {
  readonly result: CheckResult
  readonly failOn: Severity
  readonly texts: ReadonlyMap<string, string>
}

/** A finding as an issue, which terminals and forges know how to show. */
const issueOf = ({ finding, ended }: Open): Issue => {
  const over =
    ended === undefined ? '' : ` The ${ended.kind} ${ended.file} of ${ended.owner} ended on ${ended.expires}.`
  return {
    code: finding.rule,
    message: `[${finding.severity}] ${finding.message}${over}`,
    source: finding.source,
    hint: finding.fix,
  }
}

const countsOf = ({ open }: CheckResult): string =>
  severities
    .map(
      (severity) => [severity, open.filter(({ finding }) => finding.severity === severity).length] as const,
    )
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${count} ${severity}`)
    .join(', ')

const summary = ({ result, failOn }: Shown): readonly string[] => {
  const { checked, open, borne, left, unused, rules, services, switchedOff } = result
  const what = `${plural(services, 'service')} in stack ${checked.stack} of ${checked.organization} on ${checked.cluster}, ${plural(rules, 'rule')}`
  const fatal = failing(result, failOn).length
  return [
    open.length === 0
      ? `${what}: no findings.`
      : `${what}: ${plural(open.length, 'finding')} (${countsOf(result)}).`,
    ...(open.length > fatal ? [`${open.length - fatal} below '${failOn}' fail nothing.`] : []),
    ...(borne.length === 0
      ? []
      : [`${borne.length} more known and borne, the first ends on ${firstEnd(result)}.`]),
    ...left.map((need) => `Not checked: ${needWords[need]}.`),
    ...switchedOff.map(({ rule, reason }) => `Switched off by compliance.ts: ${rule} (${reason}).`),
    ...(unused.length === 0
      ? []
      : [`${unused.length} of the baseline are found no more: write it anew with --write-baseline.`]),
  ]
}

const firstEnd = ({ borne }: CheckResult): string => borne.map(({ by }) => by.expires).sort()[0] ?? ''

const terminalText = (shown: Shown, color: boolean): string => {
  const issues = shown.result.open.map(issueOf)
  const { open, borne } = shown.result
  const texts = maskedTexts(
    shown.texts,
    [...open, ...borne].map(({ finding }) => finding),
  )
  const listed = issues.length === 0 ? [] : [renderIssues(issues, texts, { color }), '']
  return [...listed, ...summary(shown)].join('\n')
}

const githubText = ({ result, failOn }: Shown): string => {
  const fatal = new Set(failing(result, failOn))
  const apart = (isFatal: boolean): Issue[] =>
    result.open.filter((one) => fatal.has(one) === isFatal).map(issueOf)
  return [...annotations(apart(true)), ...annotations(apart(false), 'warning')].join('\n')
}

const textOf = (shown: Shown, format: Format, color: boolean): string => {
  const { result, failOn } = shown
  switch (format) {
    case 'terminal':
      return terminalText(shown, color)
    case 'json':
      return renderJson(result, failing(result, failOn).length === 0)
    case 'sarif':
      return renderSarif(result)
    case 'junit':
      return renderJunit(result)
    case 'markdown':
      return renderMarkdown(result).trimEnd()
    case 'github':
      return githubText(shown)
  }
}

const writeOutput = async (shown: Shown, { format, file }: Output): Promise<void> => {
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, `${textOf(shown, format, false)}\n`)
  } catch (error) {
    throw fileFault(error, 'The report', file)
  }
}

/** Prints a result in one format and writes the reports that were asked for. @throws {Fault} where a report cannot be written. */
export const showResult = async (
  terminal: Terminal,
  shown: Shown,
  format: Format,
  outputs: readonly Output[],
): Promise<void> => {
  for (const output of outputs) await writeOutput(shown, output)
  const text = textOf(shown, format, terminal.color.isColorSupported)
  if (text !== '') terminal.print(text)
}
