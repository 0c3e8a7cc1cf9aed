import type { ImageSource } from '../compliance/image-facts.ts'
import type { Configuration } from './documents.ts'
import type { ScannedLayer } from './scan-layer.ts'

/** A layer that was read, or the reason why it was not. */
export type ReadLayer =
  | { readonly layer: ScannedLayer }
  | {
      readonly layer: undefined
      readonly reason: string
      /** As the manifest has it. */
      readonly digest: string
      readonly storedBytes: number
    }

/** An image taken apart: its configuration and its layers, lowest first. */
export interface ImageParts {
  readonly source: ImageSource
  readonly digest?: string
  /** Of the list of platforms that the image was chosen from, where the reference names one. */
  readonly listDigest?: string
  readonly configDigest: string
  readonly configuration: Configuration
  readonly layers: readonly ReadLayer[]
}
