import { Refusal } from '../refusal.ts'

/** Bytes as they come, in pieces of any size. */
export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Pieces are not made larger than this by anyone here. */
const pieceBytes = 1024 ** 2

const nothing = Buffer.alloc(0)

const view = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** What is left of a source whose beginning was looked at; ends the source when its reader ends. */
export async function* restOf(source: ByteSource, start: Buffer): AsyncGenerator<Buffer> {
  try {
    if (start.length > 0) yield start
    for (
      let piece = await source.some(pieceBytes);
      piece !== undefined;
      piece = await source.some(pieceBytes)
    )
      yield piece
  } finally {
    await source.close()
  }
}

/** A stream read in exact pieces; holds one piece of its source at a time. */
export class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  #held: Buffer = nothing
  #read = 0

  constructor(bytes: Bytes) {
    this.#pieces = Symbol.asyncIterator in bytes ? bytes[Symbol.asyncIterator]() : bytes[Symbol.iterator]()
  }

  /** Bytes handed out so far. */
  get offsetBytes(): number {
    return this.#read
  }

  /**
   * Exactly `count` bytes; undefined where the source ended before the first.
   * @throws {Refusal} `image/truncated` where it ends in the middle.
   */
  async take(count: number): Promise<Buffer | undefined> {
    if (this.#held.length >= count) return this.#cut(count)
    const from = this.#read
    const parts: Buffer[] = []
    for (let missing = count; missing > 0; ) {
      const part = await this.some(missing)
      if (part === undefined) {
        if (parts.length === 0) return undefined
        throw new Refusal('image/truncated', `it ends ${missing} bytes too early.`, { offsetBytes: from })
      }
      parts.push(part)
      missing -= part.length
    }
    return Buffer.concat(parts)
  }

  /** Between one and `most` bytes; undefined at the end. */
  async some(most: number): Promise<Buffer | undefined> {
    while (this.#held.length === 0) {
      const next = await this.#pieces.next()
      if (next.done === true) return undefined
      this.#held = view(next.value)
    }
    return this.#cut(Math.min(most, this.#held.length))
  }

  /** Everything that is left, thrown away. Resolves to its length. */
  async drain(): Promise<number> {
    const from = this.#read
    while ((await this.some(Number.MAX_SAFE_INTEGER)) !== undefined);
    return this.#read - from
  }

  /** Ends the source: nothing more is read. Idempotent, never rejects. */
  async close(): Promise<void> {
    try {
      await this.#pieces.return?.()
    } catch {
      // Whoever reads was told already, or has read enough.
    }
  }

  #cut(count: number): Buffer {
    const part = this.#held.subarray(0, count)
    this.#held = this.#held.subarray(count)
    this.#read += count
    return part
  }
}
