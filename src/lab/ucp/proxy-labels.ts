import type { CollectionNode, LabelConstraint } from './access.ts'

type Labels = Readonly<Record<string, string>>

export const accessLabel = 'com.docker.ucp.access.label'
export const collectionLabel = 'com.docker.ucp.collection'
const orchestratorLabel = 'com.docker.ucp.orchestrator'

/** The root collection's id (reference §3.2). */
export const rootCollection = 'swarm'
export const systemCollection = 'system'

const isInjected = (key: string): boolean =>
  key === collectionLabel || key.startsWith(`${collectionLabel}.`) || key === accessLabel

/** The labels without those that say where a thing stands. Pure. */
const withoutCollection = (labels: Labels | null | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => !isInjected(key)))

/** What UCP puts on everything in a collection (reference §6.1). Pure. */
export const collectionLabels = (collection: CollectionNode): Record<string, string> => ({
  [accessLabel]: collection.path,
  [collectionLabel]: collection.id,
  [`${collectionLabel}.root`]: 'true',
  ...Object.fromEntries(
    [rootCollection, ...collection.ancestorIds, collection.id].map((id) => [
      `${collectionLabel}.${id}`,
      'true',
    ]),
  ),
})

/** The labels as they are kept: the caller's own, and UCP's for the collection in place of any the caller sent. Pure. */
export const placedIn = (collection: CollectionNode, labels: Labels | null | undefined): Labels => ({
  ...withoutCollection(labels),
  ...collectionLabels(collection),
})

/** The id of the collection that labels say; the root where they say none (reference §3.2). Pure. */
export const collectionIdOf = (labels: Labels | null | undefined): string =>
  labels?.[collectionLabel] ?? rootCollection

/** What a node that has just joined is labelled with (reference §6.3). Pure. */
export const joinedNodeLabels = (
  collection: CollectionNode,
  orchestrator: string,
  labels: Labels | null | undefined,
): Labels => {
  const chosen = Object.keys(labels ?? {}).some((key) => key.startsWith(`${orchestratorLabel}.`))
  return {
    ...placedIn(collection, labels),
    ...(chosen ? {} : { [`${orchestratorLabel}.${orchestrator}`]: 'true' }),
  }
}

const injectedConstraint = /^\s*node\.labels\.com\.docker\.ucp\.(?:collection|orchestrator)\./

const constraintOf = ({ type, label_key, label_value, equality }: LabelConstraint): string =>
  `${type}.labels.${label_key}${equality ? '==' : '!='}${label_value}`

/** What decides where a workload may run. */
export interface Scheduling {
  /** Closest to the root on which the caller may schedule. */
  readonly nodes: CollectionNode
  readonly target: CollectionNode
  /** Whether managers are kept free of it. */
  readonly avoidsManagers: boolean
}

/**
 * The caller's constraints, UCP's own replaced by those that follow from now on: the scheduling collection, the
 * orchestrator, the target's label constraints (reference §3.3, §6.1, §6.3). Pure.
 */
export const constrained = (
  constraints: readonly string[] | null | undefined,
  { nodes, target, avoidsManagers }: Scheduling,
): string[] => [
  ...new Set([
    ...(constraints ?? []).filter((constraint) => !injectedConstraint.test(constraint)),
    ...target.labelConstraints.map(constraintOf),
    `node.labels.${collectionLabel}.${nodes.id}==true`,
    ...(avoidsManagers ? [`node.labels.${collectionLabel}.${systemCollection}!=true`] : []),
    `node.labels.${orchestratorLabel}.swarm==true`,
  ]),
]
