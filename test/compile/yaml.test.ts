import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { toYaml, type YamlValue } from '../../src/compile/yaml.ts'

const { value } = fc.letrec<{ value: YamlValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'binary' }),
    fc.constantFrom('yes', 'null', '1e3', '2026-01-01', ': ', '- a', '#', '', ' ', '\n', '\u2028'),
    fc.integer(),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ minLength: 1 }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))

describe('toYaml', () => {
  it('is read back as what was written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value, { noNullPrototype: true }), (document) => {
        expect(parse(toYaml(document)) ?? {}).toEqual(document)
      }),
    )
  })

  it('writes blocks', () => {
    expect(toYaml({ a: { b: [1, { c: 'x: y', d: [] }, ['z']] }, 'e f': {}, g: true })).toBe(
      'a:\n  b:\n    - 1\n    - c: "x: y"\n      d: []\n    -\n      - "z"\n"e f": {}\ng: true\n',
    )
  })
})
