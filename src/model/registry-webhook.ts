import type { ResourceBase } from './resource-base.ts'

/** A call the registry makes on an event. Identified by repository, event and endpoint. */
export interface RegistryWebhook extends ResourceBase {
  readonly kind: 'RegistryWebhook'
  /** `namespace/name`. */
  readonly repository: string
  readonly event: 'TAG_PUSH' | 'SCAN_COMPLETED' | 'PROMOTION'
  readonly endpoint: string
}
