import type { ResourceBase } from './resource-base.ts'

/** What a team may do in a repository. Identified by repository and team. */
export interface RepositoryAccess extends ResourceBase {
  readonly kind: 'RepositoryAccess'
  readonly namespace: string
  readonly repository: string
  readonly team: string
  readonly accessLevel: 'read-only' | 'read-write' | 'admin'
}
