import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseConfiguration, parseDocument, parseSaved } from '../../../src/image/documents.ts'
import { readImage } from '../../../src/image/read-image.ts'
import { Refusal } from '../../../src/image/refusal.ts'
import { manifestOf } from '../../contract/image-push.ts'
import { configurationOf, json, layered, savedArchive, sha256 } from '../make-image.ts'
import { makeTar } from '../make-tar.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-oci-'))
})
afterEach(() => rm(folder, { recursive: true }))

const image = layered([[{ name: 'bin/a', mode: 0o4755, content: 'a' }]])
const stored = image.layers.map((layer) => gzipSync(layer))
const manifest = manifestOf(image, stored)
const blobs = [...stored, manifest, configurationOf(image)]
const blobName = (bytes: Buffer): string => `blobs/sha256/${sha256(bytes).slice(7)}`
const linux = { os: 'linux', architecture: 'amd64' }
const named = { 'org.opencontainers.image.ref.name': '1.0' }
const entry = (bytes: Buffer, more: object) => ({
  mediaType: '',
  digest: sha256(bytes),
  size: bytes.length,
  ...more,
})
const index = (...manifests: object[]): Buffer => json({ schemaVersion: 2, manifests })
const plain = index(entry(manifest, { platform: linux, annotations: named }))

const write = async (top: Buffer, parts: readonly Buffer[] = blobs): Promise<void> => {
  await mkdir(join(folder, 'blobs', 'sha256'), { recursive: true })
  await writeFile(join(folder, 'index.json'), top)
  for (const blob of parts) await writeFile(join(folder, blobName(blob)), blob)
}

const read = (reference = 'app:1.0', platform = 'linux/amd64') =>
  readImage(reference, { origin: { kind: 'oci-layout', path: folder }, platform })

const reasonOf = async (reference?: string, platform?: string): Promise<string> => {
  const outcome = await read(reference, platform)
  return outcome.ok ? 'it was read' : (outcome.issues[0]?.message ?? '')
}

describe('an OCI layout', () => {
  it('is read from its folder', async () => {
    await write(plain)
    expect(await read()).toMatchObject({
      ok: true,
      value: {
        source: 'oci-layout',
        digest: sha256(manifest),
        rootPaths: [{ kind: 'set-uid', path: '/bin/a' }],
      },
    })
  })

  it('is read from a tar, and says the same', async () => {
    await write(plain)
    const path = join(folder, 'image.tar')
    const members = [
      ...blobs.map((blob) => ({ name: blobName(blob), content: blob })),
      { name: 'index.json', content: plain },
    ]
    await writeFile(path, makeTar(members))
    const fromFolder = await read()
    const fromTar = await readImage('1.0', { origin: { kind: 'docker-archive', path } })
    if (!fromFolder.ok || !fromTar.ok) throw new Error(JSON.stringify([fromFolder, fromTar]))
    const { source: _, reference: __, ...one } = fromFolder.value
    const { source: ___, reference: ____, ...other } = fromTar.value
    expect(other).toEqual(one)
  })

  it('is chosen by platform, through an index in the index', async () => {
    const inner = index(
      entry(manifest, { platform: linux }),
      entry(json({}), { platform: { os: 'unknown', architecture: 'unknown' } }),
    )
    await write(index(entry(inner, { annotations: named })), [...blobs, inner])
    expect((await read()).ok).toBe(true)
    expect(await reasonOf('app:1.0', 'linux/arm64')).toMatch(
      /no image for linux\/arm64, but for linux\/amd64/,
    )
  })

  it('says which name it does not hold', async () => {
    await write(plain)
    expect(await reasonOf('app:2.0')).toMatch(/no image by the name "2.0"/)
  })

  it('is refused where a blob is another, missing, or a link to somewhere else', async () => {
    await write(plain)
    const config = configurationOf(image)
    const path = join(folder, blobName(config))
    await writeFile(path, Buffer.from(config.toString().replace('linux', 'linuX')))
    expect(await reasonOf()).toMatch(/should have the digest/)
    await rm(path)
    expect(await reasonOf()).toMatch(/is not there/)
    await symlink('/etc/hostname', path)
    expect(await reasonOf()).toMatch(/no plain file/)
  })

  it('tells a layer that is damaged beside those that are not, and refuses one that is another', async () => {
    await write(plain)
    const path = join(folder, blobName(stored[0] ?? Buffer.alloc(0)))
    await writeFile(path, (stored[0] ?? Buffer.alloc(0)).subarray(0, 30))
    expect(await read()).toMatchObject({ ok: true, value: { gaps: [{ about: 'layer', layer: 0 }] } })
    await writeFile(path, gzipSync(makeTar([])))
    expect(await reasonOf()).toMatch(/should have the digest|holds more than/)
  })

  it('is refused where a manifest is an index too', async () => {
    const both = json({ ...JSON.parse(manifest.toString()), manifests: [] })
    await write(index(entry(both, { annotations: named })), [...blobs, both])
    expect(await reasonOf()).toMatch(/a manifest and an index at once/)
  })
})

describe('an archive', () => {
  const ofArchive = async (bytes: Buffer): Promise<string> => {
    const path = join(folder, 'image.tar')
    await writeFile(path, bytes)
    const outcome = await readImage('app:1', { origin: { kind: 'docker-archive', path } })
    return outcome.ok ? 'it was read' : (outcome.issues[0]?.message ?? '')
  }

  it('is read gzipped', async () => {
    expect(await ofArchive(gzipSync(savedArchive(image)))).toBe('it was read')
  })

  it.each<[string, Buffer, RegExp]>([
    ['no image', makeTar([{ name: 'a' }]), /no archive of an image/],
    [
      'a manifest that names what is not there',
      makeTar([{ name: 'manifest.json', content: json([{ Config: 'x', Layers: [] }]) }]),
      /x: it is not in the archive/,
    ],
    [
      'two members of one name',
      makeTar([
        { name: 'manifest.json', content: '[]' },
        { name: './manifest.json', content: '[]' },
      ]),
      /stands in the archive twice/,
    ],
    ['no JSON', makeTar([{ name: 'manifest.json', content: '[' }]), /it is no JSON/],
    ['no tar', Buffer.alloc(600, 'a'), /checksum/],
  ])('is refused that holds %s', async (_, bytes, sentence) => {
    expect(await ofArchive(bytes)).toMatch(sentence)
  })

  it('that is not there is an issue', async () => {
    const outcome = await readImage('app:1', {
      origin: { kind: 'docker-archive', path: join(folder, 'none.tar') },
    })
    expect(outcome).toMatchObject({ ok: false, issues: [{ code: 'image/missing-part' }] })
  })
})

it('answers to any document, with what it says or with a refusal', () => {
  const parsers = [parseDocument, parseConfiguration, parseSaved]
  const near = fc.record(
    {
      schemaVersion: fc.constantFrom(1, 2, 'x'),
      config: fc.jsonValue(),
      layers: fc.jsonValue(),
      manifests: fc.jsonValue(),
      rootfs: fc.record(
        { diff_ids: fc.array(fc.constantFrom('', sha256(manifest), 'sha256:../../etc')) },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  )
  const bytes = fc.oneof(
    near.map(json),
    fc.jsonValue().map(json),
    fc.uint8Array().map((one) => Buffer.from(one)),
  )
  fc.assert(
    fc.property(fc.constantFrom(...parsers), bytes, (parse, given) => {
      try {
        expect(parse('part', given)).toBeDefined()
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal)
      }
    }),
    { numRuns: 2000 },
  )
})
