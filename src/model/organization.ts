import type { ResourceBase } from './resource-base.ts'

/** A UCP organization. Identified by name. */
export interface Organization extends ResourceBase {
  readonly kind: 'Organization'
  readonly name: string
  readonly fullName: string
}
