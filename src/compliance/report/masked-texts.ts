import type { Source } from '../../core/issue.ts'
import type { Finding } from '../finding.ts'

/** Stands for each character of what is masked, so that columns stay. */
const mask = '•'

const masked = (line: string, from: number, to: number): string =>
  `${line.slice(0, from)}${line.slice(from, to).replaceAll(/\S/g, mask)}${line.slice(to)}`

const withoutPlace = (lines: string[], { line, column, endLine, endColumn }: Source): void => {
  const last = Math.max(line, endLine ?? line)
  for (let at = line; at <= last && at <= lines.length; at++) {
    const text = lines[at - 1] ?? ''
    const to = at === endLine && endColumn !== undefined ? endColumn - 1 : text.length
    lines[at - 1] = masked(text, at === line ? column - 1 : 0, to)
  }
}

/**
 * Texts of files for frames, in which nothing can be read at the places where findings say that a secret stands: a frame around
 * another finding would show it as well. Lines and columns stay. Pure.
 */
export const maskedTexts = (
  texts: ReadonlyMap<string, string>,
  findings: readonly Finding[],
): ReadonlyMap<string, string> => {
  const secrets = findings.filter(({ rule }) => rule.startsWith('secret/in-') && rule !== 'secret/in-image')
  return new Map(
    [...texts].map(([file, text]) => {
      const lines = text.split(/\r\n?|\n/)
      for (const { source } of secrets) if (source.file === file) withoutPlace(lines, source)
      return [file, lines.join('\n')]
    }),
  )
}
