import type { ImageRegistry } from '../../clients/image-registry.ts'
import type { TrustFacts } from '../../compliance/image-facts.ts'
import type { ImageReference } from '../../compliance/image-reference.ts'
import { isFault } from '../../core/fault.ts'
import { TrustRefusal } from '../trust/signed-document.ts'
import { delegationsIn, signedTag, type TrustDocuments, topRoles } from '../trust/signed-tags.ts'

/** Bytes of all documents together. Source: our choice; a repository of 10,000 signed tags has some 3 MB of each role. */
const mostBytes = 32 * 1024 * 1024

/** Everything that is published of a repository's trust data; empty where there is none. */
const documentsOf = async (registry: ImageRegistry, repository: string): Promise<TrustDocuments> => {
  const documents = new Map<string, Buffer>()
  let left = mostBytes
  const add = async (role: string): Promise<Buffer | undefined> => {
    const bytes = await registry.trustDocument(repository, role, left)
    if (bytes === undefined) return undefined
    left -= bytes.length
    documents.set(role, bytes)
    return bytes
  }
  if ((await add('root')) === undefined) return documents
  for (const role of topRoles) if (role !== 'root') await add(role)
  const targets = documents.get('targets')
  for (const role of targets === undefined ? [] : delegationsIn(targets)) await add(role)
  return documents
}

/** Digests by which an image that was read is known: its own, and that of the list that its tag names. */
export interface ReadDigests {
  readonly own: string | undefined
  readonly listed: string | undefined
}

/** A signature on a list of platforms is one on each of its images: the list names them by digest. */
const coveredBy = (signed: string, { own, listed }: ReadDigests): string =>
  signed === listed && own !== undefined ? own : signed

interface TrustRequest {
  readonly registry: ImageRegistry
  readonly reference: ImageReference
  readonly read: ReadDigests
  /** By which trust data ends. */
  readonly now: Date
}

const trustIn = async ({ registry, reference, read, now }: TrustRequest): Promise<TrustFacts> => {
  const { repository, tag, digest } = reference
  const documents = await documentsOf(registry, repository)
  if (documents.size === 0) return { state: 'unsigned' }
  const subject = { tag: tag ?? (digest === undefined ? 'latest' : undefined), digest }
  const found = signedTag(documents, subject, now)
  if (found === undefined) return { state: 'unsigned' }
  return { state: 'signed', digest: coveredBy(found.digest, read), signers: found.signers, keys: found.keys }
}

/** Somebody who signs in the middle of it changes the documents between two of them: the second look is at what is new. */
const looks = 2

/**
 * Whether an image of a registry is signed, from the trust data that stands beside the images (Notary).
 *
 * `unsigned` only where Notary says so or where whole and current trust data does not name the image; `unknown` with its reason
 * where trust data is broken or over, cannot be had, or where the registry has no Notary: it gave the image. Never throws.
 */
export const readRegistryTrust = async (request: TrustRequest): Promise<TrustFacts> => {
  for (let look = 1; ; look++) {
    try {
      return await trustIn(request)
    } catch (error) {
      if (!(error instanceof TrustRefusal) && !isFault(error)) throw error
      if (isFault(error) || look === looks) return { state: 'unknown', reason: error.message }
    }
  }
}
