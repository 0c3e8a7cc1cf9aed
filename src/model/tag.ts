import type { ResourceBase } from './resource-base.ts'

/** A vSphere tag. Identified by category and name. */
export interface Tag extends ResourceBase {
  readonly kind: 'Tag'
  /** Name of the category, which may stand in the platform stack. */
  readonly category: string
  readonly name: string
}
