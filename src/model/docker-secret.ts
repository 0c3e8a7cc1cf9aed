import type { SecretText } from './reference.ts'
import type { ResourceBase } from './resource-base.ts'

/** A swarm secret. Identified by name; its data is fixed. */
export interface DockerSecret extends ResourceBase {
  readonly kind: 'DockerSecret'
  readonly name: string
  readonly data: SecretText
  readonly labels: Readonly<Record<string, string>>
}
