import { compressionOf, markBytes } from '../compression/uncompressed.ts'
import { entryPath, folderOf, joined } from '../layer/entry-path.ts'
import type { ImageLimits } from '../limits.ts'
import { Refusal } from '../refusal.ts'
import { ImageBudget, type ScanLayerOptions, type ScannedLayer, scanLayer } from '../scan-layer.ts'
import { ByteSource, type Bytes, restOf } from '../tar/byte-source.ts'
import { blockBytes, isHeader, isZeroBlock } from '../tar/header.ts'
import { type TarEntry, TarReader } from '../tar/tar-reader.ts'

/** What lies at a path of an archive of an image. */
export type Member =
  | { readonly kind: 'document'; readonly bytes: Buffer }
  | { readonly kind: 'layer'; readonly layer: ScannedLayer }
  /** It looked like a layer, and was none that can be read. */
  | { readonly kind: 'broken'; readonly refusal: Refusal; readonly storedBytes: number }
  /** Path of another member. */
  | { readonly kind: 'link'; readonly target: string }

export type Members = ReadonlyMap<string, Member>

/** Documents of an honest archive are a few kilobytes each. */
const mostMembers = 20_000
const mostDocumentBytes = 32 * 1024 ** 2

const isLayer = (start: Buffer): boolean =>
  compressionOf(start.subarray(0, markBytes)) !== 'none' ||
  isHeader(start) ||
  (start.length === blockBytes && isZeroBlock(start))

const linkTarget = (path: string, { type, linkName }: TarEntry): string | undefined =>
  type === 'symlink' && !linkName.startsWith('/')
    ? entryPath(joined(folderOf(path), linkName))
    : entryPath(linkName)

class MemberFold {
  readonly #members = new Map<string, Member>()
  readonly #options: ScanLayerOptions
  readonly #limits: ImageLimits
  #documentBytes = 0

  constructor(limits: ImageLimits, options: ScanLayerOptions) {
    this.#limits = limits
    this.#options = options
  }

  get members(): Members {
    return this.#members
  }

  async take(entry: TarEntry): Promise<void> {
    const path = entryPath(entry.name)
    if (path === undefined)
      throw new Refusal('image/tar', 'a member leads out of the archive.', { entry: entry.name })
    const member = await this.#member(path, entry)
    if (member === undefined) return
    // Two members of one name: one reader takes the first, another the last.
    if (this.#members.has(path))
      throw new Refusal('image/tar', 'it stands in the archive twice.', { entry: path })
    if (this.#members.size >= mostMembers)
      throw new Refusal('image/too-large', `it has more than ${mostMembers} members.`)
    this.#members.set(path, member)
  }

  async #member(path: string, entry: TarEntry): Promise<Member | undefined> {
    if (entry.type === 'symlink' || entry.type === 'hard-link') {
      const target = linkTarget(path, entry)
      return target === undefined ? undefined : { kind: 'link', target }
    }
    if (entry.type !== 'file') return undefined
    const source = new ByteSource(entry.body)
    const start = (await source.take(Math.min(entry.sizeBytes, blockBytes))) ?? Buffer.alloc(0)
    if (isLayer(start)) return this.#layer(restOf(source, start), entry.sizeBytes)
    if (entry.sizeBytes > this.#limits.documentBytes) return undefined
    return this.#document(source, start, entry.sizeBytes)
  }

  async #layer(bytes: Bytes, storedBytes: number): Promise<Member> {
    try {
      return { kind: 'layer', layer: await scanLayer(bytes, this.#options) }
    } catch (refusal) {
      if (refusal instanceof Refusal) return { kind: 'broken', refusal, storedBytes }
      throw refusal
    }
  }

  async #document(source: ByteSource, start: Buffer, sizeBytes: number): Promise<Member> {
    this.#documentBytes += sizeBytes
    if (this.#documentBytes > mostDocumentBytes)
      throw new Refusal('image/too-large', `its documents hold more than ${mostDocumentBytes} bytes.`)
    const rest = (await source.take(sizeBytes - start.length)) ?? Buffer.alloc(0)
    return { kind: 'document', bytes: Buffer.concat([start, rest]) }
  }
}

/**
 * What an archive of an image holds, read once from its beginning to its end: nothing is kept of a layer but what it says.
 *
 * What is a layer is told by its content, since what lists the layers may stand at the end.
 * Errors: `@throws {Refusal}` where the archive itself is broken or hostile.
 */
export const readMembers = async (
  archive: Bytes,
  options: { readonly limits: ImageLimits } & Omit<ScanLayerOptions, 'budget'>,
): Promise<Members> => {
  const reader = new TarReader(archive)
  const fold = new MemberFold(options.limits, { ...options, budget: new ImageBudget(options.limits) })
  try {
    for (let entry = await reader.next(); entry !== undefined; entry = await reader.next())
      await fold.take(entry)
  } finally {
    await reader.close()
  }
  return fold.members
}

const mostLinks = 10

/** The member at a path, links followed; undefined where there is none. */
export const memberAt = (members: Members, name: string): Member | undefined => {
  let member = members.get(entryPath(name) ?? '')
  for (let hops = 0; member?.kind === 'link' && hops < mostLinks; hops++) member = members.get(member.target)
  return member?.kind === 'link' ? undefined : member
}
