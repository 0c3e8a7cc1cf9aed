import type { ResourceBase } from './resource-base.ts'

/** A way to log in to Vault. Identified by path. */
export interface VaultAuthBackend extends ResourceBase {
  readonly kind: 'VaultAuthBackend'
  readonly type: 'approle' | 'ldap'
  readonly path: string
  readonly description: string
}
