import type { ImageRegistry } from '../../clients/image-registry.ts'
import type { ImageReference } from '../../compliance/image-reference.ts'
import type { ImageParts } from '../image-parts.ts'
import { verifyDigest } from '../meter.ts'
import { digestIn, type ReadOptions, readBlobs } from './read-blobs.ts'

/**
 * An image of a registry. Where the reference names a digest, that is what is read, whatever the tag says.
 *
 * Errors: `@throws {Refusal}` as `readBlobs`; `@throws {Fault}` as the registry's client, `not-found` where there is no such image.
 */
export const readRegistryImage = async (
  registry: ImageRegistry,
  { repository, tag, digest }: ImageReference,
  options: ReadOptions,
): Promise<ImageParts> => {
  const { documentBytes } = options.limits
  const asked = digest ?? tag ?? 'latest'
  const { bytes } = await registry.manifest(repository, asked, documentBytes)
  const found = digestIn(bytes)
  if (digest !== undefined) verifyDigest(`the manifest of ${repository}`, digest, found)
  return readBlobs(
    {
      source: 'registry',
      open: (blob) => registry.blob(repository, blob.digest),
      manifest: async (blob) => (await registry.manifest(repository, blob.digest, documentBytes)).bytes,
    },
    { bytes, digest: found },
    options,
  )
}
