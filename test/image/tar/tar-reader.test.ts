import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { create } from 'tar'
import { describe, expect, it } from 'vitest'
import { Refusal } from '../../../src/image/refusal.ts'
import { TarReader } from '../../../src/image/tar/tar-reader.ts'
import { denseContent, oldSparse, sparse01, sparse10, sparseForms } from '../make-sparse.ts'
import { endOfTar, makeTar, metaEntry, paxContent, tarEntry, withSum } from '../make-tar.ts'

interface Read {
  readonly name: string
  readonly type: string
  readonly content: string
}

const pieces = (bytes: Buffer, length: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / length) }, (_, at) =>
    bytes.subarray(at * length, (at + 1) * length),
  )

const readAll = async (bytes: Buffer, pieceBytes = 1000): Promise<Read[]> => {
  const reader = new TarReader(pieces(bytes, pieceBytes))
  const found: Read[] = []
  for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) {
    const parts: Buffer[] = []
    for await (const part of entry.body) parts.push(part)
    found.push({ name: entry.name, type: entry.type, content: Buffer.concat(parts).toString() })
  }
  return found
}

const refusal = async (bytes: Buffer): Promise<Refusal> => {
  const error: unknown = await readAll(bytes).catch((one: unknown) => one)
  if (error instanceof Refusal) return error
  throw new Error(`It was read: ${JSON.stringify(error)}`)
}

