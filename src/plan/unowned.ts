import { isWithin, resourceCollection } from '../compile/collection-paths.ts'
import { compareText } from '../core/issue.ts'
import type { StackState } from '../model/desired-state.ts'
import type { Subject } from '../model/grant.ts'
import type { Resource } from '../model/resource.ts'

/** What a thing on a cluster is. */
export type LiveKind =
  | 'collection'
  | 'config'
  | 'grant'
  | 'machine'
  | 'network'
  | 'repository'
  | 'secret'
  | 'service'
  | 'team'
  | 'vault mount'
  | 'volume'

/** Something that is there. Identified by kind and name on its cluster. */
export interface LiveThing {
  readonly kind: LiveKind
  /** Of a grant: `organization/team: role on /collection`; of a team and a repository `organization/name`. */
  readonly name: string
  /** The collection that it stands in, where it stands in one. */
  readonly collection?: string
  /** The stack that it is marked as made by. */
  readonly owner?: string
  /** Who made it, where the system tells. */
  readonly madeBy?: string
}

/** A thing that no stack holds, and why it is told. */
export interface UnownedThing extends LiveThing {
  readonly cluster: string
  /**
   * `left over`: marked as a stack's, which does not hold it. `beside the files`: a kind that only the files make, where theirs
   * stand. `of no tenant`: stands in a collection of the platform's that is no tenant's.
   */
  readonly why: 'left over' | 'beside the files' | 'of no tenant'
}

/** What is known of a cluster. */
export interface ClusterHoldings {
  readonly cluster: string
  /** Desired states and those that were applied last, of every stack of the cluster. */
  readonly states: readonly StackState[]
}

/** In the words of a grant's name; the same for what is desired and what is live. */
export const subjectName = (subject: Subject): string => {
  switch (subject.kind) {
    case 'team':
      return `${subject.organization}/${subject.team}`
    case 'organization':
      return subject.organization
    case 'user':
      return `user ${subject.user}`
  }
}

/** The name of a grant as a thing. Pure. */
export const grantName = (subject: string, role: string, collection: string): string =>
  `${subject}: ${role} on ${collection}`

/** The things of one resource; none of kinds that are not looked for. */
const heldBy = (resource: Resource): readonly (readonly [LiveKind, string])[] => {
  switch (resource.kind) {
    case 'Collection':
      return [['collection', resource.path]]
    case 'DockerConfig':
      return [['config', resource.name]]
    case 'DockerSecret':
      return [['secret', resource.name]]
    case 'DockerService':
      return [['service', resource.name]]
    case 'Grant':
      return [['grant', grantName(subjectName(resource.subject), resource.role, resource.collection)]]
    case 'Network':
      return [['network', resource.name]]
    case 'Repository':
      return [['repository', `${resource.namespace}/${resource.name}`]]
    case 'Team':
      return [['team', `${resource.organization}/${resource.name}`]]
    case 'VaultMount':
      return [['vault mount', resource.path]]
    case 'VirtualMachine':
      return [['machine', resource.name]]
    case 'Volume':
      return [['volume', resource.name]]
    default:
      return []
  }
}

const keyOf = (kind: LiveKind, name: string): string => `${kind} ${name}`

/** Kinds that the files alone make: an organization's people have no right to. */
const ofFiles: ReadonlySet<LiveKind> = new Set([
  'collection',
  'grant',
  'machine',
  'repository',
  'team',
  'vault mount',
])

/** Everything below these is the platform's. */
const areas = ['/Build', '/Run'] as const

interface Holdings {
  readonly cluster: string
  readonly held: ReadonlySet<string>
  readonly organizations: ReadonlySet<string>
  /** Collections of tenants: what stands in them is theirs. */
  readonly tenantCollections: ReadonlySet<string>
}

const holdingsOf = ({ cluster, states }: ClusterHoldings): Holdings => {
  const held = new Set<string>()
  const collections = new Set<string>()
  for (const { organization, resources } of states)
    for (const resource of resources) {
      for (const [kind, name] of heldBy(resource)) held.add(keyOf(kind, name))
      if (organization !== null && resource.kind === 'Collection') collections.add(resource.path)
    }
  const organizations = new Set(states.flatMap(({ organization }) => organization ?? []))
  return { cluster, held, organizations, tenantCollections: collections }
}

const parentsOf = (path: string): readonly string[] => {
  const parts = path.split('/').filter((part) => part !== '')
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)
}

const isTenants = (collections: ReadonlySet<string>, path: string): boolean =>
  parentsOf(path).some((one) => collections.has(one))

/** Whether a collection is below the platform's, or an organization's own. */
const isOurs = ({ organizations }: Holdings, path: string): boolean =>
  areas.some((area) => isWithin(path, area)) ||
  parentsOf(path).some((one) => {
    const organization = one.slice(one.lastIndexOf('/') + 1)
    return organizations.has(organization) && one === resourceCollection(organization)
  })

/** Subjects of ours hold nothing that the files do not say, wherever it stands. */
const isOfOurSubject = ({ organizations }: Holdings, { kind, name }: LiveThing): boolean =>
  kind === 'grant' && organizations.has(name.split(/[/:]/, 1)[0] ?? '')

/** Clusters may share a Vault or a vCenter: what another one's stack made is told with that one. */
const isOfCluster = (stack: string, { cluster }: Holdings): boolean => stack.startsWith(`${cluster}.`)

const reasonOf = (thing: LiveThing, holdings: Holdings): UnownedThing['why'] | undefined => {
  const { kind, name, collection, owner } = thing
  if (holdings.held.has(keyOf(kind, name))) return undefined
  if (owner !== undefined) return isOfCluster(owner, holdings) ? 'left over' : undefined
  if (ofFiles.has(kind))
    return collection === undefined || isOurs(holdings, collection) || isOfOurSubject(holdings, thing)
      ? 'beside the files'
      : undefined
  if (collection === undefined || !isOurs(holdings, collection)) return undefined
  return isTenants(holdings.tenantCollections, collection) ? undefined : 'of no tenant'
}

/**
 * The live things of a cluster that belong to nobody: marked as ours and held by no stack, or standing where only the files put
 * things. What an organization's people put into their own collections is theirs. Sorted by kind and name. Pure; never throws.
 */
export const unownedThings = (
  holdings: ClusterHoldings,
  things: readonly LiveThing[],
): readonly UnownedThing[] => {
  const known = holdingsOf(holdings)
  return things
    .flatMap((thing): readonly UnownedThing[] => {
      const why = reasonOf(thing, known)
      return why === undefined ? [] : [{ ...thing, cluster: holdings.cluster, why }]
    })
    .sort((a, b) => compareText(a.kind, b.kind) || compareText(a.name, b.name))
}
