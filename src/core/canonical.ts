import { createHash } from 'node:crypto'
import { compareText } from './issue.ts'

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== undefined)
      .sort(([a], [b]) => compareText(a, b))
      .map(([key, child]) => [key, sorted(child)]),
  )
}

/** JSON with sorted keys and no undefined: equal values have equal text. Throws TypeError on a cycle. */
export const canonicalJson = (value: unknown, indent = 0): string =>
  JSON.stringify(sorted(value), null, indent)

/** SHA-256 of the UTF-8 text in lower-case hex, 64 digits. Never throws. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** SHA-256 of the canonical JSON of a value. */
export const digest = (value: unknown): string => sha256(canonicalJson(value))
