import type { ResourceBase } from './resource-base.ts'

/** Keeps VMs of a pool on different hosts. Identified by name in the compute cluster. */
export interface AntiAffinityRule extends ResourceBase {
  readonly kind: 'AntiAffinityRule'
  readonly name: string
  readonly datacenter: string
  readonly computeCluster: string
  /** Keys of VirtualMachines, sorted. */
  readonly machines: readonly string[]
}
