import { createReadStream } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { join } from 'node:path'
import { choosePlatform, type Descriptor, type Index, isIndex, parseDocument } from '../documents.ts'
import type { ImageParts } from '../image-parts.ts'
import { wholeOf } from '../meter.ts'
import { Refusal } from '../refusal.ts'
import { type Blobs, digestIn, type ReadOptions, readBlobs } from './read-blobs.ts'

const referenceNames = ['org.opencontainers.image.ref.name', 'io.containerd.image.name']

/** The entry of the index by a tag or digest; the only one, or that of the platform, where none is named. */
export const chooseImage = (
  part: string,
  {
    index,
    image,
    platform,
  }: { readonly index: Index; readonly image: string | undefined; readonly platform: string },
): Descriptor => {
  if (image === undefined) return choosePlatform(part, index, platform)
  const named = index.manifests.filter(
    ({ digest, annotations }) =>
      digest === image || referenceNames.some((name) => annotations?.[name] === image),
  )
  const [found] = named
  if (found === undefined)
    throw new Refusal('image/manifest', `it holds no image by the name ${JSON.stringify(image)}.`, { part })
  return named.length === 1 ? found : choosePlatform(part, { ...index, manifests: named }, platform)
}

/** A file of the folder itself: a link could lead anywhere on this machine. */
const checkPlain = async (path: string, part: string): Promise<void> => {
  const is = await lstat(path).catch(() => undefined)
  if (is === undefined) throw new Refusal('image/missing-part', 'it is not there.', { part })
  if (!is.isFile()) throw new Refusal('image/missing-part', 'it is no plain file.', { part })
}

const readWhole = async (path: string, part: string, most: number): Promise<Buffer> => {
  await checkPlain(path, part)
  const file = await open(path)
  try {
    return await wholeOf(file.createReadStream({ autoClose: false }), most)
  } finally {
    await file.close()
  }
}

/** Digests are checked before: the name of a blob's file is hex digits only. */
const blobPath = (folder: string, digest: string): string =>
  join(folder, 'blobs', 'sha256', digest.slice('sha256:'.length))

const blobsOf = (folder: string, mostBytes: number): Blobs => ({
  source: 'oci-layout',
  open: async ({ digest }) => {
    const path = blobPath(folder, digest)
    await checkPlain(path, `blob ${digest}`)
    return createReadStream(path, { highWaterMark: 1024 ** 2 })
  },
  manifest: ({ digest }) => readWhole(blobPath(folder, digest), `blob ${digest}`, mostBytes),
})

/**
 * An image of a folder in the OCI layout.
 *
 * @param image a tag or digest of its index; may be left out where there is one for the platform.
 * Errors: `@throws {Refusal}`.
 */
export const readOciLayout = async (
  folder: string,
  image: string | undefined,
  options: ReadOptions,
): Promise<ImageParts> => {
  const { documentBytes } = options.limits
  const bytes = await readWhole(join(folder, 'index.json'), 'index.json', documentBytes)
  const index = parseDocument('index.json', bytes)
  if (!isIndex(index)) throw new Refusal('image/manifest', 'it is no index.', { part: 'index.json' })
  const chosen = chooseImage('index.json', { index, image, platform: options.platform })
  const blobs = blobsOf(folder, documentBytes)
  const top = await blobs.manifest(chosen)
  if (digestIn(top) !== chosen.digest)
    throw new Refusal(
      'image/digest',
      `the manifest should have the digest ${chosen.digest}, but has ${digestIn(top)}.`,
    )
  return readBlobs(blobs, { bytes: top, digest: chosen.digest }, options)
}
