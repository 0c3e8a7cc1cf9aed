import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { largestYamlBytes, parseYaml, readYaml } from '../../src/compose/read-yaml.ts'
import { keySourceAt, nodeAt, plainOf, sourceAt, type YamlNode } from '../../src/compose/yaml-node.ts'

const read = (text: string): YamlNode => {
  const found = parseYaml('dev.yml', text)
  if (!found.ok) throw new Error(JSON.stringify(found.issues))
  return found.value.documents[0] as YamlNode
}

const refusal = (text: string): string => {
  const found = parseYaml('dev.yml', text)
  if (found.ok) throw new Error('it was read')
  const [{ code, source } = { code: '', source: undefined }] = found.issues
  return `${code} ${source?.line}:${source?.column}`
}

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n')

test('tells the place of every part', () => {
  const root = read('services:\n  api:\n    ports:\n      - "80:80"\n      - 443\n')
  expect(sourceAt(root, ['services', 'api', 'ports', 1])).toEqual({
    file: 'dev.yml',
    line: 5,
    column: 9,
    endLine: 5,
    endColumn: 12,
  })
  expect(keySourceAt(root, ['services', 'api'])).toMatchObject({ line: 2, column: 3 })
  expect(sourceAt(root, ['services', 'api', 'image'])).toMatchObject({ line: 3, column: 5 })
})

test.each([
  ['0644', 420],
  ['0o644', 420],
  ['0x1F', 31],
  ['0b101', 5],
  ['1_000', 1000],
  ['-12', -12],
  ['08', 8],
  ['1.50', 1.5],
  ['.5', 0.5],
  ['1e3', 1000],
  ['22:22', '22:22'],
  ['yes', 'yes'],
  ['on', 'on'],
  ['True', true],
  ['~', null],
  ['', null],
  ['2020-01-01', '2020-01-01'],
  ['12345678901234567890', '12345678901234567890'],
  ['"80"', '80'],
  ['!!str 80', '80'],
  ['!!int 80', 80],
  ['<<', '<<'],
])('reads %s as %j', (text, value) => {
  expect(plainOf(read(`- ${text}\n`))).toEqual([value])
})

test('carries merge keys out: own keys win, then earlier maps', () => {
  const root = read(
    'a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  z: 3\n  <<: [*a, *b]\nd:\n  <<: *b\n  y: 4\n',
  )
  expect(plainOf(nodeAt(root, ['c']) as YamlNode)).toEqual({ x: 1, y: 1, z: 3 })
  expect(plainOf(nodeAt(root, ['d']) as YamlNode)).toEqual({ y: 4, z: 2 })
  expect(sourceAt(root, ['c', 'y'])).toMatchObject({ line: 1 })
})

test('keeps the tags of compose', () => {
  const root = read('a: !reset null\nb: !override [1]\nc: !reset {}\n')
  expect(['a', 'b', 'c'].map((key) => nodeAt(root, [key])?.tag)).toEqual(['reset', 'override', 'reset'])
})

test('reads documents in order, and an empty file as null', () => {
  const found = parseYaml('dev.yml', 'a: 1\n---\nb: 2\n')
  expect(found.ok && found.value.documents.map(plainOf)).toEqual([{ a: 1 }, { b: 2 }])
  expect(plainOf(read(''))).toBeNull()
  expect(plainOf(read('\uFEFF# nothing\n'))).toBeNull()
})

test.each([
  ['a duplicate key', 'a: 1\nb: 2\na: 3\n', 'yaml/duplicate-key 3:1'],
  ['a duplicate key in flow', '{a: 1, "a": 2}', 'yaml/duplicate-key 1:8'],
  ['a tab as indentation', 'a:\n\tb: 1\n', 'yaml/tab 2:1'],
  ['an anchor that contains itself', 'a: &a\n  - *a\n', 'yaml/alias-loop 2:5'],
  ['an anchor that merges itself', 'a: &a\n  b:\n    <<: *a\n', 'yaml/alias-loop 3:9'],
  ['an unknown alias', 'a: *b\n', 'yaml/unknown-alias 1:4'],
  ['an alias before its anchor', 'a: *b\nb: &b 1\n', 'yaml/unknown-alias 1:4'],
  ['an unknown tag', 'a: !env X\n', 'yaml/tag 1:9'],
  ['a wrong core tag', 'a: !!int x\n', 'yaml/tag 1:10'],
  ['a binary', 'a: !!binary aGk=\n', 'yaml/tag 1:13'],
  ['a key that is a number', '80: a\n', 'yaml/key 1:1'],
  ['a key that is a list', '? [a]\n: b\n', 'yaml/key 1:3'],
  ['a merge key of text', 'a:\n  <<: b\n', 'yaml/merge-key 2:3'],
  ['an unclosed quote', 'a: "b\n', 'yaml/syntax 2:1'],
  ['a bidirectional override', 'a: "\u202Eb"\n', 'yaml/hidden-character 1:5'],
  ["a line break of YAML 1.1's", 'a: b\u2028  c: d\n', 'yaml/hidden-character 1:5'],
  ['a null byte', 'a: \u0000\n', 'yaml/hidden-character 1:4'],
  ['deep nesting', `${'['.repeat(70)}${']'.repeat(70)}`, 'yaml/too-deep 1:65'],
  ['very deep nesting', '['.repeat(100_000), 'yaml/too-deep 1:128'],
  ['very deep lists', '- '.repeat(100_000), 'yaml/too-deep 1:255'],
  ['very deep keys', `${'? '.repeat(50_000)}\na: b`, 'yaml/too-deep 1:255'],
  ['very deep values', `${': '.repeat(50_000)}\na: b`, 'yaml/too-deep 1:255'],
  ['very deep blocks', lines(1_000, (index) => `${' '.repeat(index)}a:`), 'yaml/too-deep 128:129'],
  ['deep blocks', lines(100, (index) => `${' '.repeat(index)}a:`), 'yaml/too-deep 65:65'],
  ['many documents', '---\n'.repeat(5_000), 'yaml/too-many-documents 17:1'],
  ['a large file', 'a'.repeat(largestYamlBytes + 1), 'yaml/too-large 1:1'],
  ['many tokens', `[${','.repeat(150_000)}]`, 'yaml/too-many-parts 1:120000'],
])('refuses %s', (_, text, expected) => {
  expect(refusal(text).startsWith(expected) ? expected : refusal(text)).toBe(expected)
})

