import type { ChangeReport } from './change-report.ts'
import { type Block, heading, list, paragraph } from './document.ts'
import { letThroughItems } from './let-through.ts'
import { own, type Phrase, say } from './phrase.ts'
import { renderBlocks } from './render-markdown.ts'
import { type Limits, reportBlocks, unlimited } from './report-blocks.ts'
import { attentionItems, title } from './summary.ts'

/** The first line of every comment of ours, which no reader sees: by it the one to update is found. */
export const commentMarker = '<!-- tenantry:report -->'

/** GitHub refuses a body of more than 65,536 characters; some count bytes, so both are kept below. */
const most = 65_536

/** What fits is tried from here on down. */
const steps: readonly Limits[] = [
  unlimited,
  { ...unlimited, resources: 1000 },
  { ...unlimited, resources: 0 },
  ...[200, 100, 50, 25, 12].map(
    (many): Limits => ({
      attention: 12,
      destructive: many * 2,
      access: many,
      groups: many,
      lines: 20,
      rows: many,
      resources: 0,
      failures: 10,
    }),
  ),
  { attention: 8, destructive: 12, access: 8, groups: 6, lines: 8, rows: 8, resources: 0, failures: 4 },
  { attention: 5, destructive: 5, access: 3, groups: 2, lines: 3, rows: 4, resources: 0, failures: 2 },
]

/** A report as a comment of a pull request. */
export interface Comment {
  /** Begins with `commentMarker`. */
  readonly body: string
  /** Whether everything of the report is in it. */
  readonly isWhole: boolean
}

const fits = (body: string, reserved: number): boolean =>
  Buffer.byteLength(body, 'utf8') + reserved < most && body.length + reserved < most

const restNote = (artifact: string | undefined): Phrase =>
  artifact === undefined
    ? own('This is the most important part; the whole report is longer than a comment may be.')
    : say`This is the most important part; the whole report is in the artifact ${artifact}.`

/** What fits whatever anybody writes into a file. */
const leastBody = (report: ChangeReport, note: Block): string =>
  `${commentMarker}\n${renderBlocks([heading(2, title(report)), note, ...list([...letThroughItems(report.overrides, 1), ...attentionItems(report, 1)])])}`

/** The whole report as Markdown, however long. */
export const wholeMarkdown = (report: ChangeReport): string =>
  `${commentMarker}\n${renderBlocks(reportBlocks(report, unlimited))}`

/**
 * The report as a comment of less than 65,536 characters and bytes: as much as fits, what matters most for sure, and where
 * the rest is (`artifact`, a file's name or address). `reserved` bytes are left for what the caller adds. Never throws.
 */
export const renderComment = (report: ChangeReport, artifact?: string, reserved = 0): Comment => {
  const whole = wholeMarkdown(report)
  if (fits(whole, reserved)) return { body: whole, isWhole: true }
  const note = paragraph(restNote(artifact))
  const render = (limits: Limits): string => {
    const [head, ...rest] = reportBlocks(report, limits)
    return `${commentMarker}\n${renderBlocks([...(head === undefined ? [] : [head]), note, ...rest])}`
  }
  for (const limits of steps.slice(1)) {
    const body = render(limits)
    if (fits(body, reserved)) return { body, isWhole: false }
  }
  return { body: leastBody(report, note), isWhole: false }
}
