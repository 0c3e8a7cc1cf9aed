import type { ResourceBase } from './resource-base.ts'

/** Where a user's unlabelled resources go. Identified by the user. */
export interface DefaultCollection extends ResourceBase {
  readonly kind: 'DefaultCollection'
  readonly user: string
  readonly collection: string
}
