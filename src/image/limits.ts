/** What reading one image may cost; whoever exceeds one is refused with a sentence that names it. */
export interface ImageLimits {
  /** Of one layer, uncompressed. */
  readonly layerBytes: number
  /** Of all layers, uncompressed. */
  readonly imageBytes: number
  /** Uncompressed for each compressed byte, looked at after the first `expansionFromBytes`. */
  readonly expansion: number
  readonly expansionFromBytes: number
  /** Layers in an image. The engine's own limit is 127 (overlay2). */
  readonly layers: number
  /** Entries of all layers. */
  readonly entries: number
  /** Sum of the lengths of all paths that are remembered, over all layers. */
  readonly pathBytes: number
  /** Of a manifest or a configuration. Source: the distribution's registry takes manifests of 4 MiB. */
  readonly documentBytes: number
}

export const standardLimits: ImageLimits = {
  layerBytes: 32 * 1024 ** 3,
  imageBytes: 64 * 1024 ** 3,
  expansion: 250,
  expansionFromBytes: 512 * 1024 ** 2,
  layers: 256,
  entries: 1_000_000,
  pathBytes: 96 * 1024 ** 2,
  documentBytes: 4 * 1024 ** 2,
}
