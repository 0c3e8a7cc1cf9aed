import type { ResourceBase } from './resource-base.ts'

/** A team of a UCP organization. Identified by organization and name. */
export interface Team extends ResourceBase {
  readonly kind: 'Team'
  readonly organization: string
  readonly name: string
  readonly description: string
  /** Members follow this LDAP group; null where they are named one by one. */
  readonly ldapSync: { readonly groupDn: string; readonly groupMemberAttribute: string } | null
  /** Accounts named one by one, and nobody besides them; absent where members follow LDAP. */
  readonly members?: readonly string[]
}
