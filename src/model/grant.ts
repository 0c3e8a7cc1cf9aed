import type { ResourceBase } from './resource-base.ts'

/** Who a grant is for. */
export type Subject =
  | { readonly kind: 'organization'; readonly organization: string }
  | { readonly kind: 'team'; readonly organization: string; readonly team: string }
  | { readonly kind: 'user'; readonly user: string }

/** A role for a subject on a collection and everything below. Identified by the three. */
export interface Grant extends ResourceBase {
  readonly kind: 'Grant'
  readonly subject: Subject
  /** A role's physical name, or the id of a built-in one, e.g. `scheduler`. */
  readonly role: string
  /** A collection's path. */
  readonly collection: string
}
