import type { Source } from '../../core/issue.ts'

/** Names and positions that lead to a value, e.g. `['services', 'api', 'ports', 0]`. */
export type Path = readonly (string | number)[]

/**
 * A compose model as it would run: merged, interpolated, of every profile, in short or long forms, whichever its author wrote. Of
 * any shape: a file may hold anything, and the views below take what they understand.
 */
export interface ComposeModel {
  /** Files that it is made of, in the order of the merge, as the user named them; at least one. */
  readonly files: readonly string[]
  readonly value: unknown
  /** Where the value at a path stands; of a path that is in no file, the nearest enclosing part that is. Never throws. */
  readonly locate: (path: Path) => Source
  /** The same for the key of a property rather than its value. Never throws. */
  readonly locateKey: (path: Path) => Source
}

/** An object's own properties, none for whatever is no object. Never throws. */
export const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}

/** An object's own property: nothing that a prototype lends. Never throws. */
export const fieldOf = (value: unknown, name: string): unknown => {
  const record = asRecord(value)
  return Object.hasOwn(record, name) ? record[name] : undefined
}

/** The value at a path, undefined where there is none. Never throws. */
export const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (part, step) => (typeof step === 'number' ? asList(part)[step] : fieldOf(part, step)),
    value,
  )

export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Text, or a number or truth value as its text; undefined for whatever is none of these. Never throws. */
export const asText = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
    ? String(value)
    : undefined
}

/** One text, or the texts of a list. */
export const asTexts = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).map(asText).filter((text) => text !== undefined)

/** Whether a value that should be true or false says yes, as a word too (`"yes"` is what an old parser took for true). */
export const saysYes = (value: unknown): boolean =>
  value === true || (typeof value === 'string' && /^(?:true|yes|on|y|1)$/i.test(value.trim()))

/** A name and its value in a mapping or in a list of `name=value`, with where it stands. */
export interface NamedValue {
  readonly name: string
  /** Undefined where only the name is given: the value comes from elsewhere. */
  readonly value: string | undefined
  readonly path: Path
}

const listed = (entry: unknown, path: Path): NamedValue[] => {
  const text = asText(entry)
  if (text === undefined) return []
  const at = text.indexOf('=')
  return [
    at < 0
      ? { name: text, value: undefined, path }
      : { name: text.slice(0, at), value: text.slice(at + 1), path },
  ]
}

/** Environment, labels, build arguments: both forms that the specification knows. Never throws. */
export const namedValues = (value: unknown, path: Path): readonly NamedValue[] =>
  Array.isArray(value)
    ? value.flatMap((entry, index) => listed(entry, [...path, index]))
    : Object.entries(asRecord(value)).map(([name, one]) => ({
        name,
        value: one === null ? undefined : asText(one),
        path: [...path, name],
      }))
