import { Refusal } from '../refusal.ts'
import { ByteSource, type Bytes } from './byte-source.ts'
import { headerNumber, paxNumber } from './numbers.ts'
import { type PaxRecords, sparseMapKey } from './pax.ts'
import { nameOf } from './text.ts'

/** A part of a sparse file that the tar holds; between the parts there are zeros. */
interface SparsePart {
  readonly fromBytes: number
  readonly lengthBytes: number
}

/** A file that the tar holds without its holes. */
export interface SparseFile {
  /** With its holes. */
  readonly sizeBytes: number
  /** In order, none over another. */
  readonly parts: readonly SparsePart[]
}

/** What a pax header says of a sparse file; the map of form 1.0 stands before the content. */
export interface PaxSparse {
  readonly form: '0' | '1'
  readonly name?: string
  readonly sizeBytes?: bigint
}

/** Source: Go's `archive/tar` reads no longer map either. */
const longestMapBytes = 1024 ** 2
const mostParts = 2 ** 20

const wrong = (sentence: string): Refusal => new Refusal('image/tar', `a sparse file whose ${sentence}`)

const tooLong = (): Refusal => wrong(`map of holes is longer than ${longestMapBytes} bytes.`)

const textOf = (pax: PaxRecords, key: string): string =>
  pax.get(`GNU.sparse.${key}`)?.toString('latin1') ?? ''

const formOf = (pax: PaxRecords): '0' | '1' | undefined => {
  const version = `${textOf(pax, 'major')}.${textOf(pax, 'minor')}`
  if (version === '1.0') return '1'
  if (version === '0.0' || version === '0.1') return '0'
  return version === '.' && (pax.get(sparseMapKey)?.length ?? 0) > 0 ? '0' : undefined
}

/**
 * What a pax header says of a sparse file; undefined where it is none, or of a form that nobody knows: then the file is as it
 * stands. Source: GNU tar, sparse formats, read as Go's `archive/tar` does. @throws {Refusal} `image/tar` for a size that is none.
 */
export const paxSparse = (pax: PaxRecords): PaxSparse | undefined => {
  const form = formOf(pax)
  if (form === undefined) return undefined
  const name = pax.get('GNU.sparse.name')
  if (name?.includes(0) === true) throw wrong('name has a NUL in it.')
  const size = textOf(pax, 'size') || textOf(pax, 'realsize')
  return {
    form,
    ...(name === undefined || name.length === 0 ? {} : { name: nameOf(name) }),
    ...(size === '' ? {} : { sizeBytes: paxNumber(size, 'size of a sparse file') }),
  }
}

/** The numbers of the map in a pax header: offsets and lengths in turn. @throws {Refusal} `image/tar`. */
export const paxMap = (pax: PaxRecords): bigint[] => {
  const count = paxNumber(textOf(pax, 'numblocks'), 'number of parts')
  const text = pax.get(sparseMapKey)?.toString('latin1') ?? ''
  const numbers = text === '' ? [] : text.split(',').map((one) => paxNumber(one, 'place of a part'))
  if (BigInt(numbers.length) !== 2n * count) throw wrong('parts are not as many as it says.')
  return numbers
}

/** Gives the next block of 512 bytes. */
type NextBlock = () => Promise<Buffer>

/**
 * The numbers of the map that stands before the content, in lines of its own blocks: their count, then offsets and lengths.
 * @throws {Refusal} `image/tar`.
 */
export const leadingMap = async (next: NextBlock): Promise<bigint[]> => {
  const blocks: string[] = []
  let lines = 0
  const readLines = async (count: bigint): Promise<string[]> => {
    while (lines < count) {
      if (blocks.length * 512 >= longestMapBytes) throw tooLong()
      const text = (await next()).toString('latin1')
      lines += text.split('\n').length - 1
      blocks.push(text)
    }
    return blocks.join('').split('\n').slice(0, Number(count))
  }
  const count = paxNumber((await readLines(1n))[0] ?? '', 'number of parts')
  if (count < 0n) throw wrong('parts are fewer than none.')
  const all = await readLines(1n + 2n * count)
  return all.slice(1).map((one) => paxNumber(one, 'place of a part'))
}

