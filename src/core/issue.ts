/** A place in an input file: 1-based line and column, as editors count them. */
export interface Source {
  /** Path as the user named it, relative to the checkout where possible. */
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine?: number
  readonly endColumn?: number
}

/** `file:line:column`, as editors take it. Never throws. */
export const placeText = ({ file, line, column }: Source): string => `${file}:${line}:${column}`

/**
 * A problem in an input that its author can fix.
 *
 * Shape: identified by code and source; a run reports all of them, sorted with `sortIssues`.
 * Source: design §10.
 */
export interface Issue {
  /** Stable, kebab-case, `area/problem`, e.g. `tenant/unknown-field`. */
  readonly code: string
  /** One sentence that names the offending value. Never holds a secret. */
  readonly message: string
  readonly source?: Source
  /** The way out, as a sentence. */
  readonly hint?: string
}

/** A value, or every reason why there is none. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly Issue[] }

const bySource = (a: Source | undefined, b: Source | undefined): number => {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1
  return compareText(a.file, b.file) || a.line - b.line || a.column - b.column
}

/** Orders text by code unit, the same on every machine and locale. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Issues by file, line, column, code, message. Never throws. */
export const sortIssues = (issues: readonly Issue[]): Issue[] =>
  [...issues].sort(
    (a, b) =>
      bySource(a.source, b.source) || compareText(a.code, b.code) || compareText(a.message, b.message),
  )
