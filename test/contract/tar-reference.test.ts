import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isHeader } from '../../src/image/tar/header.ts'
import { sparseForms } from '../image/make-sparse.ts'
import { endOfTar, metaEntry, paxContent, tarEntry, withSum } from '../image/make-tar.ts'
import { missingPart } from '../missing-part.ts'
import { seed } from '../seed.ts'
import { base256, tarCases } from './tar-cases.ts'
import { type Answer, buildTarReference, ourAnswer, referenceAnswers } from './tar-comparable.ts'
import { differenceOf, meantDifferences } from './tar-differences.ts'

const hasProgram = (name: string, argument: string, says: RegExp): boolean => {
  try {
    return says.test(execFileSync(name, [argument], { encoding: 'utf8' }))
  } catch {
    return false
  }
}

const hasGo = hasProgram('go', 'version', /^go version/)
if (!hasGo) missingPart('go', 'the comparison of tars with Go’s reader')
const hasGnuTar = hasProgram('tar', '--version', /GNU tar/)
if (!hasGnuTar) console.log('skipped: tars that GNU tar writes (it was not found)')

const folder = mkdtempSync(join(tmpdir(), 'tenantry-tars-'))
let tool = ''

beforeAll(() => {
  if (hasGo) tool = buildTarReference(folder)
}, 600_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** Both answers to each tar. */
const bothAnswers = async (tars: readonly Buffer[]): Promise<readonly (readonly [Answer, Answer])[]> => {
  const paths = tars.map((tar, at) => {
    const path = join(folder, `${at}.tar`)
    writeFileSync(path, tar)
    return path
  })
  const reference = referenceAnswers(tool, paths)
  const none: Answer = { entries: [], error: 'no answer' }
  return Promise.all(tars.map(async (tar, at) => [await ourAnswer(tar), reference[at] ?? none] as const))
}

/** Header blocks of an honest tar. */
const headersOf = (tar: Buffer): number[] =>
  Array.from({ length: Math.floor(tar.length / 512) }, (_, at) => at * 512).filter((at) =>
    isHeader(tar.subarray(at, at + 512)),
  )

const number = fc.oneof(fc.integer({ min: -3, max: 3000 }), fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 53))
const text = fc.oneof(fc.constantFrom('', 'a', 'a/', '../b', '/c', 'ü', '.wh.x', 'x'.repeat(99)), fc.string())
const named = text.map((name) => Buffer.from(name).subarray(0, 99).toString('latin1').replaceAll('\0', '_'))
const paxValue = fc.oneof(number.map(String), text, fc.constantFrom('1,2', '0,0', '1.5', ' 5', '007'))
const paxKeys = [
  'path',
  'linkpath',
  'size',
  'uid',
  'gid',
  'mtime',
  'uname',
  'SCHILY.xattr.user.a',
  'GNU.sparse.major',
  'GNU.sparse.minor',
  'GNU.sparse.map',
  'GNU.sparse.numblocks',
  'GNU.sparse.realsize',
  'GNU.sparse.offset',
  'GNU.sparse.numbytes',
  'GNU.sparse.name',
]
const pax = fc.dictionary(fc.constantFrom(...paxKeys), paxValue, { maxKeys: 3 })
const entry = fc.record(
  {
    name: named,
    type: fc.constantFrom('0', '0', '0', '\0', '1', '2', '3', '4', '5', '6', 'S', '7', 'Z'),
    content: fc.string({ maxLength: 40 }),
    linkName: named,
    mode: fc.nat(0o7777),
    size: fc.nat(3000),
    magic: fc.constantFrom('ustar\u000000', 'ustar  \0', '\0\0\0\0\0\0\0\0'),
    pax,
  },
  { requiredKeys: ['name', 'type', 'content'] },
)
const parts = fc.array(
  fc.tuple(fc.nat(900), fc.string({ minLength: 0, maxLength: 40, unit: 'grapheme-ascii' })),
  {
    maxLength: 30,
  },
)
const sparse = fc
  .tuple(fc.constantFrom(...Object.values(sparseForms)), parts, fc.nat(40_000), named)
  .map(([make, gaps, sizeBytes, name]) => {
    let from = 0
    const made = gaps.map(([gap, content]) => {
      from += gap
      const one = { from, content }
      from += content.length
      return one
    })
    return make({ name: name || 'x', sizeBytes: Math.max(sizeBytes, from - 2), parts: made })
  })
const fragment = fc.oneof(
  entry.map(tarEntry),
  sparse,
  fc.tuple(fc.constantFrom('L', 'K'), text).map(([type, name]) => metaEntry(type, Buffer.from(`${name}\0`))),
  fc.tuple(fc.constantFrom('x', 'g'), pax).map(([type, records]) => metaEntry(type, paxContent(records))),
)

