import type { ResourceBase } from './resource-base.ts'

/** A vSphere resource pool below the compute cluster's root pool. Identified by name. */
export interface VmResourcePool extends ResourceBase {
  readonly kind: 'VmResourcePool'
  readonly datacenter: string
  readonly computeCluster: string
  readonly name: string
  /** MHz that the hosts keep free for it; 0 for none. */
  readonly cpuReservationMhz: number
  /** MiB, likewise. */
  readonly memoryReservationMib: number
  readonly cpuShares: 'low' | 'normal' | 'high'
  /** MHz; -1 for none. */
  readonly cpuLimitMhz: number
  readonly memoryShares: 'low' | 'normal' | 'high'
  /** MiB; -1 for none. */
  readonly memoryLimitMib: number
}
