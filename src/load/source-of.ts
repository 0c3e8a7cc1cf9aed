import type { Source } from '../core/issue.ts'

/** Offsets at which the lines of a text begin; `\r\n`, `\n` and `\r` end one. Never throws. */
const lineStarts = (text: string): readonly number[] => {
  const starts = [0]
  for (const match of text.matchAll(/\r\n?|\n/g)) starts.push(match.index + match[0].length)
  return starts
}

const lineOf = (starts: readonly number[], offset: number): number => {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}

/** Turns offsets of one text into places, 1-based; the table of lines is made at the first question. Never throws. */
export const sourceOf = (file: string, text: string): ((start: number, end?: number) => Source) => {
  let starts: readonly number[] | undefined
  const place = (offset: number): { line: number; column: number } => {
    starts ??= lineStarts(text)
    const line = lineOf(starts, offset)
    return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 }
  }
  return (start, end) => {
    const from = place(start)
    if (end === undefined) return { file, ...from }
    const to = place(end)
    return { file, ...from, endLine: to.line, endColumn: to.column }
  }
}
