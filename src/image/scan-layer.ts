import { uncompressed } from './compression/uncompressed.ts'
import type { LayerContent } from './layer/layer-content.ts'
import { readLayer } from './layer/read-layer.ts'
import type { ImageLimits } from './limits.ts'
import type { LayerMalware, MalwareScanner } from './malware/scanner.ts'
import { Meter } from './meter.ts'
import { Refusal } from './refusal.ts'
import type { Bytes } from './tar/byte-source.ts'

/** A layer that was read whole. */
export interface ScannedLayer {
  /** As it came, `sha256:…`. */
  readonly storedDigest: string
  readonly storedBytes: number
  /** Of the tar. */
  readonly diffId: string
  readonly tarBytes: number
  readonly content: LayerContent
  readonly malware?: LayerMalware
}

/** What is left of an image's limits while its layers are read one after the other. */
export class ImageBudget {
  readonly #limits: ImageLimits
  #bytes = 0
  #entries = 0
  #pathBytes = 0
  #layers = 0

  constructor(limits: ImageLimits) {
    this.#limits = limits
  }

  /** For the next layer. @throws {Refusal} `image/too-large` where there may be none. */
  left(): ImageLimits {
    const { layers, imageBytes, layerBytes, entries, pathBytes } = this.#limits
    if (++this.#layers > layers) throw new Refusal('image/too-large', `it has more than ${layers} layers.`)
    return {
      ...this.#limits,
      layerBytes: Math.min(layerBytes, imageBytes - this.#bytes),
      entries: entries - this.#entries,
      pathBytes: pathBytes - this.#pathBytes,
    }
  }

  spend({ tarBytes, content }: ScannedLayer): void {
    this.#bytes += tarBytes
    this.#entries += content.entries
    this.#pathBytes += content.pathBytes
  }
}

export interface ScanLayerOptions {
  readonly budget: ImageBudget
  readonly scanner?: MalwareScanner
}

/**
 * Reads a layer as it is stored, once, in memory that its size does not move: digests, entries, and what the scanner says of
 * its files.
 *
 * Errors: `@throws {Refusal}` for a broken or hostile layer; whatever its source and the scanner throw.
 */
export const scanLayer = async (
  bytes: Bytes,
  { budget, scanner }: ScanLayerOptions,
): Promise<ScannedLayer> => {
  const limits = budget.left()
  const [stored, tar] = [new Meter(), new Meter()]
  const files = scanner?.openLayer()
  try {
    const content = await readLayer(tar.pass(uncompressed(stored.pass(bytes), limits)), {
      limits,
      ...(files === undefined ? {} : { onFile: files.scan }),
    })
    const malware = await files?.finish()
    const scanned = {
      storedDigest: stored.digest,
      storedBytes: stored.bytes,
      diffId: tar.digest,
      tarBytes: tar.bytes,
      content,
      ...(malware === undefined ? {} : { malware }),
    }
    budget.spend(scanned)
    return scanned
  } finally {
    await files?.close()
  }
}
