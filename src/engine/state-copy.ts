import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import * as z from 'zod'

/** As much of a checkpoint as every one has. Source: `CheckpointV3` and `DeploymentV3` of sdk/go/common/apitype, 3.245.0. */
const Checkpoint = z.object({
  version: z.int().min(1),
  checkpoint: z.object({
    latest: z
      .object({
        manifest: z.object({ time: z.coerce.date() }),
        resources: z.array(z.object({ urn: z.string().startsWith('urn:'), type: z.string() })).optional(),
      })
      .nullish(),
  }),
})

/** What a file back end's attributes beside a file say of its content. Source: `xattrs` of gocloud.dev/blob/fileblob. */
const Attributes = z.object({ md5: z.base64() })

/**
 * What a file tells of itself. `damaged`: it is no checkpoint. `altered`: it is one, and not the one whose digest stands
 * beside it. `unproven`: it is one, and no digest stands beside it.
 */
export type Verdict = 'sound' | 'unproven' | 'altered' | 'damaged'

/** One copy of a stack's state. Its bytes are never shown: what they hold in clear is nobody's to read. */
export interface StateCopy {
  readonly path: string
  readonly bytes: Buffer
  readonly verdict: Verdict
  readonly digest: string
  /** The digest that stands beside it. */
  readonly promised: string | undefined
  /** When the engine made it; the epoch for one that is empty or damaged. */
  readonly time: Date
  readonly resources: number
}

/** Of the bytes, as the file back end writes it: MD5, which guards against accidents and nothing else. Pure. */
export const digestOf = (bytes: Buffer): string => createHash('md5').update(bytes).digest('base64')

const unpack = (bytes: Buffer): string =>
  (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8')

const parse = (bytes: Buffer): z.infer<typeof Checkpoint> | undefined => {
  try {
    return Checkpoint.parse(JSON.parse(unpack(bytes)))
  } catch {
    return undefined // The parser's words would quote the state.
  }
}

const promisedBy = (attributes: string | undefined): string | undefined => {
  try {
    return Attributes.parse(JSON.parse(attributes ?? '')).md5
  } catch {
    return undefined
  }
}

/** Judges a copy by its content and by what stands beside it. Pure; never throws. */
export const judgeCopy = (path: string, bytes: Buffer, attributes: string | undefined): StateCopy => {
  const digest = digestOf(bytes)
  const promised = promisedBy(attributes)
  // Node 20 cannot unpack it; the digest alone speaks for it.
  const isOpaque = path.endsWith('.zst') && promised === digest
  const checkpoint = isOpaque ? undefined : parse(bytes)
  const { latest } = checkpoint?.checkpoint ?? {}
  const isCheckpoint = isOpaque || checkpoint !== undefined
  const proven = promised === undefined ? 'unproven' : promised === digest ? 'sound' : 'altered'
  return {
    path,
    bytes,
    digest,
    promised,
    verdict: isCheckpoint ? proven : 'damaged',
    time: latest?.manifest.time ?? new Date(0),
    resources: latest?.resources?.length ?? 0,
  }
}

/** Undefined where there is no such file. @throws what reading a file throws else, e.g. where a folder stands in its place. */
export const readCopy = async (path: string): Promise<StateCopy | undefined> => {
  const bytes = await readFile(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (bytes === undefined) return undefined
  return judgeCopy(path, bytes, await readFile(`${path}.attrs`, 'utf8').catch(() => undefined))
}
