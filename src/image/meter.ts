import { createHash, type Hash } from 'node:crypto'
import { Refusal } from './refusal.ts'
import type { Bytes } from './tar/byte-source.ts'

/** Counts and digests what passes. */
export class Meter {
  readonly #hash: Hash = createHash('sha256')
  #bytes = 0
  #digest: string | undefined

  get bytes(): number {
    return this.#bytes
  }

  /** Of all that passed, `sha256:…`; asked once the last has. */
  get digest(): string {
    this.#digest ??= `sha256:${this.#hash.digest('hex')}`
    return this.#digest
  }

  /** The same pieces. */
  async *pass(pieces: Bytes): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.add(piece)
      yield piece
    }
  }

  add(piece: Uint8Array): void {
    this.#bytes += piece.length
    this.#hash.update(piece)
  }
}

const form = /^sha256:[0-9a-f]{64}$/

/** Whether it is a digest that can be verified here. Never throws. */
export const isDigest = (text: string): boolean => form.test(text)

/** @throws {Refusal} `image/digest` where they differ, or the expected one is of another kind. */
export const verifyDigest = (what: string, expected: string, found: string): void => {
  if (!isDigest(expected))
    throw new Refusal(
      'image/digest',
      `${what} is named by ${JSON.stringify(expected)}, which is no sha256 digest.`,
    )
  if (expected !== found)
    throw new Refusal(
      'image/digest',
      `${what} should have the digest ${expected}, but what came has ${found}.`,
    )
}

/** Everything, in one piece. @throws {Refusal} `image/too-large` beyond `most`. */
export const wholeOf = async (pieces: Bytes, most: number): Promise<Buffer> => {
  const held: Uint8Array[] = []
  let bytes = 0
  for await (const piece of pieces) {
    bytes += piece.length
    if (bytes > most) throw new Refusal('image/too-large', `it holds more than ${most} bytes.`)
    held.push(piece)
  }
  return Buffer.concat(held)
}

/** The same pieces, counted only. @throws {Refusal} `image/too-large` beyond `most`. */
export async function* atMost(pieces: Bytes, most: number): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const piece of pieces) {
    bytes += piece.length
    if (bytes > most)
      throw new Refusal('image/too-large', `it holds more than the ${most} bytes that were said.`)
    yield piece
  }
}
