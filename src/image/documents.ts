import * as z from 'zod'
import { isDigest } from './meter.ts'
import { Refusal } from './refusal.ts'

const Digest = z.string().refine(isDigest, 'is no sha256 digest')

const Platform = z.looseObject({
  os: z.string().default(''),
  architecture: z.string().default(''),
  variant: z.string().optional(),
})
export type Platform = z.infer<typeof Platform>

/** What a manifest says of a blob. Source: OCI image specification, descriptor. */
export const Descriptor = z.looseObject({
  mediaType: z.string().default(''),
  digest: Digest,
  size: z.number().int().nonnegative(),
  platform: Platform.nullish(),
  urls: z.array(z.string()).nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
})
export type Descriptor = z.infer<typeof Descriptor>

const Manifest = z.looseObject({
  schemaVersion: z.literal(2),
  config: Descriptor,
  layers: z.array(Descriptor),
})
export type Manifest = z.infer<typeof Manifest>

const Index = z.looseObject({ schemaVersion: z.literal(2), manifests: z.array(Descriptor) })
export type Index = z.infer<typeof Index>

/** One image of `docker save`. */
const SavedImage = z.looseObject({
  Config: z.string(),
  RepoTags: z.array(z.string()).nullish(),
  Layers: z.array(z.string()),
})
export type SavedImage = z.infer<typeof SavedImage>

const texts = z.array(z.string()).nullish()

/** What an engine starts a container with. Source: OCI image specification, configuration. */
export const Configuration = z.looseObject({
  os: z.string().default('linux'),
  architecture: z.string().default(''),
  variant: z.string().optional(),
  created: z.string().nullish(),
  config: z
    .looseObject({
      User: z.string().nullish(),
      Env: texts,
      Labels: z.record(z.string(), z.string()).nullish(),
      Entrypoint: texts,
      Cmd: texts,
      Healthcheck: z.looseObject({ Test: texts }).nullish(),
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
      Volumes: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
  rootfs: z.looseObject({ diff_ids: z.array(Digest) }),
  history: z
    .array(z.looseObject({ created_by: z.string().nullish(), empty_layer: z.boolean().nullish() }))
    .nullish(),
})
export type Configuration = z.infer<typeof Configuration>

const refused = (part: string, reason: string): Refusal => new Refusal('image/manifest', reason, { part })

const jsonIn = (part: string, bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw refused(part, 'it is no JSON.')
  }
}

const parsed = <S extends z.ZodType>(part: string, schema: S, json: unknown): z.output<S> => {
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const [first] = result.error.issues
  throw refused(part, `${first?.path.join('.') || 'it'}: ${first?.message ?? 'is of no known form'}.`)
}

/** @throws {Refusal} `image/manifest`. */
export const parseConfiguration = (part: string, bytes: Buffer): Configuration =>
  parsed(part, Configuration, jsonIn(part, bytes))

/** @throws {Refusal} `image/manifest`. */
export const parseSaved = (part: string, bytes: Buffer): SavedImage[] =>
  parsed(part, z.array(SavedImage), jsonIn(part, bytes))

/**
 * A manifest of one platform, or an index of several.
 *
 * One that is both is refused: two readers would see two images in it (CVE-2021-41190).
 * @throws {Refusal} `image/manifest`, also for the first schema, which nothing verifies.
 */
export const parseDocument = (part: string, bytes: Buffer): Manifest | Index => {
  const json = jsonIn(part, bytes)
  if (json === null || typeof json !== 'object' || Array.isArray(json))
    throw refused(part, 'it is no object.')
  const isIndex = 'manifests' in json
  if (isIndex && ('layers' in json || 'config' in json))
    throw refused(part, 'it is a manifest and an index at once, so that two readers see two images.')
  if ('schemaVersion' in json && json.schemaVersion === 1)
    throw refused(part, 'it is of the first schema, which carries no digests to trust: push the image again.')
  return isIndex ? parsed(part, Index, json) : parsed(part, Manifest, json)
}

export const isIndex = (document: Manifest | Index): document is Index => 'manifests' in document

/** `linux/amd64`, `linux/arm64/v8`. */
export const platformText = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, ...(variant === undefined || variant === '' ? [] : [variant])].join('/')

const fits = (platform: Platform, wanted: string): boolean =>
  platformText(platform) === wanted || platformText({ ...platform, variant: undefined }) === wanted

/** Attestations lie beside images, for no platform. */
const isImage = ({ platform }: Descriptor): boolean => platform?.os !== 'unknown'

/**
 * The manifest for a platform: the exact one, else the first whatever its variant; the only one where it tells no platform.
 * @throws {Refusal} `image/manifest` naming the platforms there are.
 */
export const choosePlatform = (part: string, { manifests }: Index, wanted: string): Descriptor => {
  const images = manifests.filter(isImage)
  const exact = images.find(({ platform }) => platform && platformText(platform) === wanted)
  const found = exact ?? images.find(({ platform }) => platform && fits(platform, wanted))
  if (found !== undefined) return found
  const [only] = images
  if (images.length === 1 && only !== undefined && !only.platform) return only
  const there = images.map(({ platform }) => (platform ? platformText(platform) : 'an unnamed one'))
  throw refused(part, `it has no image for ${wanted}, but for ${there.join(', ') || 'none'}.`)
}
