/** Which part of a tenant file a resource follows from; a component resource in the preview. */
export type Concern = 'access' | 'registry' | 'networks' | 'volumes' | 'secrets' | 'ci' | 'nodes' | 'cluster'

/** What every resource of the desired state has. */
export interface ResourceBase {
  /** Unique in its stack, readable, free of hashes: the logical name under the engine. */
  readonly key: string
  readonly concern: Concern
  /** Keys of resources of the same stack that must stand first, sorted. */
  readonly dependsOn: readonly string[]
  /**
   * What stays in the world when the tenant goes: `data` is besides protected from deletion by an edit, `place` holds such
   * data and cannot go before it.
   */
  readonly retained?: 'data' | 'place'
}
