import type { ImageLimits } from '../limits.ts'
import { Refusal } from '../refusal.ts'
import type { Bytes } from '../tar/byte-source.ts'
import { type TarEntry, TarReader } from '../tar/tar-reader.ts'
import { baseName, entryPath, folderOf, type ImagePath, joined } from './entry-path.ts'
import { keptContent } from './kept-content.ts'
import type { LayerContent, Suspect } from './layer-content.ts'
import { anyExecute, type LayerNode, setGid, setUid } from './layer-node.ts'

/** Programs that make root of somebody who knows a password, or of everybody. */
export const escalationTools: ReadonlySet<string> = new Set([
  'sudo',
  'su',
  'doas',
  'pkexec',
  'sudoedit',
  'runuser',
])

const whiteoutMark = '.wh.'
const opaqueMark = '.wh..wh..opq'
/** AUFS kept its books under this name; no reader unpacks them. */
const bookkeepingMark = '.wh..wh.'

/** Attributes by which the overlay file system hides and moves folders. Source: kernel, overlayfs. */
const overlayAttributes = ['trusted.overlay.', 'user.overlay.']

const longestOddities = 20

/** Of all that may be account files, over one layer: what does not fit is told as unread where the image points to it. */
const mostKeptBytes = 4 * 1024 ** 2

/** A file as it passes, once. */
export interface PassingFile {
  readonly path: ImagePath
  readonly sizeBytes: number
  readonly body: AsyncIterable<Uint8Array>
}

export interface ReadLayerOptions {
  readonly limits: Pick<ImageLimits, 'entries' | 'pathBytes'>
  /** Sees every file that holds something; what it leaves unread is skipped. */
  readonly onFile?: (file: PassingFile) => Promise<void>
}

const isSuspect = (path: ImagePath, node: LayerNode): boolean => {
  if (node.kind === 'directory' || node.kind === 'special') return false
  const isTool = escalationTools.has(baseName(path))
  if (node.kind === 'symlink') return isTool
  const mayRun = (node.mode & anyExecute) !== 0
  if (node.kind === 'hard-link') return true
  return node.capability !== undefined || (mayRun && (isTool || (node.mode & (setUid | setGid)) !== 0))
}

/** Few combinations of kind and ownership make up a layer: each is held once. */
class PlainNodes {
  readonly #held = new Map<string, LayerNode>()

  of(kind: 'file' | 'directory' | 'special', { mode, uid, gid }: TarEntry): LayerNode {
    const key = `${kind}:${mode}:${uid}:${gid}`
    const held: LayerNode = this.#held.get(key) ?? { kind, mode, uid, gid }
    if (this.#held.size < 10_000) this.#held.set(key, held)
    return held
  }
}

class LayerFold {
  readonly #nodes = new Map<ImagePath, LayerNode>()
  readonly #whiteouts = new Set<ImagePath>()
  readonly #opaques = new Set<ImagePath>()
  readonly #suspects: { path: ImagePath; node: LayerNode }[] = []
  readonly #oddities: string[] = []
  readonly #plain = new PlainNodes()
  readonly #options: ReadLayerOptions
  #entries = 0
  #pathBytes = 0
  #keptBytes = 0

  constructor(options: ReadLayerOptions) {
    this.#options = options
  }

