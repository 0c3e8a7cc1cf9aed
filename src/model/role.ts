import type { ResourceBase } from './resource-base.ts'

/** Operations by resource: `{ Service: { 'Service Create': ['Host Bind Mounts'] } }`; inner lists are sub-permissions, sorted. */
export type Operations = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

/** A UCP role. Immutable: its name ends in a hash of its operations, and stacks share it. */
export interface Role extends ResourceBase {
  readonly kind: 'Role'
  /** e.g. `developer-nonprod-1f2e3d4c`. */
  readonly name: string
  readonly operations: Operations
}
