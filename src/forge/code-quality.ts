import { sha256 } from '../core/canonical.ts'
import type { Issue } from '../core/issue.ts'

/** One finding in the form that GitLab shows beside the lines of a merge request. */
interface QualityFinding {
  readonly description: string
  readonly check_name: string
  readonly fingerprint: string
  readonly severity: 'major'
  readonly location: { readonly path: string; readonly lines: { readonly begin: number } }
}

/** Issues as GitLab's code quality report, of those that have a place. Source: GitLab Docs, "Code Quality report format". Pure. */
export const codeQuality = (issues: readonly Issue[]): readonly QualityFinding[] =>
  issues.flatMap(({ code, message, source }) =>
    source === undefined
      ? []
      : [
          {
            description: message,
            check_name: code,
            fingerprint: sha256(`${code}\0${source.file}\0${source.line}\0${message}`),
            severity: 'major',
            location: { path: source.file, lines: { begin: source.line } },
          },
        ],
  )
