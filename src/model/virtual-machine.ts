import type { VaultField } from './reference.ts'
import type { ResourceBase } from './resource-base.ts'

/** What a VM needs to join a swarm. */
export interface SwarmJoin {
  /** `host:port` of the managers, in the order they are asked. */
  readonly managers: readonly string[]
  /** Address of Vault as the VM reaches it. */
  readonly vault: string
  /** Where the token lies that workers join with. The VM gets a ticket for it, which opens once: never the token. */
  readonly token: VaultField
}

/** A swarm node's VM, cloned from the node template. Identified by name, which is the node's host name. */
export interface VirtualMachine extends ResourceBase {
  readonly kind: 'VirtualMachine'
  readonly name: string
  readonly datacenter: string
  readonly computeCluster: string
  readonly datastore: string
  readonly network: string
  readonly template: string
  /** Path of its folder. */
  readonly folder: string
  /** `key` of its VmResourcePool. */
  readonly resourcePool: string
  readonly cpus: number
  readonly memoryMib: number
  readonly diskGib: number
  /** Keys of Tags. */
  readonly tags: readonly string[]
  /** What cloud-init reads: `guestinfo.` keys. Never a secret. */
  readonly guestInfo: Readonly<Record<string, string>>
  /** How its first boot joins the swarm; null where its template sees to that. */
  readonly join: SwarmJoin | null
}
