import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Checked } from '../../src/core/issue.ts'
import { parseTypedFile, readTypedFile } from '../../src/load/read-typed-file.ts'

const lines = (result: Checked<unknown>): string[] =>
  result.ok ? [] : result.issues.map(({ code, source }) => `${source?.line}:${source?.column} ${code}`)

const parse = (text: string) => parseTypedFile('tenants/acme.ts', text, 'tenant')

const readValue = (text: string): unknown => {
  const result = parse(text)
  return result.ok ? result.value.value : result.issues
}

/** The issues of one expression as a field's value; the expression begins in line 1, column 20. */
const inField = (expression: string): string[] => lines(parse(`export default {a: ${expression}}`))

describe('what is data', () => {
  it('reads literals, arrays and objects', () => {
    expect(
      readValue(`import { defineTenant } from '../src/tenant/define.ts'
export default defineTenant({ text: 'a', "quoted-key": "b", template: \`c\`, number: 1.5, negative: -2,
  yes: true, no: false, nothing: null, list: [1, ['x'],], object: { deep: {} }, 0x10: ('parens'), })`),
    ).toEqual({
      text: 'a',
      'quoted-key': 'b',
      template: 'c',
      number: 1.5,
      negative: -2,
      yes: true,
      no: false,
      nothing: null,
      list: [1, ['x']],
      object: { deep: {} },
      16: 'parens',
    })
  })

  it('takes the bare object, with comments, a byte-order mark and CRLF', () => {
    expect(readValue('\uFEFF// a comment\r\nexport default {\r\n  a: 1, /* b */\r\n}\r\n;')).toEqual({ a: 1 })
  })

  it('finds parts again, by value and by key', () => {
    const result = parse("export default {\n  teams: {\n    dev: { role: 'x' },\n  },\n  list: [1, 2],\n}")
    if (!result.ok) throw new Error('unread')
    const { locate, locateKey } = result.value
    expect(locate(['teams', 'dev', 'role'])).toEqual({
      file: 'tenants/acme.ts',
      line: 3,
      column: 18,
      endLine: 3,
      endColumn: 21,
    })
    expect(locateKey(['teams', 'dev'])).toMatchObject({ line: 3, column: 5, endColumn: 8 })
    expect(locate(['list', 1])).toMatchObject({ line: 5, column: 13 })
    expect(locate(['teams', 'gone', 'role'])).toMatchObject({ line: 2, column: 10 })
    expect(locateKey(['gone', 'teams'])).toMatchObject({ line: 1, column: 16 })
    expect(locate([])).toMatchObject({ line: 1, column: 16, endLine: 6 })
  })
})