/** What is done to a header: a byte, or a number in binary. */
const change = fc.oneof(
  fc.record({ at: fc.nat(511), bytes: fc.uint8Array({ minLength: 1, maxLength: 2 }) }),
  fc
    .tuple(fc.constantFrom(100, 108, 116, 124, 136), fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }))
    .map(([at, value]) => ({ at, bytes: base256(value, at < 124 ? 8 : 12) })),
)

const generated = fc
  .tuple(
    fc.array(fragment, { minLength: 1, maxLength: 5 }),
    fc.array(fc.tuple(fc.nat(20), change), { maxLength: 2 }),
    fc.oneof(fc.constant(0), fc.nat(2000)),
  )
  .map(([fragments, changes, cut]) => {
    const tar = Buffer.concat([...fragments, endOfTar])
    const headers = headersOf(tar)
    for (const [index, { at, bytes }] of changes) {
      const from = headers[index % Math.max(1, headers.length)]
      if (from === undefined) continue
      tar.set(bytes.subarray(0, 512 - at), from + at)
      withSum(tar.subarray(from, from + 512))
    }
    return tar.subarray(0, Math.max(0, tar.length - cut))
  })

describe.runIf(hasGo)('tars, as Go’s reader reads them', () => {
  it('differ by what is meant only, each of which occurs', async () => {
    const answers = await bothAnswers(tarCases.map(([, tar]) => tar))
    const found = answers.flatMap(([ours, reference], at) => {
      const difference = differenceOf(ours, reference)
      return difference === undefined ? [] : [[tarCases[at]?.[0], difference] as const]
    })
    const ids = meantDifferences.map(({ id }) => id)
    expect(found.filter(([, difference]) => !ids.includes(difference))).toEqual([])
    expect(new Set(found.map(([, difference]) => difference))).toEqual(new Set(ids))
    // Two that refuse everything agree too.
    expect(answers.filter(([{ error }]) => error === undefined).length).toBeGreaterThan(tarCases.length / 2)
  })

  it('differ by nothing else where they are made at random', async () => {
    const tars = fc.sample(generated, { numRuns: 3000, seed })
    const ids = new Set(meantDifferences.map(({ id }) => id))
    const answers = await bothAnswers(tars)
    const wrong = answers.flatMap(([ours, reference], at) => {
      const difference = differenceOf(ours, reference)
      return difference === undefined || ids.has(difference)
        ? []
        : [`tar ${at}: ${difference.slice(0, 2000)}`]
    })
    expect(wrong.slice(0, 5)).toEqual([])
    expect(answers.filter(([{ entries }]) => entries.length > 0).length).toBeGreaterThan(1000)
  }, 300_000)
})

/** A folder with a sparse file, links, long names; written by GNU tar in each of its formats. */
const gnuTars = (): readonly (readonly [string, Buffer])[] => {
  const from = join(folder, 'tree')
  const script = [
    `mkdir -p ${from}/${'long/'.repeat(40)} && cd ${from}`,
    'printf hello > a && ln a b && ln -s a c && mkfifo p && truncate -s 3M holes',
    'printf x | dd of=holes bs=1 seek=1000000 conv=notrunc 2>/dev/null',
    'i=0; while [ $i -lt 40 ]; do printf y | dd of=holes bs=1 seek=$((i * 65536)) conv=notrunc 2>/dev/null; i=$((i+1)); done',
    `printf deep > ${'long/'.repeat(40)}/file`,
  ].join('\n')
  execFileSync('sh', ['-c', script])
  const ways = ['gnu', 'oldgnu', 'posix', 'ustar', 'v7'].map((format) => [`--format=${format}`])
  const sparse = [
    ['--format=gnu', '--sparse'],
    ...['0.0', '0.1', '1.0'].map((version) => ['--format=posix', '--sparse', `--sparse-version=${version}`]),
  ]
  return [...ways, ...sparse].map((way) => {
    const path = join(folder, 'gnu.tar')
    // Formats without long names leave those out, and say so by their exit code.
    execFileSync('sh', [
      '-c',
      `tar ${way.join(' ')} --numeric-owner -cf ${path} -C ${from} . /dev/null 2>/dev/null || true`,
    ])
    return [way.join(' '), readFileSync(path)] as const
  })
}

describe.runIf(hasGo && hasGnuTar)('tars of GNU tar', () => {
  it('are read as Go’s reader reads them, holes too', async () => {
    const tars = gnuTars()
    const answers = await bothAnswers(tars.map(([, tar]) => tar))
    for (const [at, [ours, reference]] of answers.entries()) {
      expect(differenceOf(ours, reference), tars[at]?.[0]).toBeUndefined()
      expect(ours.error).toBeUndefined()
      expect(ours.entries.find(({ name }) => name === './holes')?.bytes).toBe(3 * 2 ** 20)
    }
    const sparse = tars.filter(([way]) => way.includes('--sparse')).map(([, tar]) => tar.length)
    expect(Math.max(...sparse)).toBeLessThan(2 ** 20)
  })
})
