import type { ImageSource } from '../../compliance/image-facts.ts'
import { uncompressed } from '../compression/uncompressed.ts'
import {
  type Configuration,
  choosePlatform,
  isIndex,
  type Manifest,
  parseConfiguration,
  parseDocument,
  parseSaved,
  type SavedImage,
} from '../documents.ts'
import type { ImageParts, ReadLayer } from '../image-parts.ts'
import { isDigest, verifyDigest } from '../meter.ts'
import { Refusal } from '../refusal.ts'
import type { Bytes } from '../tar/byte-source.ts'
import { type Members, memberAt, readMembers } from './archive-members.ts'
import { chooseImage } from './oci-layout.ts'
import { checkLayerCount, digestIn, type ReadOptions, unreadLayer, verifyLayer } from './read-blobs.ts'

export interface ArchiveOptions extends ReadOptions {
  readonly source: Extract<ImageSource, 'docker-archive' | 'engine' | 'oci-layout'>
  /** A tag or digest, where the archive holds several images. */
  readonly image?: string
  /** It counts by that tag or digest alone, also where the archive holds one image only. */
  readonly exact?: boolean
}

const documentAt = (members: Members, name: string): Buffer => {
  const member = memberAt(members, name)
  if (member?.kind === 'document') return member.bytes
  throw new Refusal(
    'image/missing-part',
    member === undefined ? 'it is not in the archive.' : 'it is no document.',
    { part: name },
  )
}

const blobName = (digest: string): string => `blobs/sha256/${digest.slice('sha256:'.length)}`

/** A member that is named by its digest has it. */
const verifiedDocument = (members: Members, name: string): Buffer => {
  const bytes = documentAt(members, name)
  const digest = `sha256:${/^blobs\/sha256\/([0-9a-f]+)$/.exec(name)?.[1] ?? ''}`
  if (isDigest(digest)) verifyDigest(name, digest, digestIn(bytes))
  return bytes
}

interface NamedLayer {
  readonly name: string
  readonly diffId: string
  /** Of the layer as stored, where something names it. */
  readonly stored?: string
}

const layerOf = (members: Members, { name, diffId, stored }: NamedLayer, what: string): ReadLayer => {
  const described = { digest: stored ?? diffId, size: 0 }
  const member = memberAt(members, name)
  if (member?.kind === 'layer') {
    verifyLayer(what, member.layer, { diffId, ...(stored === undefined ? {} : { stored }) })
    return { layer: member.layer }
  }
  if (member?.kind === 'broken')
    return unreadLayer(what, member.refusal, { ...described, size: member.storedBytes })
  const reason = member === undefined ? 'is not in the archive' : 'is no layer'
  return unreadLayer(what, new Refusal('image/missing-part', `${name} ${reason}.`), described)
}

const layersOf = (members: Members, layers: readonly NamedLayer[]): ReadLayer[] =>
  layers.map((layer, at) => layerOf(members, layer, `layer ${at + 1} of ${layers.length}`))

const chooseSaved = (
  images: readonly SavedImage[],
  { image, exact = false }: Pick<ArchiveOptions, 'image' | 'exact'>,
): SavedImage => {
  const tags = images.flatMap(({ RepoTags }) => RepoTags ?? [])
  const found = image === undefined ? images : images.filter(({ RepoTags }) => RepoTags?.includes(image))
  if (exact && found.length === 0)
    throw new Refusal(
      'image/manifest',
      `it holds no image by this name, but ${tags.join(', ') || 'one without a name'}.`,
      { part: 'manifest.json' },
    )
  const [only] = found.length === 0 && images.length === 1 ? images : found
  if (only === undefined || found.length > 1)
    throw new Refusal(
      'image/manifest',
      `it holds ${images.length} images: say which of ${tags.join(', ') || 'them, by a tag that none has'}.`,
      {
        part: 'manifest.json',
      },
    )
  return only
}

interface Named {
  readonly configName: string
  readonly configDigest?: string
  readonly digest?: string
  readonly layers: readonly { readonly name: string; readonly stored?: string }[]
}

const ofManifest = ({ config, layers }: Manifest, digest: string): Named => ({
  configName: blobName(config.digest),
  configDigest: config.digest,
  digest,
  layers: layers.map((layer) => ({ name: blobName(layer.digest), stored: layer.digest })),
})

/** The manifest that `index.json` names, through indexes. */
const indexed = (members: Members, { image, platform }: ArchiveOptions): Named => {
  const index = parseDocument('index.json', documentAt(members, 'index.json'))
  if (!isIndex(index)) throw new Refusal('image/manifest', 'it is no index.', { part: 'index.json' })
  let chosen = chooseImage('index.json', { index, image, platform })
  for (let depth = 0; depth < 3; depth++) {
    const name = blobName(chosen.digest)
    const document = parseDocument(name, verifiedDocument(members, name))
    if (!isIndex(document)) return ofManifest(document, chosen.digest)
    chosen = choosePlatform(name, document, platform)
  }
  throw new Refusal('image/manifest', 'indexes name indexes, more than 3 deep.')
}

const saved = (members: Members, options: ArchiveOptions): Named => {
  const chosen = chooseSaved(parseSaved('manifest.json', documentAt(members, 'manifest.json')), options)
  return { configName: chosen.Config, layers: chosen.Layers.map((name) => ({ name })) }
}

const partsOf = (members: Members, named: Named, options: ArchiveOptions): ImageParts => {
  const bytes = verifiedDocument(members, named.configName)
  const configuration: Configuration = parseConfiguration(named.configName, bytes)
  checkLayerCount(named.layers.length, configuration, options.limits)
  const layers = named.layers.map((layer, at) => ({
    ...layer,
    diffId: configuration.rootfs.diff_ids[at] ?? '',
  }))
  return {
    source: options.source,
    ...(named.digest === undefined ? {} : { digest: named.digest }),
    configDigest: digestIn(bytes),
    configuration,
    layers: layersOf(members, layers),
  }
}

/**
 * An image out of one stream: what `docker save` writes (also gzipped, also of engines that write the OCI layout into it), or
 * the OCI layout as a tar. Read once, nothing is kept on disk.
 *
 * Every layer is verified against the configuration's digests, and blobs against their names.
 * Errors: `@throws {Refusal}` for an archive that is broken, hostile or holds no such image; a layer that is broken is told beside
 * the others. Whatever the stream throws.
 */
export const readImageArchive = async (archive: Bytes, options: ArchiveOptions): Promise<ImageParts> => {
  const { limits } = options
  const expanded = uncompressed(archive, { ...limits, layerBytes: limits.imageBytes })
  const members = await readMembers(expanded, options)
  const isSaved = memberAt(members, 'manifest.json') !== undefined
  if (!isSaved && memberAt(members, 'index.json') === undefined)
    throw new Refusal(
      'image/manifest',
      'it has neither manifest.json nor index.json: this is no archive of an image.',
    )
  return partsOf(members, isSaved ? saved(members, options) : indexed(members, options), options)
}
