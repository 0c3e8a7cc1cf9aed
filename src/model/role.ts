import type { Operations } from '../core/ucp-operations.ts'
import type { ResourceBase } from './resource-base.ts'

/** A UCP role. Immutable: its name ends in a hash of its operations, and stacks share it. */
export interface Role extends ResourceBase {
  readonly kind: 'Role'
  /** e.g. `developer-nonprod-1f2e3d4c`. */
  readonly name: string
  /** Lists of variants are sorted. */
  readonly operations: Operations
}
