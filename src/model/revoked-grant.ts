import type { Subject } from './grant.ts'
import type { ResourceBase } from './resource-base.ts'

/** A grant that must not exist. Identified like a grant. */
export interface RevokedGrant extends ResourceBase {
  readonly kind: 'RevokedGrant'
  readonly subject: Subject
  readonly role: string
  readonly collection: string
}
