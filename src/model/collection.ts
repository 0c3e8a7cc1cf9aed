import type { ResourceBase } from './resource-base.ts'

/** A UCP collection. Identified by path. */
export interface Collection extends ResourceBase {
  readonly kind: 'Collection'
  /** Absolute, e.g. `/Run/Std/retail-banking`. */
  readonly path: string
}