  async take(entry: TarEntry): Promise<void> {
    this.#count(entry)
    const path = entryPath(entry.name)
    if (path === undefined) {
      this.#odd(`${JSON.stringify(entry.name.slice(0, 200))} leads out of the image`)
      await this.#passing(entry, entry.name)
      return
    }
    if (this.#hides(path, entry)) return
    if ([...entry.attributes.keys()].some((name) => overlayAttributes.some((one) => name.startsWith(one))))
      this.#odd(`/${path} carries attributes of the overlay file system, which move or hide folders`)
    const node = await this.#node(path, entry)
    if (path === '' && node.kind !== 'directory')
      return this.#odd('an entry that is no folder stands for the root')
    this.#nodes.set(path, node)
    if (isSuspect(path, node)) this.#suspects.push({ path, node })
  }

  content(): LayerContent {
    const suspects: Suspect[] = this.#suspects.map(({ path, node }) => ({
      path,
      node,
      isReplaced: this.#nodes.get(path) !== node,
    }))
    return {
      nodes: this.#nodes,
      whiteouts: this.#whiteouts,
      opaques: this.#opaques,
      suspects,
      entries: this.#entries,
      pathBytes: this.#pathBytes,
      oddities: this.#oddities,
    }
  }

  #count({ name, linkName }: TarEntry): void {
    this.#entries++
    this.#pathBytes += name.length + linkName.length
    const { entries, pathBytes } = this.#options.limits
    if (this.#entries > entries) throw new Refusal('image/too-large', `it has more than ${entries} entries.`)
    if (this.#pathBytes > pathBytes)
      throw new Refusal(
        'image/too-large',
        `the names of its entries are longer than ${pathBytes} bytes together.`,
      )
  }

  #odd(sentence: string): void {
    if (this.#oddities.length < longestOddities) this.#oddities.push(sentence)
  }

  /** Whiteouts are no entries of the image. A device 0:0 is what they become on an overlay: unpacked, it hides too. */
  #hides(path: ImagePath, entry: TarEntry): boolean {
    const name = baseName(path)
    if (entry.type === 'character-device' && entry.device === '0:0') {
      this.#odd(`/${path} is a device 0:0, which hides what lower layers have there without being a whiteout`)
      this.#whiteouts.add(path)
      return true
    }
    if (!name.startsWith(whiteoutMark)) return false
    if (name === opaqueMark) this.#opaques.add(folderOf(path))
    else if (!name.startsWith(bookkeepingMark) && name.length > whiteoutMark.length)
      this.#whiteouts.add(joined(folderOf(path), name.slice(whiteoutMark.length)))
    else this.#odd(`/${path} is no whiteout that an engine knows`)
    return entry.sizeBytes === 0
  }

  async #node(path: ImagePath, entry: TarEntry): Promise<LayerNode> {
    const { type, mode, uid, gid } = entry
    const capability = entry.attributes.get('security.capability')
    if (type === 'directory') return this.#plain.of('directory', entry)
    if (type === 'symlink') return { kind: 'symlink', target: entry.linkName, mode, uid, gid }
    if (type === 'hard-link')
      return {
        kind: 'hard-link',
        target: entry.linkName,
        mode,
        uid,
        gid,
        ...(capability === undefined ? {} : { capability }),
      }
    if (type !== 'file') return this.#plain.of('special', entry)
    const content = await this.#passing(entry, path)
    if (content === undefined && capability === undefined) return this.#plain.of('file', entry)
    return {
      kind: 'file',
      mode,
      uid,
      gid,
      ...(capability === undefined ? {} : { capability }),
      ...(content === undefined ? {} : { content }),
    }
  }

  /** Hands the content on; resolves to it where it may be that of an account file. */
  async #passing(entry: TarEntry, path: string): Promise<string | undefined> {
    if (entry.type !== 'file') return undefined
    const { content, body } =
      this.#keptBytes + entry.sizeBytes > mostKeptBytes
        ? { body: entry.body }
        : await keptContent(path, entry)
    if (content !== undefined) this.#keptBytes += entry.sizeBytes
    if (entry.sizeBytes > 0) await this.#options.onFile?.({ path, sizeBytes: entry.sizeBytes, body })
    return content
  }
}

/**
 * Reads a layer's tar to its end, also what stands behind the end of the archive: that belongs to its digest.
 *
 * Memory grows with the number of entries and the length of their names only.
 * Errors: `@throws {Refusal}` `image/tar`, `image/truncated`, `image/too-large`; whatever `onFile` and the source throw.
 */
export const readLayer = async (tar: Bytes, options: ReadLayerOptions): Promise<LayerContent> => {
  const reader = new TarReader(tar)
  const fold = new LayerFold(options)
  try {
    for (let entry = await reader.next(); entry !== undefined; entry = await reader.next())
      await fold.take(entry).catch(rethrowAt(entry))
    await reader.drain()
  } finally {
    await reader.close()
  }
  return fold.content()
}

const rethrowAt =
  ({ name, offsetBytes }: TarEntry) =>
  (error: unknown): never => {
    throw error instanceof Refusal ? error.within({ entry: name.slice(0, 200), offsetBytes }) : error
  }
