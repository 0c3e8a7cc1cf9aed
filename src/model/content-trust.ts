import type { ResourceBase } from './resource-base.ts'

/** Which images may run on the cluster. One a cluster. */
export interface ContentTrust extends ResourceBase {
  readonly kind: 'ContentTrust'
  readonly required: boolean
  /** Teams as `organization/team`, sorted. */
  readonly signers: readonly string[]
}
