import type { ResourceBase } from './resource-base.ts'

/** A VM folder. Identified by path below the datacenter's vm folder. */
export interface VmFolder extends ResourceBase {
  readonly kind: 'VmFolder'
  readonly datacenter: string
  readonly path: string
}
