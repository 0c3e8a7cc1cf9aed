import { once } from 'node:events'
import { createGunzip, type Gunzip } from 'node:zlib'
import { Refusal } from '../refusal.ts'
import type { Bytes } from '../tar/byte-source.ts'

const pieceBytes = 128 * 1024

const isOver = (gunzip: Gunzip): boolean => gunzip.destroyed || gunzip.readableEnded || gunzip.writableEnded

const drained = async (gunzip: Gunzip): Promise<void> => {
  const stop = new AbortController()
  const options = { signal: stop.signal }
  try {
    await Promise.race(['drain', 'end', 'close'].map((event) => once(gunzip, event, options)))
  } catch {
    // The error is the reader's: it stands at the other end.
  } finally {
    stop.abort()
  }
}

/** Reads the source to its end, also where the compressed data ended before: what follows belongs to the digest. */
const fill = async (gunzip: Gunzip, bytes: Bytes, stop: AbortSignal): Promise<void> => {
  for await (const piece of bytes) {
    if (stop.aborted) return
    if (!isOver(gunzip) && !gunzip.write(piece)) await drained(gunzip)
  }
  if (!isOver(gunzip)) gunzip.end()
}

const isDamage = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_')

const asRefusal = (error: unknown): unknown =>
  isDamage(error)
    ? new Refusal(
        'image/compression',
        `its gzip data is damaged (${error instanceof Error ? error.message : ''}).`,
      )
    : error

/** Several members are one. Errors: `@throws {Refusal}` `image/compression`; whatever the source throws. */
export async function* fromGzip(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: pieceBytes })
  const stop = new AbortController()
  const filling = fill(gunzip, bytes, stop.signal).catch((error: Error) => {
    gunzip.destroy(error)
    throw error
  })
  filling.catch(() => undefined)
  try {
    for await (const piece of gunzip) yield piece as Buffer
    await filling
  } catch (error) {
    throw asRefusal(error)
  } finally {
    stop.abort()
    gunzip.destroy()
  }
}
