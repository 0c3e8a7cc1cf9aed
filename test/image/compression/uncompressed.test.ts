import { randomBytes } from 'node:crypto'
import { deflateRawSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ExpansionLimits, uncompressed } from '../../../src/image/compression/uncompressed.ts'
import { wholeOf } from '../../../src/image/meter.ts'
import { Refusal } from '../../../src/image/refusal.ts'
import { zstdFrame } from '../make-zstd.ts'

const limits: ExpansionLimits = { layerBytes: 64 * 1024 ** 2, expansion: 200, expansionFromBytes: 1024 ** 2 }

const read = (bytes: Buffer, pieceBytes = 1000, given = limits): Promise<Buffer> => {
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, at) =>
    bytes.subarray(at * pieceBytes, (at + 1) * pieceBytes),
  )
  return wholeOf(uncompressed(pieces, given), 128 * 1024 ** 2)
}

/** A frame that carries something for others. Source: RFC 8878 §3.1.2. */
const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])

describe('uncompressed', () => {
  it('gives back what was compressed, in any pieces', async () => {
    const bytes = randomBytes(100_000)
    expect((await read(bytes, 5000)).equals(bytes)).toBe(true)
    for (const pieceBytes of [97, 997, 1_000_000])
      expect((await read(gzipSync(bytes), pieceBytes)).equals(bytes)).toBe(true)
  })

  it('takes several gzip members for one, and reads past what follows them', async () => {
    const two = Buffer.concat([gzipSync('one'), gzipSync('two')])
    expect((await read(two)).toString()).toBe('onetwo')
    expect((await read(Buffer.concat([two, Buffer.alloc(5000)]))).toString()).toBe('onetwo')
  })

  it('reads zstd: raw and repeated blocks, several frames, frames to skip', async () => {
    const frame = zstdFrame([{ raw: Buffer.from('hello ') }, { repeat: 5 }])
    expect((await read(Buffer.concat([frame, skippable, frame]), 3)).toString()).toBe(
      'hello zzzzzhello zzzzz',
    )
  })

  it.each<[string, Buffer, RegExp]>([
    ['half a gzip', gzipSync(randomBytes(5000)).subarray(0, 3000), /gzip data is damaged/],
    [
      'a gzip with a wrong byte',
      Buffer.concat([gzipSync('x').subarray(0, 10), Buffer.from([0xff, 0xff, 0xff])]),
      /gzip data is damaged/,
    ],
    ['half a zstd', zstdFrame([{ raw: Buffer.alloc(100) }]).subarray(0, 40), /too early|ends in the middle/],
    ['a zstd window of gigabytes', zstdFrame([{ repeat: 1 }], 0xff), /asks for a window/],
    [
      'a zstd block that is none',
      Buffer.concat([zstdFrame([]), Buffer.from([7, 0, 0])]),
      /a block that is none/,
    ],
    [
      'something behind a zstd frame',
      Buffer.concat([zstdFrame([{ repeat: 1 }]), Buffer.from('abcd')]),
      /followed by something else/,
    ],
    ['bzip2', Buffer.from('BZh91AY&SY'), /bzip2, which is not read here/],
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1]), /xz, which is not read here/],
  ])('refuses %s', async (_, bytes, sentence) => {
    await expect(read(bytes)).rejects.toThrow(Refusal)
    await expect(read(bytes)).rejects.toThrow(sentence)
  })

  it('stops a bomb of gzip and of zstd early', async () => {
    const gzip = gzipSync(Buffer.alloc(32 * 1024 ** 2))
    const zstd = zstdFrame(Array.from({ length: 255 }, () => ({ repeat: 128 * 1024 })))
    for (const bomb of [gzip, zstd]) await expect(read(bomb)).rejects.toThrow(/made to fill/)
    await expect(read(gzip, 1000, { ...limits, expansion: 5000, layerBytes: 1000 })).rejects.toThrow(
      /larger than 1000/,
    )
  })

  it('passes on what its source fails with', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield gzipSync(randomBytes(50_000)).subarray(0, 20_000)
      throw new RangeError('the line broke')
    }
    await expect(wholeOf(uncompressed(failing(), limits), 10 ** 6)).rejects.toThrow('the line broke')
  })

  it('ends its source when its reader ends', async () => {
    let isClosed = false
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield randomBytes(1000)
      } finally {
        isClosed = true
      }
    }
    for await (const piece of uncompressed(endless(), limits)) if (piece.length > 0) break
    await expect.poll(() => isClosed).toBe(true)
  })

  it('answers to any bytes behind every mark', async () => {
    const marks = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), Buffer.from([0x28, 0xb5, 0x2f, 0xfd])]
    const tails = fc.uint8Array({ maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...marks), tails, fc.boolean(), async (mark, tail, deflate) => {
        const body = deflate ? deflateRawSync(tail) : Buffer.from(tail)
        const outcome = await read(Buffer.concat([mark, body])).catch((error: unknown) => error)
        expect(Buffer.isBuffer(outcome) || outcome instanceof Refusal).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
