import { Refusal } from '../refusal.ts'
import { ByteSource, type Bytes } from '../tar/byte-source.ts'

const magic = 0xfd2fb528
const skippable = 0x184d2a50

/** A frame may ask for this much memory. zstd's own command gives 8 MiB at its highest plain level. */
const largestWindowBytes = 64 * 1024 ** 2

/** Source: RFC 8878 §3.1.1.2: no block holds more. */
const largestBlockBytes = 128 * 1024

const wrong = (sentence: string): Refusal => new Refusal('image/compression', `its zstd data ${sentence}`)

const exactly = async (source: ByteSource, count: number): Promise<Buffer> => {
  const bytes = await source.take(count)
  if (bytes === undefined) throw wrong('ends in the middle of a frame.')
  return bytes
}

const contentSizeBytes = (descriptor: number): number => {
  const flag = descriptor >> 6
  if (flag === 0) return (descriptor & 0x20) === 0 ? 0 : 1
  return 2 ** flag
}

const contentSizeIn = (field: Buffer): bigint => {
  if (field.length === 8) return field.readBigUInt64LE()
  const value = field.length === 0 ? 0 : field.readUIntLE(0, field.length)
  return BigInt(field.length === 2 ? value + 256 : value)
}

const windowIn = (byte: number): bigint => {
  const base = 1n << BigInt(10 + (byte >> 3))
  return base + (base / 8n) * BigInt(byte & 7)
}

interface Frame {
  readonly header: Buffer
  readonly hasChecksum: boolean
}

/** Source: RFC 8878 §3.1.1.1. */
const frameHeader = async (source: ByteSource, start: Buffer): Promise<Frame> => {
  const first = await exactly(source, 1)
  const descriptor = first[0] ?? 0
  if ((descriptor & 0x08) !== 0) throw wrong('sets a bit that is reserved.')
  const isSingle = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0
  if (dictionaryBytes > 0) throw wrong('needs a dictionary.')
  const window = isSingle ? Buffer.alloc(0) : await exactly(source, 1)
  const size = contentSizeBytes(descriptor)
  const sizeField = size === 0 ? Buffer.alloc(0) : await exactly(source, size)
  const windowBytes = isSingle ? contentSizeIn(sizeField) : windowIn(window[0] ?? 0)
  if (windowBytes > BigInt(largestWindowBytes))
    throw wrong(
      `asks for a window of ${windowBytes} bytes; ${largestWindowBytes} are the most: compress it at a lower level.`,
    )
  return { header: Buffer.concat([start, first, window, sizeField]), hasChecksum: (descriptor & 4) !== 0 }
}

const skipFrame = async (source: ByteSource): Promise<void> => {
  for (let left = (await exactly(source, 4)).readUInt32LE(); left > 0; )
    left -= (await exactly(source, Math.min(left, 65_536))).length
}

async function* blocksOf(source: ByteSource): AsyncGenerator<Buffer> {
  for (;;) {
    const head = await exactly(source, 3)
    const bits = head.readUIntLE(0, 3)
    const kind = (bits >> 1) & 3
    const sizeBytes = bits >> 3
    if (kind === 3 || sizeBytes > largestBlockBytes) throw wrong('has a block that is none.')
    const stored = kind === 1 ? 1 : sizeBytes
    yield stored === 0 ? head : Buffer.concat([head, await exactly(source, stored)])
    if ((bits & 1) === 1) return
  }
}

/**
 * zstd data cut where a decoder can be fed without being surprised: a frame's header, then one block at a time, each of which
 * makes 128 KiB at most. Frames to skip are left out.
 *
 * Errors: `@throws {Refusal}` `image/compression` for what is no zstd, a window beyond 64 MiB, a dictionary.
 */
export async function* zstdPieces(bytes: Bytes): AsyncGenerator<Buffer> {
  const source = new ByteSource(bytes)
  try {
    yield* framesOf(source)
  } finally {
    await source.close()
  }
}

async function* framesOf(source: ByteSource): AsyncGenerator<Buffer> {
  for (let start = await source.take(4); start !== undefined; start = await source.take(4)) {
    const word = start.readUInt32LE()
    if (word >>> 4 === skippable >>> 4) {
      await skipFrame(source)
      continue
    }
    if (word !== magic) throw wrong('is followed by something else.')
    const { header, hasChecksum } = await frameHeader(source, start)
    yield header
    yield* blocksOf(source)
    if (hasChecksum) yield await exactly(source, 4)
  }
}
