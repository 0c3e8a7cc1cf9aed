import { configurationOf, json, type MadeImage, sha256 } from '../image/make-image.ts'

const manifestType = 'application/vnd.oci.image.manifest.v1+json'

const pushBlob = async (base: string, bytes: Buffer, headers: Record<string, string>): Promise<void> => {
  const begun = await fetch(`${base}/blobs/uploads/`, { method: 'POST', headers })
  const location = new URL(begun.headers.get('location') ?? '', base)
  location.searchParams.set('digest', sha256(bytes))
  const put = await fetch(location, {
    method: 'PUT',
    headers: { ...headers, 'content-type': 'application/octet-stream' },
    body: new Uint8Array(bytes),
  })
  if (!put.ok) throw new Error(`The registry did not take a blob: ${put.status} ${await put.text()}`)
}

export interface Pushed {
  readonly repository: string
  readonly tag: string
  readonly authorization?: string
  /** The layers as they are stored; the plain tars where absent. */
  readonly stored?: readonly Buffer[]
}

/** The manifest of an image whose layers are stored so. */
export const manifestOf = (image: MadeImage, stored: readonly Buffer[]): Buffer => {
  const configuration = configurationOf(image)
  const blob = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    digest: sha256(bytes),
    size: bytes.length,
  })
  return json({
    schemaVersion: 2,
    mediaType: manifestType,
    config: blob('application/vnd.oci.image.config.v1+json', configuration),
    layers: stored.map((layer) => blob('application/vnd.oci.image.layer.v1.tar+gzip', layer)),
  })
}

/** Pushes an image as a builder does; resolves to the digest of its manifest. */
export const pushImage = async (
  endpoint: string,
  image: MadeImage,
  { repository, tag, authorization, stored = image.layers }: Pushed,
): Promise<string> => {
  const base = `${endpoint}/v2/${repository}`
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
  for (const blob of [...stored, configurationOf(image)]) await pushBlob(base, blob, headers)
  const manifest = manifestOf(image, stored)
  const put = await fetch(`${base}/manifests/${tag}`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': manifestType },
    body: new Uint8Array(manifest),
  })
  if (!put.ok) throw new Error(`The registry did not take the manifest: ${put.status} ${await put.text()}`)
  return sha256(manifest)
}
