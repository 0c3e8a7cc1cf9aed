import type { ResourceBase } from './resource-base.ts'

/** A vSphere distributed port group for a VLAN. Identified by name in its switch. */
export interface PortGroup extends ResourceBase {
  readonly kind: 'PortGroup'
  readonly name: string
  readonly datacenter: string
  readonly distributedSwitch: string
  readonly vlanId: number
}