describe('what is not data', () => {
  it.each([
    ['f()', ['1:20 reader/call']],
    ['new Date()', ['1:20 reader/call']],
    ["import('fs')", ['1:20 reader/call']],
    ['String.raw`x`', ['1:20 reader/call']],
    ['x', ['1:20 reader/identifier']],
    ['undefined', ['1:20 reader/identifier']],
    ['process.env.HOME', ['1:20 reader/identifier']],
    ['import.meta.url', ['1:20 reader/identifier']],
    ['() => 1', ['1:20 reader/function']],
    ['class {}', ['1:20 reader/function']],
    ['1 + 1', ['1:20 reader/operator']],
    ['!0', ['1:20 reader/operator']],
    ['+1', ['1:20 reader/operator']],
    ["-'1'", ['1:20 reader/operator']],
    ['b ? 1 : 2', ['1:20 reader/operator']],
    ['1e999', ['1:20 reader/number']],
    ['-1e999', ['1:20 reader/number']],
    ['1n', ['1:20 reader/literal']],
    ['/x/', ['1:20 reader/literal']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template is what is refused
    ['`${1}`', ['1:20 reader/template']],
    ['[1, , 2]', ['1:20 reader/hole']],
    ['[...b]', ['1:21 reader/spread']],
    ['{...b}', ['1:21 reader/spread']],
    ["{['b']: 1}", ['1:22 reader/computed-key']],
    ['{b}', ['1:21 reader/identifier']],
    ['{b() {}}', ['1:21 reader/function']],
    ['{get b() { return 1 }}', ['1:21 reader/function']],
    ['{set b(c) {}}', ['1:21 reader/function']],
    ['{b: 1, b: 2}', ['1:27 reader/duplicate-key']],
    ["{b: 1, 'b': 2}", ['1:27 reader/duplicate-key']],
    ['{__proto__: {}}', ['1:21 reader/prototype-key']],
    ["{'__proto__': {}}", ['1:21 reader/prototype-key']],
    ['{__proto__: 1, __proto__: 2}', ['1:35 reader/prototype-key']],
    ['{constructor: 1, prototype: 2}', ['1:21 reader/prototype-key', '1:37 reader/prototype-key']],
    ["'x' as const", ['1:24 reader/typescript']],
    ['<string>x', ['1:20 reader/typescript']],
    ['x!', ['1:21 reader/typescript']],
    ["'\u202Ex'", ['1:21 reader/hidden-character']],
    ["'x", ['1:20 reader/syntax']],
    ['1 b: 2', ['1:22 reader/syntax']],
  ])('refuses %s', (expression, expected) => {
    expect(inField(expression)).toEqual(expected)
  })

  it.each([
    ['', ['1:1 reader/empty']],
    ['// only a comment', ['1:1 reader/empty']],
    ["import { defineTenant } from '../src/tenant/define.ts'", ['1:1 reader/empty']],
    ['export const a = 1', ['1:1 reader/statement']],
    ["export * from './other.ts'", ['1:1 reader/statement']],
    ['export default 5', ['1:16 reader/shape']],
    ['export default []', ['1:16 reader/shape']],
    ['export default function () {}', ['1:16 reader/shape']],
    ['export default defineTenant()', ['1:16 reader/shape']],
    ['export default defineTenant(5)', ['1:29 reader/shape']],
    ['export default defineTenant({}, {})', ['1:33 reader/shape']],
    ['export default defineTenant(...x)', ['1:29 reader/spread']],
    ['export default defineTenant?.({})', ['1:16 reader/shape']],
    ['export default other({})', ['1:16 reader/call']],
    ['export default defineCluster({})', ['1:16 reader/wrong-define']],
    ["import fs from 'node:fs'\nexport default {}", ['1:1 reader/import']],
    ["import '../src/tenant/define.ts'\nexport default {}", ['1:1 reader/import']],
    ["import * as d from '../src/tenant/define.ts'\nexport default {}", ['1:1 reader/import']],
    ["import { defineTenant as d } from '../src/tenant/define.ts'\nexport default {}", ['1:1 reader/import']],
    ["import { defineTenant } from 'evil'\nexport default {}", ['1:1 reader/import']],
    ["import { defineCluster } from '../src/cluster/define.ts'\nexport default {}", ['1:1 reader/import']],
    ["import type { T } from 'x'\nexport default {}", ['1:13 reader/typescript']],
    ['export default {} satisfies T', ['1:19 reader/typescript']],
    ['const a: string = 1', ['1:8 reader/typescript']],
    ['interface A {}', ['1:1 reader/typescript']],
    ['enum A {}', ['1:1 reader/typescript']],
    ['let a = 1\nexport default {}', ['1:1 reader/statement']],
    ['export default {}\nfetch("x")', ['2:1 reader/statement']],
    ['export default {}\nexport default {}', ['2:8 reader/syntax']],
    ['export default {a: 1', ['1:21 reader/syntax']],
    ['export default {\n<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n}', ['2:1 reader/merge-conflict']],
    ['export default {\r\na: 1\r\n>>>>>>> x\r\n}', ['3:1 reader/merge-conflict']],
    ['export default {a: 1 <<<<<<< 2}', ['1:24 reader/syntax']],
  ])('refuses the file %j', (text, expected) => {
    expect(lines(parse(text))).toEqual(expected)
  })

  it('reports everything at once, in the order of the file', () => {
    const text = `import x from 'x'
export default defineTenant({
  a: f(),
  ...b,
  c: [d, { constructor: 1 }],
})
console.log(1)
`
    expect(lines(parse(text))).toEqual([
      '1:1 reader/import',
      '3:6 reader/call',
      '4:3 reader/spread',
      '5:7 reader/identifier',
      '5:12 reader/prototype-key',
      '7:1 reader/statement',
    ])
  })

  it('says what it is and the way out', () => {
    const result = parse('export default {a: undefined, b: 1, b: 2}')
    expect(result.ok ? [] : result.issues).toMatchObject([
      {
        message: '`undefined` is a name, not a value.',
        hint: 'Leave the field out instead of setting it to undefined.',
      },
      { message: '`b` stands twice; the first is in line 1.', hint: 'Keep one of the two.' },
    ])
  })

  it('never lets a file change a prototype', () => {
    parse('export default {"__proto__": {"polluted": true}}')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('hostile texts', () => {
  it.each([
    ['brackets', '['.repeat(100_000)],
    ['objects', '{a:'.repeat(60_000)],
    ['signs', `${'- '.repeat(100_000)}1`],
    ['parentheses', '('.repeat(100_000)],
    ['arrows', `${'a=>'.repeat(60_000)}1`],
    ['a balanced nest', `${'['.repeat(33)}${']'.repeat(33)}`],
  ])('refuses %s nested too deep', (_name, text) => {
    expect(lines(parse(`export default {a: ${text}}`))[0]).toMatch(/ reader\/too-deep$/)
  })

  it('refuses a text over the limit without parsing it', () => {
    expect(lines(parse(' '.repeat(256 * 1024 + 1)))).toEqual(['1:1 reader/too-large'])
  })

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void parse(text)))
    const piece = fc.constantFrom(
      ...[
        'export default ',
        'defineTenant(',
        '{',
        '}',
        '[',
        ']',
        ')',
        ',',
        ':',
        'a',
        "'x'",
        '`',
        '${',
        '...',
        ' as ',
        '__proto__',
        '\n',
        '\uFEFF',
        'import ',
        '-',
        '1',
        '//',
        '/*',
        '<',
        '!',
        '=>',
        '\\u{110000}',
        '@',
      ],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const result = parse(pieces.join(''))
        return result.ok || result.issues.length > 0
      }),
      { numRuns: 2_000 },
    )
  })

  it('reads back any JSON object', () => {
    const safe = (key: string): boolean => !['__proto__', 'constructor', 'prototype'].includes(key)
    const hidden = /[\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFEFF]/
    fc.assert(
      fc.property(fc.dictionary(fc.string().filter(safe), fc.jsonValue({ maxDepth: 3 })), (value) => {
        const text = JSON.stringify(value)
        fc.pre(!hidden.test(text) && !/__proto__|constructor|prototype/.test(text))
        expect(readValue(`export default ${text}`)).toEqual(JSON.parse(text))
      }),
    )
  })
})

