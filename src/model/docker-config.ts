import type { ResourceBase } from './resource-base.ts'

/** A swarm config. Identified by name, which ends in a hash of its data: a change makes a new one. */
export interface DockerConfig extends ResourceBase {
  readonly kind: 'DockerConfig'
  readonly name: string
  /** Text; never holds a secret. */
  readonly data: string
  readonly labels: Readonly<Record<string, string>>
}
