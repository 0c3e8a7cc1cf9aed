import type { Source } from './issue.ts'

/** A typed file as it was read: its value, and where each part of it stands. */
export interface Loaded<T> {
  /** Path as the user named it, relative to the checkout. */
  readonly file: string
  /** The source text, for code frames. */
  readonly text: string
  readonly value: T
  /**
   * Where the value at a path stands; of a path that is not in the file, the nearest enclosing part that is.
   * `locate(['teams', 'developers', 'role'])`, `locate([])` for the whole object. Never throws.
   */
  readonly locate: (path: readonly (string | number)[]) => Source
  /** The same for the key of a property rather than its value. */
  readonly locateKey: (path: readonly (string | number)[]) => Source
}
