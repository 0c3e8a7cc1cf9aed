import { createHash } from 'node:crypto'
import type { ImageFacts } from '../../src/compliance/image-facts.ts'
import { imageFacts } from '../../src/image/image-facts.ts'
import { type ImageLimits, standardLimits } from '../../src/image/limits.ts'
import type { MalwareScanner } from '../../src/image/malware/scanner.ts'
import { readImageArchive } from '../../src/image/source/image-archive.ts'
import { type MadeEntry, makeTar } from './make-tar.ts'

export const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

export interface MadeImage {
  /** Uncompressed tars, lowest first. */
  readonly layers: readonly Buffer[]
  /** The `config` of the configuration. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly diffIds?: readonly string[]
}

export const configurationOf = ({ layers, config = {}, diffIds }: MadeImage): Buffer =>
  json({
    os: 'linux',
    architecture: 'amd64',
    config,
    rootfs: { type: 'layers', diff_ids: diffIds ?? layers.map(sha256) },
    history: layers.map((_, at) => ({ created_by: `RUN step ${at}` })),
  })

/** As `docker save` writes it, the layers stored as given (perhaps compressed). */
export const savedArchive = (image: MadeImage, stored: readonly Buffer[] = image.layers): Buffer => {
  const configuration = configurationOf(image)
  const configName = `${sha256(configuration).slice(7)}.json`
  const names = stored.map((_, at) => `layer${at}/layer.tar`)
  const manifest = [{ Config: configName, RepoTags: ['app:1'], Layers: names }]
  return makeTar([
    ...stored.map((layer, at) => ({ name: names[at] ?? '', content: layer })),
    { name: configName, content: configuration },
    { name: 'manifest.json', content: json(manifest) },
  ])
}

export interface FactsOptions {
  readonly scanner?: MalwareScanner
  readonly limits?: Partial<ImageLimits>
  readonly stored?: readonly Buffer[]
}

/** What is told of an image made by hand, by way of `docker save`. */
export const factsOf = async (image: MadeImage, options: FactsOptions = {}): Promise<ImageFacts> => {
  const parts = await readImageArchive([savedArchive(image, options.stored)], {
    source: 'docker-archive',
    platform: 'linux/amd64',
    limits: { ...standardLimits, ...options.limits },
    ...(options.scanner === undefined ? {} : { scanner: options.scanner }),
  })
  return imageFacts('app:1', parts, options.scanner)
}

/** An image of layers given by their entries. */
export const layered = (layers: readonly (readonly MadeEntry[])[], user?: string): MadeImage => ({
  layers: layers.map(makeTar),
  ...(user === undefined ? {} : { config: { User: user } }),
})
