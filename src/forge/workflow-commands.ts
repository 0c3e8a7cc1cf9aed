import type { Issue } from '../core/issue.ts'

/**
 * A line of a log that GitHub's runner takes for no command of the job: it carries out what begins with `::` after spaces, and
 * what holds `##[`, whoever's text it is. Other lines stay as they are. Pure.
 */
export const harmlessLine = (line: string): string =>
  line.replaceAll(/(^|[\r\n])(\s*):(?=:)/g, '$1$2:\u00a0').replaceAll('##[', '## [')

/** Source: `escapeData` and `escapeProperty` of GitHub's toolkit. */
const escapedData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const escapedProperty = (text: string): string =>
  escapedData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

/** GitHub shows ten errors and ten warnings of a step; the log holds the rest. Source: GitHub Docs, "Workflow commands". */
const mostAnnotations = 10

/** Commands that mark the lines of a pull request that issues are about. Pure. */
export const annotations = (
  issues: readonly Issue[],
  level: 'error' | 'warning' = 'error',
): readonly string[] =>
  issues.slice(0, mostAnnotations).map(({ code, message, source, hint }) => {
    const properties = {
      ...(source === undefined
        ? {}
        : { file: source.file, line: String(source.line), col: String(source.column) }),
      title: code,
    }
    const listed = Object.entries(properties).map(([name, value]) => `${name}=${escapedProperty(value)}`)
    return `::${level} ${listed.join(',')}::${escapedData(hint === undefined ? message : `${message}\n${hint}`)}`
  })
