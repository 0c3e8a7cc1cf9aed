import fc from 'fast-check'
import { expect, test } from 'vitest'
import { listOf, mapFrom, scalar } from '../../src/compose/make-node.ts'
import { parseYaml } from '../../src/compose/read-yaml.ts'
import { stackYaml } from '../../src/compose/stack/stack-yaml.ts'
import { plainOf, type YamlMap, type YamlNode } from '../../src/compose/yaml-node.ts'

const source = { file: 'a.yml', line: 1, column: 1 }

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .array(fc.constantFrom('a', ' ', '\n', '#', ':', '-', '\t', '$', '"', "'", '1', 'é', '\u2028', '|'), {
      maxLength: 12,
    })
    .map((all) => all.join('')),
  fc.constantFrom(
    'yes',
    'null',
    '~',
    '0x1f',
    '1e3',
    '1_000',
    '.inf',
    '---',
    '- a',
    'a: b',
    'a #b',
    '*a',
    '&a',
    '!t',
    '%',
    '@',
    '`',
    '<<',
    'two\nlines\n',
    'no\n\nend',
  ),
)

const { tree } = fc.letrec<{ tree: YamlNode }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)).map((value) => scalar(value, source)),
    fc.array(tie('tree'), { maxLength: 4 }).map((items) => listOf(items, source)),
    fc.dictionary(text, tie('tree'), { maxKeys: 4 }).map((fields) => mapFrom(fields, source)),
  ),
}))

const map = fc
  .dictionary(text, tree, { minKeys: 1, maxKeys: 5 })
  .map((fields): YamlMap => mapFrom(fields, source))

const plainLines = (root: YamlMap): string =>
  stackYaml(root, {
    remarkOf: (node) => (node.kind === 'scalar' ? 'a\nb: c' : undefined),
    isTemplate: () => true,
  })

test('what is written reads back the same, with comments behind every value', () => {
  fc.assert(
    fc.property(map, (root) => {
      const parsed = parseYaml('stack.yml', plainLines(root))
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues))
      expect(parsed.value.documents.map(plainOf)).toEqual([plainOf(root)])
    }),
    { numRuns: 500 },
  )
})

test('text of several lines stands as a block', () => {
  const root = mapFrom({ run: 'while true; do\n  sleep 1\n\ndone\n', end: 'a\nb' }, source)
  expect(stackYaml(root, { remarkOf: () => undefined, isTemplate: () => false })).toBe(
    'end: |-\n  a\n  b\nrun: |\n  while true; do\n    sleep 1\n\n  done\n',
  )
})
