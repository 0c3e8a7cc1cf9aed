import { Refusal } from '../refusal.ts'
import { ByteSource, type Bytes } from './byte-source.ts'
import {
  type Described,
  described,
  type EntryType,
  type Pending,
  paddingOf,
  sizeOf,
  typeOf,
} from './described.ts'
import { blockBytes, type Header, isZeroBlock, parseHeader } from './header.ts'
import { ownerId } from './numbers.ts'
import { attributesOf, parsePax } from './pax.ts'
import {
  gnuMap,
  holeBytes,
  leadingMap,
  type PaxSparse,
  paxMap,
  paxSparse,
  type SparseFile,
  sparseFile,
  withHoles,
} from './sparse.ts'
import { nameOf } from './text.ts'

/** One entry of a tar, as whoever unpacks it sees it. */
export interface TarEntry {
  /** As written: not cleaned, may lead anywhere. */
  readonly name: string
  readonly type: EntryType
  /** Permission, set-uid, set-gid and sticky bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Of a file, with its holes where it is sparse; 0 for every other type. */
  readonly sizeBytes: number
  /** Of a link; else empty. */
  readonly linkName: string
  /** Of a device, as `major:minor`; else empty. */
  readonly device: string
  readonly attributes: ReadonlyMap<string, Buffer>
  /** Of its header. */
  readonly offsetBytes: number
  /** The content, once, in pieces; what is not read is skipped with the next entry. */
  readonly body: AsyncIterable<Buffer>
}

/** Of one pax or GNU header. Source: Go's `archive/tar` refuses more too. */
const longestMetaBytes = 1024 ** 2

/** Of all sparse files of one tar, in bytes: zeros cost a reader time, and whoever writes the tar nothing. */
const mostHoleBytes = 512 * 1024 ** 2

const noAttributes: ReadonlyMap<string, Buffer> = new Map()

/**
 * Entries of a tar, in order, in bounded memory; a hostile tar costs no more than an honest one of its size.
 *
 * It takes what Go's `archive/tar` takes, and reads it the same way, since that is what unpacks images: what this reader would
 * see otherwise, or not at all, could hide there. Global pax headers change nothing; what stands behind the end is not read.
 * GNU's sparse files are read in all their forms, holes as zeros, up to a sum of holes.
 *
 * Errors: `@throws {Refusal}` with the byte at which the entry's header begins.
 */
export class TarReader {
  readonly #source: ByteSource
  /** Of the entry that was handed out last: its content and what fills its last block. */
  #leftBytes = 0
  #padBytes = 0
  #turn = 0
  #holeBytes = 0

  constructor(bytes: Bytes) {
    this.#source = new ByteSource(bytes)
  }

  /** Bytes read so far. */
  get offsetBytes(): number {
    return this.#source.offsetBytes
  }

  /** The next entry; undefined at the end. */
  async next(): Promise<TarEntry | undefined> {
    let offsetBytes = this.#source.offsetBytes
    try {
      let pending: Pending = {}
      for (;;) {
        await this.#skipRest()
        offsetBytes = this.#source.offsetBytes
        const header = await this.#header()
        if (header === undefined) return undefined
        if (!'xgLK'.includes(header.typeFlag))
          return await this.#entry(described(header, pending, offsetBytes))
        pending = await this.#pending(header, pending)
      }
    } catch (error) {
      throw error instanceof Refusal ? error.within({ offsetBytes }) : error
    }
  }

  /** Whatever stands behind the end, thrown away: its bytes belong to the digest. */
  drain(): Promise<number> {
    return this.#source.drain()
  }

  /** Ends the source, which is perhaps a connection. Idempotent. */
  close(): Promise<void> {
    return this.#source.close()
  }

