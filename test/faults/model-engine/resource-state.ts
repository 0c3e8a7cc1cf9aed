/** Properties as they travel to and from the engine: the JSON of a protobuf Struct, secrets and unknowns by their signatures. */
export type Bag = Readonly<Record<string, unknown>>

/** A resource of a state, by the names that an exported state has. Source: `apitype.ResourceV3` of 3.245.0. */
export interface ResourceState {
  readonly urn: string
  readonly type: string
  readonly custom: boolean
  /** Marked for deletion after a replacement was made. */
  delete: boolean
  /** Deleted, and not made again yet. */
  pendingReplacement: boolean
  id: string
  inputs: Bag
  outputs: Bag
  initErrors: readonly string[]
  /** Empty for the stack. */
  parent: string
  /** `urn::id`; empty for components and providers. */
  readonly provider: string
  dependencies: readonly string[]
  propertyDependencies: Readonly<Record<string, readonly string[]>>
  readonly protect: boolean
  readonly retainOnDelete: boolean
  readonly additionalSecretOutputs: readonly string[]
  readonly ignoreChanges: readonly string[]
}

export interface PendingOperation {
  readonly resource: ResourceState
  readonly type: 'creating' | 'updating' | 'deleting'
}

/** A state as it stands in its file: resources after those that they stand on. */
export interface Deployment {
  readonly resources: readonly ResourceState[]
  readonly pending: readonly PendingOperation[]
}

export const emptyDeployment: Deployment = { resources: [], pending: [] }

export const rootStackType = 'pulumi:pulumi:Stack'

/** The URN in a reference to a provider, `urn::id`. */
export const urnOfReference = (reference: string): string => reference.slice(0, reference.lastIndexOf('::'))

/** URNs that a resource stands on, without its provider and its parent. */
const dependenciesOf = ({ dependencies, propertyDependencies }: ResourceState): readonly string[] => [
  ...dependencies,
  ...Object.values(propertyDependencies).flat(),
]

/** The same with the parent: what the engine skips a resource for. Source: `State.GetAllDependencies`. */
export const allDependenciesOf = (state: ResourceState): readonly string[] => [
  ...dependenciesOf(state),
  ...(state.parent === '' ? [] : [state.parent]),
]

/** With the provider, without the parent: what makes a resource a dependent. Source: `DependencyGraph.DependingOn`. */
const edgesOf = (state: ResourceState): readonly string[] => [
  ...dependenciesOf(state),
  ...(state.provider === '' ? [] : [urnOfReference(state.provider)]),
]

/** All that stand on a resource, directly or not, in the order of the state. Source: `DependencyGraph.DependingOn`. */
export const dependentsOf = (
  resources: readonly ResourceState[],
  root: ResourceState,
  ignored: ReadonlySet<string>,
): readonly ResourceState[] => {
  const found = new Set([root.urn])
  return resources.slice(resources.indexOf(root) + 1).filter((candidate) => {
    if (ignored.has(candidate.urn) || !edgesOf(candidate).some((urn) => found.has(urn))) return false
    found.add(candidate.urn)
    return true
  })
}

/** What a resource stands on of a state, its parent among it. Source: `DependencyGraph.DependenciesOf`. */
export const standsOn = (
  resources: readonly ResourceState[],
  resource: ResourceState,
): ReadonlySet<ResourceState> => {
  const wanted = new Set([...edgesOf(resource), resource.parent])
  return new Set(resources.slice(0, resources.indexOf(resource)).filter(({ urn }) => wanted.has(urn)))
}

/** What a resource stands on, directly or not. Source: `DependencyGraph.TransitiveDependenciesOf`. */
export const foundationsOf = (
  resources: readonly ResourceState[],
  resource: ResourceState,
): ReadonlySet<ResourceState> => {
  const found = new Set<ResourceState>()
  const open = [resource]
  for (let next = open.pop(); next !== undefined; next = open.pop())
    for (const one of standsOn(resources, next))
      if (!found.has(one)) {
        found.add(one)
        open.push(one)
      }
  return found
}

/**
 * Deletions in rounds, each to be over before the next: what stands on something goes first.
 * Source: `stepGenerator.ScheduleDeletes`.
 */
export const deletionRounds = (
  resources: readonly ResourceState[],
  condemned: readonly ResourceState[],
): readonly (readonly ResourceState[])[] => {
  const rounds: ResourceState[][] = []
  const left = new Set(condemned)
  while (left.size > 0) {
    const round = [...left].filter((one) => ![...standsOn(resources, one)].some((other) => left.has(other)))
    if (round.length === 0) throw new Error('the state has a cycle')
    for (const one of round) left.delete(one)
    rounds.unshift(round)
  }
  return rounds
}

/** A state without what a refresh found gone: nothing refers to it any more. Source: `rebuildBaseState`. */
export const withoutGone = (resources: readonly ResourceState[]): ResourceState[] => {
  const there = new Set(resources.map(({ urn }) => urn))
  return resources.map((one) => ({
    ...one,
    dependencies: one.dependencies.filter((urn) => there.has(urn)),
    propertyDependencies: Object.fromEntries(
      Object.entries(one.propertyDependencies).map(([name, urns]) => [
        name,
        urns.filter((urn) => there.has(urn)),
      ]),
    ),
  }))
}
