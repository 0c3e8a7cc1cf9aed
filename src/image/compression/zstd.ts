import { Decompress } from 'fzstd'
import { Refusal } from '../refusal.ts'
import type { Bytes } from '../tar/byte-source.ts'
import { zstdPieces } from './zstd-blocks.ts'

const pushed = (decoder: Decompress, piece: Uint8Array): void => {
  try {
    decoder.push(piece)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Refusal('image/compression', `its zstd data is damaged (${reason}).`)
  }
}

/** Node 20 knows no zstd. Errors: `@throws {Refusal}` `image/compression`. */
export async function* fromZstd(bytes: Bytes): AsyncGenerator<Uint8Array> {
  let made: Uint8Array[] = []
  const decoder = new Decompress((piece) => {
    if (piece.length > 0) made.push(piece)
  })
  for await (const piece of zstdPieces(bytes)) {
    pushed(decoder, piece)
    yield* made
    made = []
  }
}
