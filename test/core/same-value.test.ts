import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../src/core/canonical.ts'
import { sameValue } from '../../src/core/same-value.ts'

/** Small values of plain data, so that two of them are equal often. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false, 0, 1, '', 'a', '0', '[]', '{}'),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('a', 'b', '0', '__proto__', 'length', 'toString'), tie('value'), {
      maxKeys: 2,
      noNullPrototype: true,
    }),
    fc.record({ a: fc.constantFrom(undefined, 1), b: fc.constantFrom(undefined, 2) }),
  ),
}))

describe('sameValue', () => {
  it('is true exactly where the canonical JSON is the same', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(sameValue(a, b)).toBe(canonicalJson(a) === canonicalJson(b))
      }),
      { numRuns: 3000 },
    )
  })

  it('is true of a copy, in whatever order its fields stand', () => {
    const turned = (one: unknown): unknown => {
      if (Array.isArray(one)) return one.map(turned)
      if (one === null || typeof one !== 'object') return one
      return Object.fromEntries(
        Object.entries(one)
          .reverse()
          .map(([name, child]) => [name, turned(child)]),
      )
    }
    fc.assert(fc.property(value, (one) => sameValue(one, turned(one))))
  })

  it.each([
    [{ a: 1 }, { a: 1, b: 2 }],
    [
      { a: undefined, b: 1 },
      { a: 1, b: undefined },
    ],
    [{ length: 0 }, []],
    [[], {}],
    [[1, 2], [1]],
    [{ toString: 1 }, {}],
    [null, {}],
    ['1', 1],
  ])('tells %j from %j', (a, b) => {
    expect(sameValue(a, b)).toBe(false)
    expect(sameValue(b, a)).toBe(false)
  })

  it('takes an undefined field for none', () => {
    expect(sameValue({ a: undefined, b: 1 }, { b: 1 })).toBe(true)
  })
})
