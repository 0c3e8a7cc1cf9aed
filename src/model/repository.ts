import type { ResourceBase } from './resource-base.ts'

/** An image repository in the registry. Identified by namespace and name. */
export interface Repository extends ResourceBase {
  readonly kind: 'Repository'
  readonly namespace: string
  readonly name: string
  readonly shortDescription: string
  readonly scanOnPush: boolean
  readonly immutableTags: boolean
}
