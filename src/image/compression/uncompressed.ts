import type { ImageLimits } from '../limits.ts'
import { Refusal } from '../refusal.ts'
import { ByteSource, type Bytes, restOf } from '../tar/byte-source.ts'
import { fromGzip } from './gzip.ts'
import { fromZstd } from './zstd.ts'

export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz'

const marks: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
]

/** Long enough for every mark. */
export const markBytes = 6

/** How the data that begins so is compressed, as engines tell it: by its first bytes, whatever its name says. Never throws. */
export const compressionOf = (start: Uint8Array): Compression =>
  marks.find(([, mark]) => mark.every((byte, at) => start[at] === byte))?.[0] ?? 'none'

const startOf = async (source: ByteSource): Promise<Buffer> => {
  let start: Buffer = Buffer.alloc(0)
  while (start.length < markBytes) {
    const more = await source.some(markBytes - start.length)
    if (more === undefined) return start
    start = Buffer.concat([start, more])
  }
  return start
}

const decoded = (compression: Compression, bytes: Bytes): Bytes => {
  if (compression === 'gzip') return fromGzip(bytes)
  if (compression === 'zstd') return fromZstd(bytes)
  if (compression === 'none') return bytes
  throw new Refusal(
    'image/compression',
    `it is compressed with ${compression}, which is not read here: build the image with gzip or zstd.`,
  )
}

export type ExpansionLimits = Pick<ImageLimits, 'layerBytes' | 'expansion' | 'expansionFromBytes'>

const checkExpansion = (madeBytes: number, readBytes: number, limits: ExpansionLimits): void => {
  if (madeBytes > limits.layerBytes)
    throw new Refusal('image/too-large', `it is larger than ${limits.layerBytes} bytes, uncompressed.`)
  if (madeBytes > limits.expansionFromBytes && madeBytes > readBytes * limits.expansion)
    throw new Refusal(
      'image/too-large',
      `${readBytes} bytes became more than ${madeBytes}: it is made to fill what opens it.`,
    )
}

/**
 * The data uncompressed, whatever it is compressed with; in bounded memory and of bounded size.
 *
 * Errors: `@throws {Refusal}` `image/compression` for what is damaged or of a kind not read, `image/too-large` beyond a limit.
 */
export async function* uncompressed(bytes: Bytes, limits: ExpansionLimits): AsyncGenerator<Uint8Array> {
  let readBytes = 0
  let madeBytes = 0
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of bytes) {
      readBytes += piece.length
      yield piece
    }
  }
  const source = new ByteSource(counted())
  try {
    const start = await startOf(source)
    for await (const piece of decoded(compressionOf(start), restOf(source, start))) {
      madeBytes += piece.length
      checkExpansion(madeBytes, readBytes, limits)
      yield piece
    }
  } finally {
    // What still fills a decoder ends with its next piece: nobody waits for that.
    void source.close()
  }
}
