import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { readImage } from '../../src/image/read-image.ts'
import { isHeader } from '../../src/image/tar/header.ts'
import { configurationOf, json, layered, savedArchive, sha256 } from '../image/make-image.ts'
import { oldSparse } from '../image/make-sparse.ts'
import { makeTar, withSum } from '../image/make-tar.ts'
import { zstdFrame } from '../image/make-zstd.ts'

/** What is told of an archive with these bytes: facts, or a reason. Whether it was read. */
const answer = async (folder: string, bytes: Buffer): Promise<boolean> => {
  const path = join(folder, 'image.tar')
  writeFileSync(path, bytes)
  const read = await readImage('app:1', { origin: { kind: 'docker-archive', path } })
  if (read.ok) return true
  const [issue] = read.issues
  if (issue === undefined || !issue.message.startsWith('Image app:1: ') || issue.message.length < 30)
    throw new Error(`A refusal that says nothing: ${JSON.stringify(read.issues)}`)
  return false
}

const image = layered([
  [
    { name: 'etc/passwd', content: 'root:x:0:0::/:/bin/sh\n' },
    { name: 'bin/su', mode: 0o4755, content: 'x'.repeat(700) },
    { name: 'bin/other', type: '1', linkName: 'bin/su' },
  ],
  [
    { name: 'bin/.wh.su' },
    { name: 'dev/null', type: '3' },
    { name: 'a', pax: { path: 'b', 'SCHILY.xattr.security.capability': '\u0001' }, content: 'y' },
  ],
])

const change = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) })

/** Bytes changed here and there; with `mend`, the checksums of the headers are as they should be. */
const changed = (
  whole: Buffer,
  changes: readonly { readonly at: number; readonly byte: number }[],
  mend: boolean,
) => {
  const bytes = Buffer.from(whole)
  for (const { at, byte } of changes) bytes[at % bytes.length] = byte
  if (mend)
    for (let at = 0; at + 512 <= bytes.length; at += 512) {
      const block = bytes.subarray(at, at + 512)
      if (isHeader(whole.subarray(at, at + 512))) withSum(block)
    }
  return bytes
}

const packed = {
  plain: (bytes: Buffer) => bytes,
  gzip: (bytes: Buffer) => gzipSync(bytes),
  zstd: (bytes: Buffer) => zstdFrame([{ raw: bytes }]),
} as const

const layers = fc
  .record({
    changes: fc.array(change, { maxLength: 6 }),
    mend: fc.boolean(),
    packing: fc.constantFrom(...(Object.keys(packed) as (keyof typeof packed)[])),
    packedChanges: fc.array(change, { maxLength: 2 }),
  })
  .map(({ changes, mend, packing, packedChanges }) => {
    const made = image.layers.map((one) => changed(one, changes, mend))
    const stored = made.map((one) => changed(packed[packing](one), packedChanges, false))
    return savedArchive({ layers: made }, stored)
  })

const archives = fc
  .record({ changes: fc.array(change, { maxLength: 6 }), mend: fc.boolean(), cut: fc.nat(2000) })
  .map(({ changes, mend, cut }) => {
    const whole = changed(savedArchive(image), changes, mend)
    return whole.subarray(0, whole.length - cut)
  })

const name = fc.constantFrom(
  'l/layer.tar',
  '../l',
  '/l',
  'manifest.json',
  'c.json',
  '',
  'x'.repeat(300),
  '\0',
)
const list = fc.oneof(fc.array(name, { maxLength: 3 }), fc.jsonValue())
const layer = image.layers[0] ?? Buffer.alloc(0)
/** Half of them name what is there, so that the rest of the documents is looked at. */
const manifest = fc.oneof(
  { weight: 3, arbitrary: fc.constant([{ Config: 'c.json', RepoTags: ['app:1'], Layers: ['l/layer.tar'] }]) },
  {
    weight: 2,
    arbitrary: fc.array(fc.record({ Config: fc.oneof(name, fc.jsonValue()), RepoTags: list, Layers: list }), {
      maxLength: 2,
    }),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
)
const configuration = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      os: fc.constant('linux'),
      architecture: fc.constant('amd64'),
      config: fc.record(
        { User: fc.string(), Env: fc.array(fc.string()), Labels: fc.dictionary(fc.string(), fc.string()) },
        { requiredKeys: [] },
      ),
      rootfs: fc.constant({ type: 'layers', diff_ids: [sha256(layer)] }),
      history: fc.oneof(fc.constant([{ created_by: 'x' }]), fc.jsonValue()),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      os: fc.oneof(fc.constant('linux'), fc.jsonValue()),
      config: fc.oneof(fc.record({ User: fc.jsonValue(), Env: fc.jsonValue() }), fc.jsonValue()),
      rootfs: fc.oneof(fc.record({ diff_ids: fc.jsonValue() }), fc.jsonValue()),
      history: fc.jsonValue(),
    }),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
)
const documents = fc
  .tuple(manifest, configuration, fc.array(change, { maxLength: 2 }))
  .map(([top, own, changes]) =>
    makeTar([
      { name: 'l/layer.tar', content: layer },
      { name: 'c.json', content: json(own) },
      { name: 'manifest.json', content: changed(json(top), changes, false) },
    ]),
  )

const kinds = { layers, archives, documents } as const

/** Gigabytes of zeros as a few kilobytes. */
const zeros = {
  gzip: (): Buffer => {
    const member = gzipSync(Buffer.alloc(16 * 1024 ** 2))
    return Buffer.concat(Array.from({ length: 64 }, () => member))
  },
  zstd: (): Buffer => zstdFrame(Array.from({ length: 8192 }, () => ({ repeat: 128 * 1024 }))),
} as const

/** Saved images that are made to fill whatever reads them. */
const bombs = (): readonly Buffer[] => [
  ...Object.values(zeros).map((make) => savedArchive(image, [make()])),
  savedArchive({ layers: [oldSparse({ name: 'a', sizeBytes: 2 ** 40, parts: [] })] }),
  makeTar([{ name: 'manifest.json', content: '['.repeat(4_000_000) }]),
  makeTar([{ name: 'manifest.json', content: `[${'{"Layers":[]},'.repeat(280_000)}{}]` }]),
  makeTar([{ name: 'a', pax: { path: 'x'.repeat(2_000_000) } }]),
  makeTar(
    Array.from({ length: 300 }, (_, at) => ({ name: `${at}`, pax: { path: `${at}${'y'.repeat(3000)}` } })),
  ),
  savedArchive(image).subarray(0, 3000),
  gzipSync(gzipSync(savedArchive(image))),
  configurationOf(image),
]

export type ImageFuzz = keyof typeof kinds | 'bombs'

/** Reads so many generated images; of bombs each. How many were read. Throws Error of fast-check, with the seed, where one has no answer. */
export const fuzzImage = async (kind: ImageFuzz, folder: string, numRuns: number): Promise<number> => {
  let read = 0
  const one = async (bytes: Buffer): Promise<void> => {
    if (await answer(folder, bytes)) read += 1
  }
  if (kind === 'bombs') for (const bomb of bombs()) await one(bomb)
  else await fc.assert(fc.asyncProperty(kinds[kind], one), { numRuns })
  return read
}
