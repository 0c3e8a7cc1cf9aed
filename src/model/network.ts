import type { ResourceBase } from './resource-base.ts'

/** A docker network. Identified by name. Everything in it is fixed: a change replaces it. */
export interface Network extends ResourceBase {
  readonly kind: 'Network'
  readonly name: string
  readonly driver: 'overlay' | 'ipvlan'
  readonly internal: boolean
  readonly attachable: boolean
  readonly options: Readonly<Record<string, string>>
  readonly subnet: string
  readonly gateway: string | null
  readonly ipRange: string | null
  /** With `com.docker.ucp.access.label`. */
  readonly labels: Readonly<Record<string, string>>
}
