import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../src/core/canonical.ts'

/** The same value with the keys of every object the other way round. */
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, child]) => [name, reversed(child)]),
  )
}

describe('canonical JSON', () => {
  test('sorts keys, leaves out undefined and escapes names', () => {
    expect(canonicalJson({ b: [1, undefined, null], a: { 'x"': 'ü\n' }, c: undefined })).toBe(
      '{"a":{"x\\"":"ü\\n"},"b":[1,null,null]}',
    )
  })

  test('is indented on request', () => {
    expect(canonicalJson({ b: 1, a: [] }, 2)).toBe('{\n  "a": [],\n  "b": 1\n}')
  })

  test('says the same value, whatever the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value))
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
        expect(JSON.parse(canonicalJson(value, 2))).toEqual(JSON.parse(canonicalJson(value)))
      }),
    )
  })
})
