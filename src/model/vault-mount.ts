import type { ResourceBase } from './resource-base.ts'

/** A KV v2 mount in Vault. Identified by path. */
export interface VaultMount extends ResourceBase {
  readonly kind: 'VaultMount'
  readonly path: string
  readonly description: string
}