describe('TarReader', () => {
  it('reads every type of entry', async () => {
    const entries = await readAll(
      makeTar([
        { name: 'a/', type: '5' },
        { name: 'a/b', content: 'hello' },
        { name: 'c', type: '2', linkName: 'a/b' },
        { name: 'd', type: '1', linkName: 'a/b' },
        { name: 'e', type: '3', device: [1, 3] },
        { name: 'f', type: '4' },
        { name: 'g', type: '6' },
        { name: 'h', type: '\0', content: 'old' },
        { name: 'i/', type: '\0' },
      ]),
    )
    expect(entries.map(({ type }) => type)).toEqual([
      'directory',
      'file',
      'symlink',
      'hard-link',
      'character-device',
      'block-device',
      'fifo',
      'file',
      'directory',
    ])
    expect(entries[1]?.content).toBe('hello')
    expect(entries[7]?.content).toBe('old')
  })

  it('reads the same whatever the pieces', async () => {
    const bytes = makeTar([
      { name: 'a', content: 'x'.repeat(700), pax: { path: 'long/'.repeat(40) } },
      { name: 'b', content: 'y' },
    ])
    const whole = await readAll(bytes, bytes.length)
    for (const length of [1, 7, 511, 512, 513]) expect(await readAll(bytes, length)).toEqual(whole)
  })

  it('takes names from pax, from GNU headers, and GNU before pax', async () => {
    const bytes = Buffer.concat([
      tarEntry({ name: 'short', pax: { path: 'from-pax' } }),
      metaEntry('L', Buffer.from('from-gnu\0')),
      metaEntry('x', paxContent({ path: 'not-this' })),
      tarEntry({ name: 'short' }),
      tarEntry({ name: 'plain' }),
      endOfTar,
    ])
    expect((await readAll(bytes)).map(({ name }) => name)).toEqual(['from-pax', 'from-gnu', 'plain'])
  })

  it('lets a global header change nothing, and forget what stood before it', async () => {
    const bytes = Buffer.concat([
      metaEntry('x', paxContent({ path: 'forgotten' })),
      metaEntry('g', paxContent({ path: 'global' })),
      tarEntry({ name: 'own' }),
      endOfTar,
    ])
    expect((await readAll(bytes)).map(({ name }) => name)).toEqual(['own'])
  })

  it('sees what hides behind a link that claims to have content', async () => {
    const bytes = Buffer.concat([
      tarEntry({ name: 'link', type: '2', linkName: 'x', size: 1024 }),
      tarEntry({ name: 'hidden', mode: 0o4755, content: 'x' }),
      endOfTar,
    ])
    expect((await readAll(bytes)).map(({ name }) => name)).toEqual(['link', 'hidden'])
  })

  it.each(Object.entries(sparseForms))('reads a sparse file of the form %s whole', async (_, make) => {
    const parts = Array.from({ length: 50 }, (_, at) => ({ from: 100 + at * 3000, content: `part ${at}` }))
    const file = { name: 'usr/bin/sudo', sizeBytes: 200_000, parts }
    const bytes = Buffer.concat([make(file), tarEntry({ name: 'after', content: 'x' }), endOfTar])
    for (const length of [97, 512, 100_000])
      expect(await readAll(bytes, length)).toEqual([
        { name: 'usr/bin/sudo', type: 'file', content: denseContent(file).toString() },
        { name: 'after', type: 'file', content: 'x' },
      ])
  })

  it('skips a sparse file that nobody reads', async () => {
    const file = { name: 'a', sizeBytes: 9000, parts: [{ from: 5000, content: 'x' }] }
    const reader = new TarReader([
      Buffer.concat([oldSparse(file), sparse10(file), tarEntry({ name: 'after' }), endOfTar]),
    ])
    const sizes: number[] = []
    for (let entry = await reader.next(); entry !== undefined; entry = await reader.next())
      sizes.push(entry.sizeBytes)
    expect(sizes).toEqual([9000, 9000, 0])
  })

  it('keeps attributes as bytes', async () => {
    const value = Buffer.from([1, 0, 0, 2, 0xff, 0x0a, 0x80, 0])
    const reader = new TarReader([
      makeTar([{ name: 'a', pax: { 'SCHILY.xattr.security.capability': value } }]),
    ])
    expect((await reader.next())?.attributes.get('security.capability')).toEqual(value)
  })

  it('tells names that are no UTF-8 apart', async () => {
    const reader = new TarReader([
      makeTar([
        { name: 'a', pax: { path: Buffer.from([0x61, 0xff]) } },
        { name: 'a', pax: { path: Buffer.from([0x61, 0xfe]) } },
      ]),
    ])
    expect([(await reader.next())?.name, (await reader.next())?.name]).toEqual(['a\\xff', 'a\\xfe'])
  })

  it('stops at two blocks of zeros, and skips what was not read', async () => {
    const bytes = Buffer.concat([
      makeTar([
        { name: 'a', content: 'x'.repeat(2000) },
        { name: 'b', content: 'y' },
      ]),
      tarEntry({ name: 'behind' }),
    ])
    const reader = new TarReader([bytes])
    expect((await reader.next())?.name).toBe('a')
    expect((await reader.next())?.name).toBe('b')
    expect(await reader.next()).toBeUndefined()
    expect(await reader.drain()).toBe(512)
  })

  it.each([
    [
      'a header behind one block of zeros',
      Buffer.concat([Buffer.alloc(512), makeTar([{ name: 'a' }])]),
      /block of zeros/,
    ],
    ['a sparse file of star', makeTar([{ name: 'a', type: 'S' }]), /sparse file of another form/],
    [
      'holes without end',
      Buffer.concat([oldSparse({ name: 'a', sizeBytes: 2 ** 30, parts: [] }), endOfTar]),
      /holes of more/,
    ],
    [
      'content that a map of holes leaves out',
      makeTar([
        { name: 'a', content: 'hidden', pax: { 'GNU.sparse.map': '0,3', 'GNU.sparse.numblocks': '1' } },
      ]),
      /parts have 3 bytes, of which 6 are stored/,
    ],
    [
      'a map of holes without end',
      makeTar([
        {
          name: 'a',
          content: `99999999\n${'1\n'.repeat(600_000)}`,
          pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' },
        },
      ]),
      /longer than 1048576/,
    ],
    ['a type that no engine unpacks', makeTar([{ name: 'a', type: '7' }]), /type "7"/],
    ['a wrong checksum', Buffer.alloc(512, 'a'), /checksum/],
    ['a half block', makeTar([]).subarray(0, 100), /too early/],
    [
      'content that ends early',
      tarEntry({ name: 'a', content: 'x'.repeat(600) }).subarray(0, 700),
      /before the content/,
    ],
    [
      'a pax size beyond all sense',
      makeTar([{ name: 'a', pax: { size: '9223372036854775807' } }]),
      /holds 9223372036854775807/,
    ],
    ['a pax size that is no number', makeTar([{ name: 'a', pax: { size: '0x10' } }]), /no number/],
    ['a negative pax size', makeTar([{ name: 'a', pax: { size: '-1' } }]), /holds -1/],
    [
      'a pax record without an end',
      Buffer.concat([metaEntry('x', Buffer.from('99 path=a\n')), makeTar([{ name: 'a' }])]),
      /pax header is damaged/,
    ],
    ['a pax path with a NUL', makeTar([{ name: 'a', pax: { path: 'a\0b' } }]), /pax header is damaged/],
  ])('refuses %s, with its place', async (_, bytes, sentence) => {
    const found = await refusal(bytes)
    expect(found.message).toMatch(sentence)
    expect(found.place.offsetBytes).toBeTypeOf('number')
  })

  it('refuses many files with holes', async () => {
    const hollow = sparse01({ name: 'a', sizeBytes: 100 * 2 ** 20, parts: [] })
    const reader = new TarReader(Array.from({ length: 6 }, () => hollow))
    for (let file = 0; file < 5; file++) expect((await reader.next())?.name).toBe('a')
    await expect(reader.next()).rejects.toThrow(/holes of more/)
  })

  it('does not hold a pax header of gigabytes', async () => {
    const block = Buffer.from(metaEntry('x', Buffer.alloc(0)))
    block.write('77777777777\0', 124, 'latin1')
    expect((await refusal(withSum(block))).message).toMatch(/8589934591 bytes stands before an entry/)
  })

  it('reads binary sizes', async () => {
    const block = Buffer.from(tarEntry({ name: 'a' }))
    block.fill(0, 124, 136)
    block[124] = 0x80
    block[135] = 5
    const bytes = Buffer.concat([withSum(block), Buffer.from('hello'), Buffer.alloc(507), endOfTar])
    expect(await readAll(bytes)).toEqual([{ name: 'a', type: 'file', content: 'hello' }])
  })

  it('reads what another writer wrote', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tenantry-tar-'))
    try {
      const long = `${'n'.repeat(120)}.txt`
      await writeFile(join(folder, long), 'long')
      await writeFile(join(folder, 'ü.txt'), 'umlaut')
      await symlink(long, join(folder, 'link'))
      const written = create({ cwd: folder, portable: true }, [long, 'ü.txt', 'link'])
      const parts: Buffer[] = []
      for await (const part of written) parts.push(part)
      expect(await readAll(Buffer.concat(parts))).toEqual([
        { name: long, type: 'file', content: 'long' },
        { name: 'ü.txt', type: 'file', content: 'umlaut' },
        { name: 'link', type: 'symlink', content: '' },
      ])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('answers to any bytes, with entries or with a refusal', async () => {
    const sample = makeTar([
      { name: 'a', content: 'hello', pax: { path: 'b', size: '5', 'SCHILY.xattr.user.x': 'y' } },
      { name: 'c', type: '1', linkName: 'b' },
    ])
    const change = fc.record({ at: fc.nat(sample.length - 1), byte: fc.integer({ min: 0, max: 255 }) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 8 }),
        fc.nat(sample.length),
        fc.boolean(),
        async (changes, end, fix) => {
          const bytes = Buffer.from(sample)
          for (const { at, byte } of changes) bytes[at] = byte
          if (fix)
            for (let at = 0; at + 512 <= bytes.length; at += 512)
              if (bytes[at + 257] === 0x75) withSum(bytes.subarray(at, at + 512))
          const outcome = await readAll(bytes.subarray(0, end), 97).catch((error: unknown) => error)
          expect(Array.isArray(outcome) || outcome instanceof Refusal).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })
})
