import { ByteSource, restOf } from '../tar/byte-source.ts'
import type { TarEntry } from '../tar/tar-reader.ts'
import { baseName } from './entry-path.ts'

/** A list of accounts larger than this is kept by nobody, and told as unread where the image points to it. */
const largestKeptBytes = 256 * 1024

/** Files by these names are kept without a look. */
const accountNames = new Set(['passwd', 'group'])

/** `name:password:number…`: a line of a list of accounts, which may have any name where a link points to it. */
const accountLine = /^[^:\s]{1,64}:[^:\n]*:\d+:/m

/** How much of a file tells what it is. */
const sampleBytes = 4096

const looksKept = (path: string, start: Buffer): boolean =>
  accountNames.has(baseName(path)) || accountLine.test(start.subarray(0, sampleBytes).toString('latin1'))

/**
 * The content of a small file that looks like a list of accounts, and the whole body for whoever reads on.
 * Never throws but what the body throws.
 */
export const keptContent = async (
  path: string,
  { sizeBytes, body }: TarEntry,
): Promise<{ readonly content?: string; readonly body: AsyncIterable<Uint8Array> }> => {
  if (sizeBytes > largestKeptBytes) return { body }
  const source = new ByteSource(body)
  const start = (await source.take(Math.min(sizeBytes, sampleBytes))) ?? Buffer.alloc(0)
  if (!looksKept(path, start)) return { body: restOf(source, start) }
  const rest = (await source.take(sizeBytes - start.length)) ?? Buffer.alloc(0)
  const whole = Buffer.concat([start, rest])
  return { content: whole.toString('utf8'), body: restOf(source, whole) }
}
