import { parseBytes, parseCpuMillis } from '../core/units.ts'

/** Where a value comes from: the tenant file, its part for one cluster, the size class, or Tenantry itself. */
export type Origin = 'file' | 'size-class' | 'default' | 'cluster-override'

export type FieldPath = readonly (string | number)[]

/**
 * A value and where it comes from.
 *
 * `path` is where in the tenant file to look: the value itself for `file` and `cluster-override`, the `size`
 * for `size-class`, and where the field would stand for `default`.
 */
export interface Resolved<T> {
  readonly value: T
  readonly origin: Origin
  readonly path: FieldPath
}

/** A place that may hold a value; undefined where it does not. */
export interface Candidate<T> {
  readonly value: T | undefined
  readonly origin: Origin
  readonly path: FieldPath
}

export const inFile = <T>(value: T | undefined, path: FieldPath): Candidate<T> => ({
  value,
  origin: 'file',
  path,
})

export const inOverride = <T>(value: T | undefined, path: FieldPath): Candidate<T> => ({
  value,
  origin: 'cluster-override',
  path,
})

/** The first candidate that holds a value, else the last resort. */
export const firstOf = <T>(candidates: readonly Candidate<T>[], lastResort: Resolved<T>): Resolved<T> => {
  for (const { value, origin, path } of candidates) if (value !== undefined) return { value, origin, path }
  return lastResort
}

/** What holds where no file says anything. */
export const byDefault = <T>(value: T, path: FieldPath): Resolved<T> => ({ value, origin: 'default', path })

/** A value that every file has. */
export const given = <T>(value: T, path: FieldPath): Resolved<T> => ({ value, origin: 'file', path })

/** The candidate in thousandths of a CPU. Throws Error on text that the schema lets nobody write. */
export const inMillis = (candidate: Candidate<string>): Candidate<number> => ({
  ...candidate,
  value: candidate.value === undefined ? undefined : millisOf(candidate.value),
})

/** The candidate in bytes. Throws Error on text that the schema lets nobody write. */
export const inBytes = (candidate: Candidate<string>): Candidate<number> => ({
  ...candidate,
  value: candidate.value === undefined ? undefined : bytesOf(candidate.value),
})

/** Thousandths of a CPU. Throws Error on text that the schema lets nobody write. */
const millisOf = (text: string): number => {
  const millis = parseCpuMillis(text)
  if (millis === undefined) throw new Error(`not a number of CPUs: ${text}`)
  return millis
}

/** Bytes. Throws Error on text that the schema lets nobody write. */
export const bytesOf = (text: string): number => {
  const bytes = parseBytes(text)
  if (bytes === undefined) throw new Error(`not a size: ${text}`)
  return bytes
}
