import type { ResourceBase } from './resource-base.ts'

/** A machine's identity in Vault. Identified by name; its `roleId` is an output. */
export interface VaultAppRole extends ResourceBase {
  readonly kind: 'VaultAppRole'
  readonly backend: string
  readonly name: string
  readonly policies: readonly string[]
  readonly tokenTtlSeconds: number
  readonly tokenMaxTtlSeconds: number
  readonly secretIdTtlSeconds: number
}
