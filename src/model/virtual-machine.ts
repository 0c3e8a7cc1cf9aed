import type { ResourceBase } from './resource-base.ts'

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
}
