import type { ImageSource } from '../../compliance/image-facts.ts'
import {
  type Configuration,
  choosePlatform,
  type Descriptor,
  isIndex,
  type Manifest,
  parseConfiguration,
  parseDocument,
} from '../documents.ts'
import type { ImageParts, ReadLayer } from '../image-parts.ts'
import type { ImageLimits } from '../limits.ts'
import type { MalwareScanner } from '../malware/scanner.ts'
import { atMost, Meter, verifyDigest, wholeOf } from '../meter.ts'
import { Refusal } from '../refusal.ts'
import { ImageBudget, type ScannedLayer, scanLayer } from '../scan-layer.ts'
import type { Bytes } from '../tar/byte-source.ts'

/** A store that is asked by digest, in any order. */
export interface Blobs {
  readonly source: ImageSource
  /** Content of what a manifest names. */
  readonly open: (descriptor: Descriptor) => Promise<Bytes> | Bytes
  /** A manifest or an index of an index, whole, where it is not kept beside the blobs. */
  readonly manifest: (descriptor: Descriptor) => Promise<Buffer>
}

export interface ReadOptions {
  /** E.g. `linux/amd64`. */
  readonly platform: string
  readonly limits: ImageLimits
  readonly scanner?: MalwareScanner
  readonly report?: (line: string) => void
}

const mostIndexes = 3

/** The manifest of the platform, through indexes of indexes. */
const manifestOf = async (
  blobs: Blobs,
  top: { readonly bytes: Buffer; readonly digest: string },
  platform: string,
): Promise<{ readonly manifest: Manifest; readonly digest: string }> => {
  let { bytes, digest } = top
  for (let depth = 0; depth <= mostIndexes; depth++) {
    const part = `manifest ${digest}`
    const document = parseDocument(part, bytes)
    if (!isIndex(document)) return { manifest: document, digest }
    const chosen = choosePlatform(part, document, platform)
    bytes = await blobs.manifest(chosen)
    digest = digestOf(`the manifest for ${platform}`, bytes, chosen.digest)
  }
  throw new Refusal('image/manifest', `indexes name indexes, more than ${mostIndexes} deep.`)
}

const digestOf = (what: string, bytes: Buffer, expected: string): string => {
  const digest = digestIn(bytes)
  verifyDigest(what, expected, digest)
  return digest
}

/** `sha256:…` of bytes that are there already. Never throws. */
export const digestIn = (bytes: Uint8Array): string => {
  const meter = new Meter()
  meter.add(bytes)
  return meter.digest
}

/** The configuration, as large as it says and with its digest. @throws {Refusal} else. */
const readConfiguration = async (
  blobs: Blobs,
  { config }: Manifest,
  { limits }: ReadOptions,
): Promise<Configuration> => {
  const bytes = await wholeOf(await blobs.open(config), limits.documentBytes)
  digestOf('the configuration', bytes, config.digest)
  return parseConfiguration(`configuration ${config.digest}`, bytes)
}

/** @throws {Refusal} `image/digest` where a layer is not the one that the image names. */
export const verifyLayer = (
  what: string,
  layer: ScannedLayer,
  expected: { readonly stored?: string; readonly diffId: string },
): void => {
  if (expected.stored !== undefined) verifyDigest(what, expected.stored, layer.storedDigest)
  verifyDigest(`${what}, uncompressed,`, expected.diffId, layer.diffId)
}

/** What is told of a layer that could not be read; a wrong digest is not: the image is not the one it says it is. */
export const unreadLayer = (
  what: string,
  error: unknown,
  descriptor: Pick<Descriptor, 'digest' | 'size'>,
): ReadLayer => {
  if (!(error instanceof Refusal) || error.code === 'image/digest') throw error
  return {
    layer: undefined,
    reason: error.within({ part: what }).message,
    digest: descriptor.digest,
    storedBytes: descriptor.size,
  }
}

interface LayerToRead {
  readonly descriptor: Descriptor
  readonly diffId: string
  readonly what: string
}

const checkElsewhere = ({ urls, mediaType }: Descriptor): void => {
  if ((urls ?? []).length > 0 || /foreign|nondistributable/.test(mediaType))
    throw new Refusal(
      'image/missing-part',
      'it is kept elsewhere than the image (a foreign layer), and is not fetched from there.',
    )
}

const readLayerOf = async (
  blobs: Blobs,
  { descriptor, diffId, what }: LayerToRead,
  options: ReadOptions & { readonly budget: ImageBudget },
): Promise<ReadLayer> => {
  try {
    checkElsewhere(descriptor)
    options.report?.(`${what}: ${descriptor.size} bytes`)
    const bytes = atMost(await blobs.open(descriptor), descriptor.size)
    const layer = await scanLayer(bytes, options)
    verifyLayer(what, layer, { stored: descriptor.digest, diffId })
    return { layer }
  } catch (error) {
    return unreadLayer(what, error, descriptor)
  }
}

/** Each layer once, also where the image names it twice. */
const readLayers = async (
  blobs: Blobs,
  layers: readonly LayerToRead[],
  options: ReadOptions,
): Promise<ReadLayer[]> => {
  const budget = new ImageBudget(options.limits)
  const known = new Map<string, ReadLayer>()
  const read: ReadLayer[] = []
  for (const one of layers) {
    const key = `${one.descriptor.digest} ${one.diffId}`
    const layer = known.get(key) ?? (await readLayerOf(blobs, one, { ...options, budget }))
    known.set(key, layer)
    read.push(layer)
  }
  return read
}

/** @throws {Refusal} `image/manifest` where the two lists of layers differ, or there are too many. */
export const checkLayerCount = (count: number, { rootfs }: Configuration, { layers }: ImageLimits): void => {
  if (count !== rootfs.diff_ids.length)
    throw new Refusal(
      'image/manifest',
      `the manifest has ${count} layers, the configuration ${rootfs.diff_ids.length}.`,
    )
  if (count > layers) throw new Refusal('image/too-large', `it has ${count} layers; ${layers} are the most.`)
}

/**
 * An image out of a store that is asked by digest. Everything that comes is verified against the digest it was asked by.
 *
 * Errors: `@throws {Refusal}` where it has no manifest or configuration to trust, or a digest is wrong; a layer that is broken
 * otherwise is told beside the others. Whatever the store throws.
 */
export const readBlobs = async (
  blobs: Blobs,
  top: { readonly bytes: Buffer; readonly digest: string },
  options: ReadOptions,
): Promise<ImageParts> => {
  const { manifest, digest } = await manifestOf(blobs, top, options.platform)
  const configuration = await readConfiguration(blobs, manifest, options)
  checkLayerCount(manifest.layers.length, configuration, options.limits)
  const count = manifest.layers.length
  const layers = manifest.layers.map((descriptor, at) => ({
    descriptor,
    diffId: configuration.rootfs.diff_ids[at] ?? '',
    what: `layer ${at + 1} of ${count}`,
  }))
  return {
    source: blobs.source,
    digest,
    ...(digest === top.digest ? {} : { listDigest: top.digest }),
    configDigest: manifest.config.digest,
    configuration,
    layers: await readLayers(blobs, layers, options),
  }
}
