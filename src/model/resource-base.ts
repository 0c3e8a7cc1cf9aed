/** Which part of a tenant file a resource follows from; a component resource in the preview. */
export type Concern = 'access' | 'registry' | 'networks' | 'volumes' | 'secrets' | 'ci' | 'nodes' | 'cluster'

/** What every resource of the desired state has. */
export interface ResourceBase {
  /** Unique in its stack, readable, free of hashes: the logical name under the engine. */
  readonly key: string
  readonly concern: Concern
  /** Keys of resources of the same stack that must stand first, sorted. */
  readonly dependsOn: readonly string[]
  /** Holds data: protected from deletion, and kept in the world when the tenant goes. */
  readonly retained?: true
}
