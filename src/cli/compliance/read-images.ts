import { InvalidArgumentError } from 'commander'
import { Clamd } from '../../clients/clamd.ts'
import { Docker } from '../../clients/docker.ts'
import { ImageRegistry } from '../../clients/image-registry.ts'
import type { Cluster } from '../../cluster/schema.ts'
import type { ImageFacts, ImageFactsByReference } from '../../compliance/image-facts.ts'
import { parseImageReference } from '../../compliance/image-reference.ts'
import { type ImageOrigin, readImage } from '../../image/read-image.ts'
import { connectedTo } from '../offboard.ts'
import type { Terminal } from '../terminal.ts'

/** Where images are read from: the registry that each names, an engine, a tar of `docker save`, or an OCI layout. */
export type ImagesFrom =
  | { readonly kind: 'registry' | 'engine' }
  | { readonly kind: 'docker-archive' | 'oci-layout'; readonly path: string }

/** `registry`, `engine`, `docker-archive:<file>`, `oci-layout:<folder>`. */
export const imagesFrom = (text: string): ImagesFrom => {
  if (text === 'registry' || text === 'engine') return { kind: text }
  const [, kind, path] = /^(docker-archive|oci-layout):(.+)$/s.exec(text) ?? []
  if ((kind === 'docker-archive' || kind === 'oci-layout') && path !== undefined) return { kind, path }
  throw new InvalidArgumentError('Give registry, engine, docker-archive:<file> or oci-layout:<folder>.')
}

/** Images that were read, and why others were not, by reference. */
export interface ReadImages {
  readonly images: ImageFactsByReference
  readonly unread: ReadonlyMap<string, string>
}

export interface ReadImagesRequest {
  readonly references: readonly string[]
  readonly from: ImagesFrom
  /** Address of a clamd; nothing is scanned for malware where absent. */
  readonly clamd: string | undefined
  readonly cluster: Cluster
  readonly environment: NodeJS.ProcessEnv
  readonly terminal: Terminal
}

interface Opened {
  readonly origin: ImageOrigin
  readonly close: () => Promise<void>
}

/** The cluster's own registry with our token; any other one without credentials: ours go to nobody else. */
const registryFor = (reference: string, { cluster, environment }: ReadImagesRequest): ImageRegistry => {
  const { registry = '' } = parseImageReference(reference) ?? {}
  if (registry !== new URL(cluster.endpoints.registry).host)
    return new ImageRegistry({
      endpoint: `https://${registry === 'docker.io' ? 'registry-1.docker.io' : registry}`,
    })
  const { endpoint, username, token, caCertificate } = connectedTo(cluster, environment).registry()
  return new ImageRegistry({
    endpoint,
    username,
    password: token,
    ...(caCertificate === undefined ? {} : { tls: { ca: caCertificate } }),
  })
}

/** Of a file that stands for several services' images each must be in it by its name: one of them is not the other. */
const openFile = (
  from: Extract<ImagesFrom, { path: string }>,
  { references }: ReadImagesRequest,
): Opened => ({
  origin: { ...from, exact: new Set(references).size > 1 },
  close: async () => {},
})

const openOrigin = (reference: string, request: ReadImagesRequest): Opened => {
  const { from, environment } = request
  if (from.kind === 'registry') {
    const registry = registryFor(reference, request)
    return { origin: { kind: 'registry', registry }, close: () => registry.close() }
  }
  if ('path' in from) return openFile(from, request)
  const docker = new Docker({ host: environment.DOCKER_HOST ?? 'unix:///var/run/docker.sock' })
  return { origin: { kind: 'engine', docker }, close: () => docker.close() }
}

type Reading = { readonly facts: ImageFacts } | { readonly why: string }

const readOne = async (
  reference: string,
  request: ReadImagesRequest,
  clamd: Clamd | undefined,
): Promise<Reading> => {
  const { origin, close } = openOrigin(reference, request)
  try {
    const report = (line: string): void => request.terminal.status(line)
    const read = await readImage(reference, { origin, report, ...(clamd === undefined ? {} : { clamd }) })
    return read.ok ? { facts: read.value } : { why: read.issues.map(({ message }) => message).join(' ') }
  } finally {
    await close()
  }
}

/**
 * Looks into images, one after the other. One that cannot be read is told with its reason and keeps no other from being read.
 * @throws {Fault} where a registry, an engine or the scanner fails.
 */
export const readImages = async (request: ReadImagesRequest): Promise<ReadImages> => {
  const clamd = request.clamd === undefined ? undefined : new Clamd({ endpoint: request.clamd })
  const images = new Map<string, ImageFacts>()
  const unread = new Map<string, string>()
  try {
    for (const reference of new Set(request.references)) {
      request.terminal.status(`reads ${reference}`)
      const read = await readOne(reference, request, clamd)
      if ('facts' in read) images.set(reference, read.facts)
      else unread.set(reference, read.why)
    }
    return { images, unread }
  } finally {
    clamd?.close()
  }
}