  async #header(): Promise<Header | undefined> {
    const block = await this.#source.take(blockBytes)
    if (block === undefined) return undefined
    if (!isZeroBlock(block)) return parseHeader(block)
    const second = await this.#source.take(blockBytes)
    if (second === undefined || isZeroBlock(second)) return undefined
    throw new Refusal(
      'image/tar',
      'a header follows a block of zeros, so that some would stop reading here and others go on.',
    )
  }

  async #pending(header: Header, before: Pending): Promise<Pending> {
    const content = await this.#meta(header)
    if (header.typeFlag === 'L') return { ...before, name: nameOf(content) }
    if (header.typeFlag === 'K') return { ...before, linkName: nameOf(content) }
    const pax = parsePax(content)
    return header.typeFlag === 'g' ? {} : { ...before, pax }
  }

  async #meta(header: Header): Promise<Buffer> {
    const sizeBytes = sizeOf(header)
    if (sizeBytes > longestMetaBytes)
      throw new Refusal(
        'image/tar',
        `a header of ${sizeBytes} bytes stands before an entry; ${longestMetaBytes} are the most.`,
      )
    const content = sizeBytes === 0 ? Buffer.alloc(0) : await this.#source.take(sizeBytes)
    if (content === undefined) throw new Refusal('image/truncated', 'it ends before the content of a header.')
    this.#padBytes = paddingOf(sizeBytes)
    // The source's piece is reused by nobody, but it may be large: names outlive it.
    return Buffer.from(content)
  }

  async #entry({ header, pax, offsetBytes }: Described): Promise<TarEntry> {
    const type = typeOf(header)
    // Only files have content, whatever the size of another says: its next header follows at once.
    const storedBytes = type === 'file' ? sizeOf(header) : 0
    this.#leftBytes = storedBytes
    this.#padBytes = paddingOf(storedBytes)
    // GNU's oldest form tells everything in its own header: what a pax header says of holes does not count there.
    const told = pax === undefined || header.typeFlag === 'S' ? undefined : paxSparse(pax)
    const name = told?.name ?? header.name
    const sparse = await this.#sparse({ header, pax, offsetBytes }, type, told)
    const stored = this.#body(++this.#turn, name)
    const isDevice = type === 'character-device' || type === 'block-device'
    return {
      name,
      type,
      mode: Number(BigInt.asUintN(12, header.mode)),
      uid: ownerId(header.uid),
      gid: ownerId(header.gid),
      sizeBytes: sparse?.sizeBytes ?? storedBytes,
      linkName: type === 'hard-link' || type === 'symlink' ? header.linkName : '',
      device: isDevice ? `${header.deviceMajor}:${header.deviceMinor}` : '',
      attributes: pax === undefined ? noAttributes : attributesOf(pax),
      offsetBytes,
      body: sparse === undefined ? stored : withHoles(sparse, stored),
    }
  }

  /** The holes of a file that has some; undefined of every other. */
  async #sparse(
    described: Described,
    type: EntryType,
    told: PaxSparse | undefined,
  ): Promise<SparseFile | undefined> {
    const sparse =
      described.header.typeFlag === 'S'
        ? await this.#gnuSparse(described)
        : await this.#paxSparse(described, told)
    if (sparse === undefined) return undefined
    if (type !== 'file') throw new Refusal('image/tar', 'holes are told of an entry that is no file.')
    this.#holeBytes += holeBytes(sparse)
    if (this.#holeBytes > mostHoleBytes)
      throw new Refusal(
        'image/too-large',
        `its sparse files have holes of more than ${mostHoleBytes} bytes: it is made to fill what opens it.`,
      )
    return sparse
  }

  async #gnuSparse({ header }: Described): Promise<SparseFile> {
    if (header.gnuBlock === undefined)
      throw new Refusal('image/tar', 'a sparse file of another form than GNU’s, which nobody reads.')
    const { numbers, sizeBytes } = await gnuMap(header.gnuBlock, () => this.#block())
    return sparseFile(numbers, sizeBytes, this.#leftBytes)
  }

  async #paxSparse({ header, pax }: Described, told: PaxSparse | undefined): Promise<SparseFile | undefined> {
    if (pax === undefined || told === undefined) return undefined
    const numbers = told.form === '0' ? paxMap(pax) : await leadingMap(() => this.#bodyBlock())
    return sparseFile(numbers, told.sizeBytes ?? header.size, this.#leftBytes)
  }

  async #block(): Promise<Buffer> {
    const block = await this.#source.take(blockBytes)
    if (block === undefined) throw new Refusal('image/truncated', 'it ends before the map of a sparse file.')
    return block
  }

  /** A block of the entry's content. */
  async #bodyBlock(): Promise<Buffer> {
    if (this.#leftBytes < blockBytes)
      throw new Refusal('image/tar', 'a sparse file whose map of holes is longer than its content.')
    this.#leftBytes -= blockBytes
    return this.#block()
  }

  async *#body(turn: number, entry: string): AsyncGenerator<Buffer> {
    while (turn === this.#turn && this.#leftBytes > 0) {
      const piece = await this.#source.some(this.#leftBytes)
      if (piece === undefined) throw this.#truncated(entry)
      this.#leftBytes -= piece.length
      yield piece
    }
  }

  async #skipRest(): Promise<void> {
    this.#turn++
    while (this.#leftBytes > 0) {
      const piece = await this.#source.some(this.#leftBytes)
      if (piece === undefined) throw this.#truncated()
      this.#leftBytes -= piece.length
    }
    while (this.#padBytes > 0) {
      const piece = await this.#source.some(this.#padBytes)
      this.#padBytes -= piece?.length ?? this.#padBytes
    }
  }

  #truncated(entry?: string): Refusal {
    const sentence = `it ends ${this.#leftBytes} bytes before the content of an entry does.`
    const offsetBytes = this.#source.offsetBytes
    return new Refusal('image/truncated', sentence, {
      offsetBytes,
      ...(entry === undefined ? {} : { entry }),
    })
  }
}
