import type { ResourceBase } from './resource-base.ts'

/** A Vault policy. Identified by name. */
export interface VaultPolicy extends ResourceBase {
  readonly kind: 'VaultPolicy'
  readonly name: string
  /** HCL. */
  readonly policy: string
}
