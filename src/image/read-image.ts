import { createReadStream } from 'node:fs'
import type { Clamd } from '../clients/clamd.ts'
import type { Docker } from '../clients/docker.ts'
import type { ImageRegistry } from '../clients/image-registry.ts'
import type { ImageFacts, TrustFacts } from '../compliance/image-facts.ts'
import { parseImageReference } from '../compliance/image-reference.ts'
import { isFault } from '../core/fault.ts'
import type { Checked, Issue } from '../core/issue.ts'
import { imageFacts } from './image-facts.ts'
import type { ImageParts } from './image-parts.ts'
import { type ImageLimits, standardLimits } from './limits.ts'
import { openClamdScanner } from './malware/clamd-scanner.ts'
import { Refusal } from './refusal.ts'
import { readImageArchive } from './source/image-archive.ts'
import { readOciLayout } from './source/oci-layout.ts'
import type { ReadOptions } from './source/read-blobs.ts'
import { readRegistryImage } from './source/registry-image.ts'
import { readRegistryTrust } from './source/registry-trust.ts'

/** Where an image is read from. */
export type ImageOrigin =
  | { readonly kind: 'registry'; readonly registry: ImageRegistry }
  /** A file as `docker save` writes it, perhaps gzipped; or the OCI layout as a tar. */
  | ({ readonly kind: 'docker-archive' } & ImageFile)
  /** A folder. */
  | ({ readonly kind: 'oci-layout' } & ImageFile)
  | { readonly kind: 'engine'; readonly docker: Docker }

interface ImageFile {
  readonly path: string
  /** Only an image by the very reference counts; where absent, also one by its tag alone, or the only one there is. */
  readonly exact?: boolean
}

export interface ReadImageOptions {
  readonly origin: ImageOrigin
  /** `linux/amd64` where absent. */
  readonly platform?: string
  readonly limits?: ImageLimits
  /** Scans every file; none is scanned where absent, and the facts say so. */
  readonly clamd?: Clamd
  readonly report?: (line: string) => void
  /** By which trust data ends; the machine's time where absent. */
  readonly now?: Date
}

const refusedReference = (reference: string): Refusal =>
  new Refusal('image/reference', `${JSON.stringify(reference.slice(0, 300))} is no reference of an image.`)

const partsOf = async (reference: string, origin: ImageOrigin, options: ReadOptions): Promise<ImageParts> => {
  if (origin.kind === 'docker-archive') {
    const file = createReadStream(origin.path, { highWaterMark: 1024 ** 2 })
    const { exact = false } = origin
    return readImageArchive(file, { ...options, source: 'docker-archive', image: reference, exact })
  }
  const parsed = parseImageReference(reference)
  if (origin.kind === 'oci-layout') {
    const name = origin.exact === true ? reference : parsed?.tag
    return readOciLayout(origin.path, parsed?.digest ?? name, options)
  }
  if (parsed === undefined) throw refusedReference(reference)
  if (origin.kind === 'registry') return readRegistryImage(origin.registry, parsed, options)
  const archive = await origin.docker.imageArchive(reference)
  return readImageArchive(archive, { ...options, source: 'engine', image: reference })
}

/** Signatures stand in the registry: of an image that is read from elsewhere nobody tells which one it is there. */
const elsewhere: TrustFacts = {
  state: 'unknown',
  reason: 'it was not read from its registry, where signatures stand.',
}

const trustOf = async (
  reference: string,
  origin: ImageOrigin,
  { digest, listDigest }: ImageParts,
  now: Date,
): Promise<TrustFacts> => {
  const parsed = parseImageReference(reference)
  if (origin.kind !== 'registry' || parsed === undefined) return elsewhere
  const read = { own: digest, listed: listDigest }
  return readRegistryTrust({ registry: origin.registry, reference: parsed, read, now })
}

const hints: Readonly<Record<string, string>> = {
  'image/digest':
    'What is stored is not what the image names: build and push it again, and ask who changed it.',
  'image/manifest': 'Check the reference and the platform; push the image again with a current docker.',
  'image/missing-part': 'Save or push the image again, whole.',
  'image/too-large': 'Make the image smaller; one this large is not checked.',
  'image/reference': 'Write it as registry/repository:tag or with @sha256:….',
}

const issueOf = (reference: string, { code, message }: Refusal): Issue => ({
  code,
  message: `Image ${reference}: ${message}`,
  hint: hints[code] ?? 'Build the image again with an image builder, then save or push it again.',
})

const missingFile = (error: unknown, path: string): Issue | undefined =>
  error instanceof Error && 'code' in error && 'syscall' in error && 'path' in error
    ? {
        code: 'image/missing-part',
        message: `${path} cannot be read (${String(error.code)}).`,
        hint: 'Check the path of the image.',
      }
    : undefined

const asIssue = (reference: string, origin: ImageOrigin, error: unknown): Issue | undefined => {
  if (error instanceof Refusal) return issueOf(reference, error)
  if ('path' in origin) return missingFile(error, origin.path)
  if (isFault(error, 'not-found'))
    return {
      code: 'image/not-found',
      message: `Image ${reference}: ${error.message}`,
      hint: 'Push or pull it first, or correct the reference.',
    }
  return undefined
}

/**
 * What the rules read of one image: from a registry, a file, a folder or an engine.
 *
 * Memory does not grow with the size of the image but with the number of its entries.
 * @param reference as the compose file names it; of an archive or a folder it chooses among several.
 * Errors: an image that cannot be read is an issue (`image/…`); `@throws {Fault}` where a registry, an engine or the scanner fails.
 */
export const readImage = async (
  reference: string,
  {
    origin,
    platform = 'linux/amd64',
    limits = standardLimits,
    clamd,
    report,
    now = new Date(),
  }: ReadImageOptions,
): Promise<Checked<ImageFacts>> => {
  const scanner = clamd === undefined ? undefined : await openClamdScanner(clamd)
  try {
    const options = {
      platform,
      limits,
      ...(scanner === undefined ? {} : { scanner }),
      ...(report === undefined ? {} : { report }),
    }
    const parts = await partsOf(reference, origin, options)
    const trust = await trustOf(reference, origin, parts, now)
    return { ok: true, value: { ...imageFacts(reference, parts, scanner), trust } }
  } catch (error) {
    const issue = asIssue(reference, origin, error)
    if (issue === undefined) throw error
    return { ok: false, issues: [issue] }
  }
}
