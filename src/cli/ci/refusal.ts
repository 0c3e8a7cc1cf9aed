import type { Issue } from '../../core/issue.ts'
import { cutLines, fenced } from '../../forge/fenced.ts'
import { plural } from '../terminal.ts'

type Reason = Pick<Issue, 'code' | 'message' | 'hint'>

/** Most bytes of the reasons: the report has to find room beside them. */
const mostBytes = 8000

/** So many reasons of one kind are told; the log has all. */
const mostOfAKind = 5

const byCode = (issues: readonly Reason[]): ReadonlyMap<string, readonly Reason[]> => {
  const kinds = new Map<string, Reason[]>()
  for (const issue of issues) {
    const same = kinds.get(issue.code)
    if (same === undefined) kinds.set(issue.code, [issue])
    else same.push(issue)
  }
  return kinds
}

/** The reasons of one kind, and the way out once. */
const kindLines = ([code, issues]: readonly [string, readonly Reason[]]): readonly string[] => {
  const rest = issues.length - mostOfAKind
  const [first] = issues
  const isAlike = issues.every(({ hint }) => hint === first?.hint || hint === undefined)
  return [
    code,
    ...issues.slice(0, mostOfAKind).map(({ message }) => `  ${message}`),
    ...(rest > 0 ? [`  … and ${rest} more`] : []),
    ...(first?.hint === undefined ? [] : [`  Way out${isAlike ? '' : ' of the first'}: ${first.hint}`]),
  ]
}

/**
 * Why a change will not be applied as it stands, for the top of its report; empty where nothing speaks against it. Markdown in
 * which nothing that a name holds can act. Pure.
 */
export const refusalMarkdown = (issues: readonly Reason[]): string => {
  if (issues.length === 0) return ''
  const text = [...byCode(issues)].flatMap(kindLines).join('\n')
  return [
    `## Refused as it stands: ${plural(issues.length, 'reason')}`,
    '',
    'The report below tells what it would do. `tenantry up` refuses it before its first call.',
    '',
    fenced(cutLines(text, mostBytes, '…')),
    '',
    '',
  ].join('\n')
}

/** A report with something of ours right below its first line, the marker. Pure. */
export const belowMarker = (markdown: string, block: string): string => {
  const end = markdown.indexOf('\n') + 1
  return `${markdown.slice(0, end)}${block}${markdown.slice(end)}`
}
