import type { ResourceBase } from './resource-base.ts'

/** Policies of an LDAP group's members in Vault. Identified by the group's common name. */
export interface VaultLdapGroup extends ResourceBase {
  readonly kind: 'VaultLdapGroup'
  readonly backend: string
  readonly groupName: string
  /** Sorted. */
  readonly policies: readonly string[]
}
