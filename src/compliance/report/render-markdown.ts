import { placeText } from '../../core/issue.ts'
import { printable } from '../../core/printable.ts'
import { needWords } from '../catalogue-page.ts'
import type { CheckResult, SwitchedOff } from '../check.ts'
import type { Borne, Open } from '../exceptions.ts'
import { type Severity, severities } from '../finding.ts'

const longestRun = (text: string): number =>
  Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))

/** A text of anybody as a code span: within one nothing is markup, a mention or a link. Source: GFM, §6.3. */
const code = (text: string): string => {
  const shown = printable(text).trim()
  const fence = '`'.repeat(longestRun(shown) + 1)
  const apart = shown.startsWith('`') || shown.endsWith('`') ? ' ' : ''
  return shown === '' ? '(empty)' : `${fence}${apart}${shown}${apart}${fence}`
}

const openItem = ({ finding, ended }: Open): string => {
  const { severity, rule, source, message, fix } = finding
  return [
    `- **${severity}** ${code(rule)} at ${code(placeText(source))}: ${code(message)}`,
    `  Way out: ${code(fix)}`,
    ...(ended === undefined
      ? []
      : [`  The ${ended.kind} ${code(ended.file)} of ${code(ended.owner)} ended on ${ended.expires}.`]),
  ].join('  \n')
}

const borneItem = ({ finding, by }: Borne): string =>
  `- ${code(finding.rule)}: ${code(finding.message)} Borne by ${code(by.owner)} until ${by.expires} (${by.kind} ${code(by.file)}): ${code(by.reason)}`

const offItem = ({ rule, reason }: SwitchedOff): string => `- ${code(rule)}: ${code(reason)}`

const countOf = (open: readonly Open[], severity: Severity): string => {
  const count = open.filter(({ finding }) => finding.severity === severity).length
  return count === 0 ? '' : `${count} ${severity}`
}

const verdict = ({ open, borne }: CheckResult): string => {
  const counts = severities.map((severity) => countOf(open, severity)).filter((text) => text !== '')
  const rest = borne.length === 0 ? '' : ` ${borne.length} more known and borne.`
  return counts.length === 0 ? `No findings.${rest}` : `Findings: ${counts.join(', ')}.${rest}`
}

/** GitHub refuses a comment of more than 65,536 characters; what surrounds this one needs some. */
const mostBytes = 60_000

/** As many items as fit, and how many did not. */
const fitting = (items: readonly string[], bytes: number): readonly string[] => {
  let used = 0
  const fit = items.findIndex((item) => {
    used += Buffer.byteLength(item) + 1
    return used > bytes
  })
  return fit < 0
    ? items
    : [...items.slice(0, fit), `- and ${items.length - fit} more; the other reports have them all.`]
}

/** The result as Markdown for a comment or a summary of a job, of at most 60,000 bytes or so. Ends in a line feed. Pure. */
export const renderMarkdown = (result: CheckResult): string => {
  const { checked, open, borne, left, switchedOff } = result
  const listed = fitting(open.map(openItem), (mostBytes * 3) / 4)
  const known = fitting(borne.map(borneItem), mostBytes / 4)
  const parts = [
    `## Compliance of ${code(checked.stack)} of ${code(checked.organization)} on ${code(checked.cluster)}`,
    verdict(result),
    ...(listed.length === 0 ? [] : [listed.join('\n')]),
    ...(known.length === 0
      ? []
      : [`<details><summary>Known and borne</summary>\n\n${known.join('\n')}\n\n</details>`]),
    ...(left.length === 0 ? [] : [`Not checked: ${left.map((need) => needWords[need]).join('; ')}.`]),
    ...(switchedOff.length === 0
      ? []
      : [`Switched off by \`compliance.ts\`:\n\n${switchedOff.map(offItem).join('\n')}`]),
  ]
  return `${parts.join('\n\n')}\n`
}
