import type { ResourceBase } from './resource-base.ts'

/** A vSphere tag category. Identified by name. */
export interface TagCategory extends ResourceBase {
  readonly kind: 'TagCategory'
  readonly name: string
  readonly description: string
}