const bomb = (levels: number): string =>
  `a0: &a0 [x, x, x, x, x, x, x, x, x]\n${lines(levels, (index) => `a${index + 1}: &a${index + 1} [${Array(9).fill(`*a${index}`).join(', ')}]`)}\n`

test('refuses a text whose aliases expand to too much, and reads one that does not', () => {
  expect(refusal(bomb(9))).toBe('yaml/expands 6:10')
  expect(read(bomb(2)).kind).toBe('map')
  const chain = `a0: &a0 {k0: 1}\n${lines(2_000, (index) => `a${index + 1}: &a${index + 1} {<<: *a${index}, k${index + 1}: 1}`)}\n`
  expect(refusal(chain)).toBe('yaml/too-deep 64:16')
})

test('refuses depth that aliases build up', () => {
  const chain = `a0: &a0 [x]\n${lines(100, (index) => `a${index + 1}: &a${index + 1} [*a${index}]`)}\n`
  expect(refusal(chain)).toBe('yaml/too-deep 64:12')
})

test('refuses what is not UTF-8, at the first wrong byte', () => {
  const found = readYaml('dev.yml', Buffer.from([0x61, 0x3a, 0x20, 0xff]))
  expect(found).toMatchObject({
    ok: false,
    issues: [{ code: 'reader/not-utf8', source: { line: 1, column: 4 } }],
  })
})

test('is not fooled by prototype keys', () => {
  const root = read('__proto__: {polluted: 1}\nconstructor: 2\n')
  expect(Object.keys(plainOf(root) as object)).toEqual(['__proto__', 'constructor'])
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

test('agrees with another reading of what a writer of YAML writes', () => {
  const value = fc.letrec((tie) => ({
    node: fc.oneof({ maxDepth: 4 }, tie('leaf'), fc.array(tie('node'), { maxLength: 4 }), tie('map')),
    map: fc.dictionary(fc.stringMatching(/^[a-z$. -]{1,8}$/), tie('node'), { maxKeys: 4 }),
    leaf: fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
  })).node
  fc.assert(
    fc.property(value, (data) => {
      const text = stringify(data)
      fc.pre(parseYaml('dev.yml', text).ok)
      fc.pre(!/(?:^|[\s[{,-])[-+]?[0-9][0-9_]*_|(?:^|\s)0[0-7oOxXbB]/.test(text))
      expect(JSON.stringify(plainOf(read(text)))).toBe(JSON.stringify(parse(text)))
    }),
  )
})

const hostile = fc.array(
  fc.oneof(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ': ',
      '- ',
      '? ',
      '&a ',
      '*a',
      '!reset ',
      '!!int ',
      '<<: ',
      '\n',
      '  ',
      '\t',
    ),
    fc.constantFrom(
      '"',
      "'",
      '|',
      '>',
      '#',
      '---\n',
      '...',
      '%YAML 1.1\n',
      ',',
      '\\',
      'a',
      '0x',
      '\u2028',
      '\u0000',
    ),
    fc.string(),
  ),
  { maxLength: 60 },
)

test('answers to any text, and every refusal has a place in it', () => {
  fc.assert(
    fc.property(hostile, (parts) => {
      const text = parts.join('')
      const found = parseYaml('dev.yml', text)
      if (found.ok) return
      expect(found.issues.length).toBeGreaterThan(0)
      for (const { source } of found.issues) {
        expect(source?.line).toBeGreaterThan(0)
        expect(source?.line).toBeLessThanOrEqual(text.split(/\r\n?|\n/).length)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('answers to any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const found = readYaml('dev.yml', Buffer.from(bytes))
      if (!found.ok) expect(found.issues[0]?.source).toBeDefined()
    }),
    { numRuns: 2_000 },
  )
})