describe('files', () => {
  const root = mkdtempSync(join(tmpdir(), 'tenantry-reader-'))
  mkdirSync(join(root, 'checkout/tenants'), { recursive: true })
  const put = (path: string, content: string | Buffer): void => writeFileSync(join(root, path), content)
  const read = (path: string) => readTypedFile(join(root, 'checkout'), path, 'tenant')
  put('outside.ts', 'export default {}')

  it('reads a file', () => {
    put('checkout/tenants/a.ts', "export default { a: 'é' }")
    const result = read('tenants/a.ts')
    expect(result.ok && result.value.value).toEqual({ a: 'é' })
  })

  it('refuses one of 10 MB', () => {
    put('checkout/tenants/large.ts', Buffer.alloc(10 * 1024 * 1024, ' '))
    const result = read('tenants/large.ts')
    expect(result).toMatchObject({
      issues: [
        { code: 'reader/too-large', message: 'The file has 10485760 bytes; at most 262144 are read.' },
      ],
    })
  })

  it.each([
    [
      'Latin-1',
      Buffer.concat([Buffer.from("export default {\n  a: 'caf"), Buffer.from([0xe9]), Buffer.from("' }")]),
      '2:10',
    ],
    ['UTF-16', Buffer.from('\uFEFFexport default {}', 'utf16le'), '1:1'],
    ['a cut character', Buffer.concat([Buffer.from('a\n'), Buffer.from([0xe2, 0x82])]), '2:1'],
  ])('refuses %s at its first wrong byte', (_name, bytes, place) => {
    put('checkout/tenants/wrong.ts', bytes)
    expect(lines(read('tenants/wrong.ts'))).toEqual([`${place} reader/not-utf8`])
  })

  it('refuses a link out of the checkout and follows one inside', () => {
    symlinkSync('../../outside.ts', join(root, 'checkout/tenants/link.ts'))
    symlinkSync('a.ts', join(root, 'checkout/tenants/inner.ts'))
    expect(lines(read('tenants/link.ts'))).toEqual(['1:1 reader/outside'])
    expect(read('tenants/inner.ts').ok).toBe(true)
    expect(lines(read('../outside.ts'))).toEqual(['1:1 reader/outside'])
  })

  it.each(['.git/config', '.env', 'package.json', 'stacks/prod.ts'])(
    'refuses a link to %s, which is no typed file of its folder',
    (target) => {
      mkdirSync(dirname(join(root, 'checkout', target)), { recursive: true })
      put(`checkout/${target}`, 'token = "planted-secret"')
      for (const file of ['tenants/led-astray.ts', 'fleet.ts']) {
        rmSync(join(root, 'checkout', file), { force: true })
        symlinkSync(join(root, 'checkout', target), join(root, 'checkout', file))
        expect(lines(read(file)), file).toEqual(['1:1 reader/outside'])
        expect(JSON.stringify(read(file))).not.toContain('planted-secret')
      }
    },
  )

  it('says why a file cannot be read', () => {
    mkdirSync(join(root, 'checkout/tenants/folder.ts'))
    symlinkSync('circle.ts', join(root, 'checkout/tenants/circle.ts'))
    const messages = ['gone', 'folder', 'circle'].map((name) => {
      const result = read(`tenants/${name}.ts`)
      return result.ok ? '' : result.issues[0]?.message
    })
    expect(messages).toEqual([
      'The file cannot be read: it does not exist.',
      'The file cannot be read: it is not a plain file.',
      'The file cannot be read: its link leads in a circle.',
    ])
  })
})
