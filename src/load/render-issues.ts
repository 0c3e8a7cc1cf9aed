import { codeFrameColumns } from '@babel/code-frame'
import { createColors } from 'picocolors'
import type { Issue, Source } from '../core/issue.ts'

/** How issues are shown. */
export interface RenderOptions {
  /** Colours, for a terminal. */
  readonly color: boolean
  /** Frames of source around each issue; shown where absent. */
  readonly frames?: boolean
}

/** Longest line that a frame shows as it is: a generated or hostile file may have one of thousands of characters. */
const longestLine = 400

/** Lines around an issue. */
const linesAround = 1

/** A frame marks the first line of a place that spans several: the whole of an object would drown it. */
const markedPart = ({ line, column, endLine, endColumn }: Source) => ({
  start: { line, column },
  ...(endLine === line && endColumn !== undefined && endColumn > column
    ? { end: { line, column: endColumn } }
    : {}),
})

const isShowable = (text: string, line: number): boolean =>
  text
    .split(/\r\n?|\n/)
    .slice(Math.max(0, line - 1 - linesAround), line + linesAround)
    .every((shown) => shown.length <= longestLine)

/** Control and invisible characters, which a terminal would obey or hide, as visible marks; the width stays. */
const harmless = (text: string): string => text.replace(/(?![\n\r\t])[\p{Cc}\p{Cf}]/gu, '\uFFFD')

/** The same on one line: a file's name may hold line ends, behind which a job's log would show words as its own. */
const harmlessLine = (text: string): string => harmless(text).replaceAll(/[\n\r]/g, '\uFFFD')

/**
 * The lines of source around an issue, with a mark below its place; empty where it has no place or the text has no such
 * line. Never throws.
 */
export const codeFrame = (issue: Issue, text: string, options: RenderOptions = { color: false }): string => {
  const { source } = issue
  if (source === undefined || text === '' || !isShowable(text, source.line)) return ''
  return codeFrameColumns(harmless(text), markedPart(source), {
    linesAbove: linesAround,
    linesBelow: linesAround,
    highlightCode: options.color,
    forceColor: options.color,
  })
}

const placeOf = ({ source }: Issue): string =>
  source === undefined ? '' : `${harmlessLine(source.file)}:${source.line}:${source.column} `

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')

const renderIssue = (issue: Issue, text: string | undefined, options: RenderOptions): string => {
  const colors = createColors(options.color)
  const frame = text === undefined || options.frames === false ? '' : codeFrame(issue, text, options)
  return [
    `${colors.cyan(placeOf(issue))}${colors.red(issue.code)} ${harmlessLine(issue.message)}`,
    ...(frame === '' ? [] : [indented(frame)]),
    ...(issue.hint === undefined ? [] : [`  ${colors.green('hint:')} ${harmlessLine(issue.hint)}`]),
  ].join('\n')
}

/**
 * Issues for a person: `file:line:column code message`, the source around the place, and the hint; in the order given.
 * `texts` holds the source of each file by its name; of a file it lacks no frame is shown. Never throws.
 */
export const renderIssues = (
  issues: readonly Issue[],
  texts: ReadonlyMap<string, string>,
  options: RenderOptions,
): string =>
  issues.map((issue) => renderIssue(issue, texts.get(issue.source?.file ?? ''), options)).join('\n\n')
