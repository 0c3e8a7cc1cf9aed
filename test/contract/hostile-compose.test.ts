import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root as checkout } from '../../bin/bundle.mjs'
import type { Issue } from '../../src/core/issue.ts'
import { type BoundedEnd, mostMebibytes, runBounded } from './bounded-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenantry-hostile-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const tenantry = (...words: string[]): Promise<BoundedEnd> =>
  runBounded([join(checkout, 'bin/tenantry.mjs'), '--root', checkout, ...words], { folder })

const where = ['--tenant', 'retail-banking', '--cluster', 'prod']

/** Both commands of one file. */
const commands = {
  check: (file: string) => tenantry('compliance', 'check', file, ...where, '--static', '--format', 'json'),
  merge: (file: string) => tenantry('compose', 'merge', file, ...where, '--json'),
} as const

const lines = (count: number, line: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => line(at)).join('\n')

const web = 'services:\n  web:\n    image: nginx:1\n'

/** Each level holds the one before it ten times. */
const bomb = `a0: &a0 [lol]\n${lines(10, (at) => `a${at + 1}: &a${at + 1} [${`*a${at}, `.repeat(10)}]`)}\n${web}`
const mergeBomb = `x0: &x0 {a: b}\n${lines(12, (at) => `x${at + 1}: &x${at + 1} {p: *x${at}, q: *x${at}, r: *x${at}, s: *x${at}}`)}\n${web}    labels: {<<: *x12}\n`

/** What is wrong with a file, the issue that says so, and the line it stands in. */
const hostile: readonly (readonly [name: string, content: string | Buffer, code: string, line: number])[] = [
  ['a bomb of aliases', bomb, 'yaml/expands', 6],
  ['a bomb of maps', mergeBomb, 'yaml/expands', 8],
  ['an anchor in itself', `${web}    labels: &a\n      x: *a\n`, 'yaml/alias-loop', 5],
  ['anchors in each other', `x-a: &a [*b]\nx-b: &b [*a]\n${web}`, 'yaml/unknown-alias', 1],
  ['a merge key of itself', `${web}    labels: &a\n      <<: *a\n`, 'yaml/alias-loop', 5],
  ['duplicate keys', `${web}    image: evil:1\n`, 'yaml/duplicate-key', 4],
  ['duplicate keys by an escape', `${web}    "im\\x61ge": evil:1\n`, 'yaml/duplicate-key', 4],
  ['a tab', 'services:\n\tweb:\n\t\timage: nginx:1\n', 'yaml/tab', 2],
  ['no UTF-8', Buffer.from(`${web}    user: "\xff"\n`, 'latin1'), 'reader/not-utf8', 4],
  ['UTF-16', Buffer.from(`\ufeff${web}`, 'utf16le'), 'reader/not-utf8', 1],
  ['UTF-16 without its mark', Buffer.from(web, 'utf16le'), 'yaml/hidden-character', 1],
  ['an overlong form of UTF-8', Buffer.from(`${web}    user: "\xc0\xaf"\n`, 'latin1'), 'reader/not-utf8', 4],
  [
    'half of a surrogate pair',
    Buffer.from(`${web}    user: "\xed\xa0\x80"\n`, 'latin1'),
    'reader/not-utf8',
    4,
  ],
  ['a NUL', `${web}    user: "\0"\n`, 'yaml/hidden-character', 4],
  ['text that runs backwards', `${web}    user: "\u202e"\n`, 'yaml/hidden-character', 4],
  ['brackets without end', `x: ${'['.repeat(200_000)}`, 'yaml/too-deep', 1],
  ['braces without end', `x: ${'{a: '.repeat(60_000)}`, 'yaml/too-deep', 1],
  ['indentation without end', lines(600, (at) => `${' '.repeat(at)}a:`), 'yaml/too-deep', 128],
  ['lists on one line', `x: ${'- '.repeat(100_000)}`, 'yaml/too-deep', 1],
  ['keys on one line', '? '.repeat(100_000), 'yaml/too-deep', 1],
  ['two hundred thousand items', `x-a: [${'a,'.repeat(200_000)}]\n${web}`, 'yaml/too-many-parts', 1],
  ['twenty documents', `${web}---\n`.repeat(20), 'yaml/too-many-documents', 64],
  ['a file that includes itself', `include: [self.yml]\n${web}`, 'compose/include-loop', 1],
  ['a service that extends itself', `${web}    extends: web\n`, 'compose/extends-loop', 4],
  ['a file without end', `include: [/dev/zero]\n${web}`, 'input/unreadable', 1],
  ['an env file without end', `${web}    env_file: /dev/zero\n`, 'compose/env-file', 4],
  ['a pipe that nobody writes to', `include: [pipe.yml]\n${web}`, 'input/unreadable', 1],
  ['an env file that is such a pipe', `${web}    env_file: pipe.yml\n`, 'compose/env-file', 4],
  ['a link to itself', `${web}    env_file: loop\n`, 'compose/env-file', 4],
  ['variables in variables', `${web}    user: "${'${A:-'.repeat(20_000)}"\n`, 'compose/invalid-variable', 4],
]

beforeAll(() => {
  execFileSync('mkfifo', [join(folder, 'pipe.yml')])
  execFileSync('ln', ['-s', 'loop', join(folder, 'loop')])
})

const issuesOf = ({ out, err }: BoundedEnd): readonly Issue[] => {
  try {
    return (JSON.parse(out) as { issues?: readonly Issue[] }).issues ?? []
  } catch {
    throw new Error(`It gave no JSON: ${out.slice(0, 500)} ${err.slice(0, 2000)}`)
  }
}

const shown = ({ code, source }: Issue): string => `${code} ${source?.line}`

describe.each(Object.entries(commands))('%s, as a process of 512 MiB', (_, command) => {
  it.each(hostile)(
    'refuses %s at its place',
    async (name, content, code, line) => {
      const file = join(folder, name === 'a file that includes itself' ? 'self.yml' : 'hostile.yml')
      writeFileSync(file, content)
      const ended = await command(file)
      const issues = issuesOf(ended)
      expect(issues.map(shown)).toContain(`${code} ${line}`)
      expect(new Set(issues.map((issue) => issue.code))).toEqual(new Set([code]))
      for (const { message, source } of issues) {
        expect(message).not.toBe('')
        expect(source?.column).toBeGreaterThan(0)
      }
      expect(ended.code).toBe(1)
      expect(ended.mebibytes).toBeLessThan(mostMebibytes)
    },
    600_000,
  )

  const fiftyMebibytes = 50 * 2 ** 20
  it.each([
    ['of blanks', (file: string) => writeFileSync(file, ' '.repeat(fiftyMebibytes))],
    ['of services', (file: string) => writeFileSync(file, web.repeat(fiftyMebibytes / web.length))],
    [
      'with nothing in it',
      (file: string) => {
        writeFileSync(file, '')
        truncateSync(file, fiftyMebibytes)
      },
    ],
  ])(
    'refuses a file of 50 MB %s without reading it',
    async (_what, write) => {
      const file = join(folder, 'large.yml')
      write(file)
      const ended = await command(file)
      expect(issuesOf(ended)).toMatchObject([{ code: 'input/unreadable', source: { line: 1 } }])
      expect(issuesOf(ended)[0]?.message).toContain('is larger than')
      expect(ended.code).toBe(1)
      expect(ended.mebibytes).toBeLessThan(mostMebibytes / 2)
      rmSync(file)
    },
    600_000,
  )
})