/** Where GNU's oldest form keeps its map: pairs of 12 bytes, and a byte that says whether another block follows. */
interface MapArea {
  readonly from: number
  readonly pairs: number
}

const inHeader: MapArea = { from: 386, pairs: 4 }
const inBlock: MapArea = { from: 0, pairs: 21 }
const pairBytes = 24

const pairsIn = (block: Buffer, { from, pairs }: MapArea): bigint[] => {
  const numbers: bigint[] = []
  for (let at = from; at < from + pairs * pairBytes && block[at] !== 0; at += pairBytes)
    numbers.push(
      headerNumber(block.subarray(at, at + 12), 'place of a part'),
      headerNumber(block.subarray(at + 12, at + 24), 'length of a part'),
    )
  return numbers
}

/** The map in a header of GNU's oldest form and the blocks that follow it, and the file's size. @throws {Refusal} `image/tar`. */
export const gnuMap = async (
  header: Buffer,
  next: NextBlock,
): Promise<{ readonly numbers: readonly bigint[]; readonly sizeBytes: bigint }> => {
  const sizeBytes = headerNumber(header.subarray(483, 495), 'size of a sparse file')
  const numbers = pairsIn(header, inHeader)
  let isContinued = header[inHeader.from + inHeader.pairs * pairBytes] !== 0
  for (let bytes = 0; isContinued; bytes += 512) {
    if (bytes >= longestMapBytes) throw tooLong()
    const block = await next()
    for (const one of pairsIn(block, inBlock)) numbers.push(one)
    isContinued = block[inBlock.pairs * pairBytes] !== 0
  }
  return { numbers, sizeBytes }
}

const largest = BigInt(Number.MAX_SAFE_INTEGER)

/**
 * The file that a map describes.
 * @param storedBytes what the tar holds of it.
 * @throws {Refusal} `image/tar` where parts lie over each other, beyond the size or not in order, or are not what is stored.
 */
export const sparseFile = (
  numbers: readonly bigint[],
  sizeBytes: bigint,
  storedBytes: number,
): SparseFile => {
  if (sizeBytes < 0n || sizeBytes > largest) throw wrong(`size is ${sizeBytes}.`)
  if (numbers.length / 2 > mostParts) throw tooLong()
  const parts: SparsePart[] = []
  let [end, held] = [0n, 0n]
  for (let at = 0; at < numbers.length; at += 2) {
    const [from, length] = [numbers[at] ?? 0n, numbers[at + 1] ?? 0n]
    if (from < end || length < 0n || from + length > sizeBytes)
      throw wrong('parts are not in order, or lie beyond its end.')
    parts.push({ fromBytes: Number(from), lengthBytes: Number(length) })
    end = from + length
    held += length
  }
  if (held !== BigInt(storedBytes))
    throw wrong(`parts have ${held} bytes, of which ${storedBytes} are stored.`)
  return { sizeBytes: Number(sizeBytes), parts }
}

/** What is not stored of a file. Never throws. */
export const holeBytes = ({ sizeBytes, parts }: SparseFile): number =>
  parts.reduce((left, { lengthBytes }) => left - lengthBytes, sizeBytes)

const zeros = Buffer.alloc(64 * 1024)

function* zerosOf(count: number): Generator<Buffer> {
  for (let left = count; left > 0; left -= zeros.length) yield zeros.subarray(0, Math.min(left, zeros.length))
}

/** The content with its holes as zeros; ends with what is stored where that ends early. */
export async function* withHoles({ sizeBytes, parts }: SparseFile, stored: Bytes): AsyncGenerator<Buffer> {
  const source = new ByteSource(stored)
  let at = 0
  for (const { fromBytes, lengthBytes } of parts) {
    yield* zerosOf(fromBytes - at)
    for (let left = lengthBytes; left > 0; ) {
      const piece = await source.some(left)
      if (piece === undefined) return
      left -= piece.length
      yield piece
    }
    at = fromBytes + lengthBytes
  }
  yield* zerosOf(sizeBytes - at)
}
