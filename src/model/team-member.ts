import type { ResourceBase } from './resource-base.ts'

/** A user in a team. Identified by organization, team and user. */
export interface TeamMember extends ResourceBase {
  readonly kind: 'TeamMember'
  readonly organization: string
  readonly team: string
  readonly user: string
}
