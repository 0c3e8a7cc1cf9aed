import type { SecretText } from './reference.ts'
import type { ResourceBase } from './resource-base.ts'

/** A docker volume. Identified by name; everything in it is fixed. */
export interface Volume extends ResourceBase {
  readonly kind: 'Volume'
  readonly name: string
  readonly driver: string
  readonly driverOptions: Readonly<Record<string, string | SecretText>>
  readonly labels: Readonly<Record<string, string>>
}
