import pLimit from 'p-limit'
import { orMissing } from '../clients/answer.ts'
import { Ucp } from '../clients/ucp.ts'
import { listTeamMembers } from '../clients/ucp-accounts.ts'
import type { Cluster } from '../cluster/schema.ts'
import { isWithin } from '../compile/collection-paths.ts'
import { compareText } from '../core/issue.ts'
import { readConnection } from '../deploy/read-connection.ts'
import type { StackState } from '../model/desired-state.ts'
import type { Grant } from '../model/grant.ts'
import type { Resource } from '../model/resource.ts'
import type { FleetChange } from '../plan/fleet-change.ts'
import type { Members, TeamMembers } from '../plan/report/membership.ts'
import { type Phrase, say } from '../plan/report/phrase.ts'

/** A team of UCP. */
interface TeamName {
  readonly organization: string
  readonly team: string
}

/** Teams by cluster, and what a reader should know of those that were not read. */
export interface FoundMembers {
  readonly members: Members
  readonly notes: readonly Phrase[]
}

/** More calls than these at once, and UCP begins to queue them. Source: our choice. */
const atOnce = 8

/** A change that touches more teams of a cluster is about the fleet, not about people; reading them would hold it up. */
const mostTeams = 300

/** A cluster that answers nothing within this time is told about without its people. */
const longestMilliseconds = 20_000

const byName = (a: TeamName, b: TeamName): number =>
  compareText(a.organization, b.organization) || compareText(a.team, b.team)

/** The organizations that a change touches on a cluster. */
const touchedOn = (change: FleetChange, cluster: string): ReadonlySet<string | null> =>
  new Set(change.stacks.flatMap((stack) => (stack.cluster === cluster ? [stack.organization] : [])))

/** Teams of the organizations that a change touches on a cluster and that stand there already, by name. */
export const teamsToRead = (change: FleetChange, cluster: string): readonly TeamName[] => {
  const touched = touchedOn(change, cluster)
  return change.before
    .filter(
      (state) => state.cluster === cluster && state.organization !== null && touched.has(state.organization),
    )
    .flatMap(({ resources }) => resources.filter((resource) => resource.kind === 'Team'))
    .map(({ organization, name }) => ({ organization, team: name }))
    .sort(byName)
}

/** What decides about people's access. */
const accessKinds: ReadonlySet<Resource['kind']> = new Set(['Grant', 'Role', 'Team', 'TeamMember'])

const changesAccess = ({ changes }: FleetChange['stacks'][number]): boolean =>
  changes.some((one) => accessKinds.has((one.kind === 'delete' ? one.before : one.after).kind))

const grantsOf = (state: StackState | undefined): readonly Grant[] =>
  (state?.resources ?? []).filter((resource) => resource.kind === 'Grant')

/** Collections on which the organizations hold something whose access a change touches. */
const touchedCollections = (change: FleetChange, cluster: string): readonly string[] => [
  ...new Set(
    change.stacks
      .filter((one) => one.cluster === cluster && changesAccess(one))
      .flatMap(({ before, after }) => [...grantsOf(before), ...grantsOf(after)])
      .map(({ collection }) => collection),
  ),
]

const ldapTeams = (state: StackState): ReadonlySet<string> =>
  new Set(state.resources.flatMap((one) => (one.kind === 'Team' && one.ldapSync !== null ? [one.name] : [])))

/**
 * Teams of other organizations by which people of the touched ones may hold what these take or give: on collections that
 * several share, as the nodes of an offer. Only those whom the directory alone knows; by name.
 */
export const teamsBeside = (change: FleetChange, cluster: string): readonly TeamName[] => {
  const collections = touchedCollections(change, cluster)
  if (collections.length === 0) return []
  const touched = touchedOn(change, cluster)
  return change.before
    .filter((state) => state.cluster === cluster && !touched.has(state.organization))
    .flatMap((state) => {
      const known = ldapTeams(state)
      const sharing = grantsOf(state).flatMap(({ subject, collection }) =>
        subject.kind === 'team' &&
        known.has(subject.team) &&
        collections.some((one) => isWithin(one, collection))
          ? [`${subject.organization}/${subject.team}`]
          : [],
      )
      return [...new Set(sharing)].map(asTeam)
    })
    .sort(byName)
}

/**
 * What of a change may leave a tenant with fewer people whom the directory alone knows: tenants that stay, whose access changes,
 * with a team that follows a group. Pure.
 */
export const concerningDirectory = (change: FleetChange): FleetChange => ({
  ...change,
  stacks: change.stacks.filter(
    (one) =>
      one.before !== undefined &&
      one.after !== undefined &&
      changesAccess(one) &&
      ldapTeams(one.after).size > 0,
  ),
})

const asTeam = (name: string): TeamName => {
  const slash = name.indexOf('/')
  return { organization: name.slice(0, slash), team: name.slice(slash + 1) }
}

const membersOf = async (
  ucp: Ucp,
  { organization, team }: TeamName,
): Promise<readonly (readonly [string, readonly string[]])[]> => {
  const found = await orMissing(listTeamMembers(ucp, organization, team))
  // It was never applied there, or was removed by hand: nobody is in it.
  if (found === undefined) return []
  // UCP lists them by their ids, which are random.
  return [[`${organization}/${team}`, found.map(({ user }) => user).sort(compareText)]]
}

/** Members of teams on one cluster. @throws {Fault} as `Ucp` does. */
export const readTeams = async (ucp: Ucp, teams: readonly TeamName[]): Promise<TeamMembers> => {
  const limit = pLimit(atOnce)
  const found = await Promise.all(teams.map((team) => limit(() => membersOf(ucp, team))))
  return new Map(found.flat())
}

interface ReadRequest {
  readonly change: FleetChange
  readonly clusters: readonly Cluster[]
  /** Names the connections file; without one nothing is read. */
  readonly environment: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  /** Whether the teams of other organizations that share collections are asked for too. */
  readonly beside?: boolean
}

const readCluster = async (
  { cluster, endpoints }: Cluster,
  teams: readonly TeamName[],
  { environment, signal }: ReadRequest,
): Promise<TeamMembers> => {
  const { ucp: connect } = readConnection({
    cluster,
    file: environment.TENANTRY_CONNECTIONS,
    endpoints: () => endpoints,
  })
  const ucp = new Ucp(connect())
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(longestMilliseconds)])
    return await readTeams(ucp.within({ signal: within, resource: `members of teams on ${cluster}` }), teams)
  } finally {
    await ucp.close()
  }
}

interface Found {
  readonly members?: readonly [string, TeamMembers]
  readonly note?: Phrase
}

const besideUnread = (cluster: string, count: number): Phrase =>
  say`Who is in the ${count} teams of other organizations that share collections on ${cluster} was not read: what people lose or gain there they may hold by one of them.`

const readOrNote = async (request: ReadRequest, cluster: Cluster): Promise<Found> => {
  const teams = teamsToRead(request.change, cluster.cluster)
  if (teams.length === 0) return {}
  const beside = request.beside === false ? [] : teamsBeside(request.change, cluster.cluster)
  const isEnough = teams.length + beside.length <= mostTeams
  if (teams.length > mostTeams)
    return {
      note: say`How many people are in the ${teams.length} teams that are touched on ${cluster.cluster} was not read: they are told as teams.`,
    }
  try {
    const read = await readCluster(cluster, isEnough ? [...teams, ...beside] : teams, request)
    return {
      members: [cluster.cluster, read],
      ...(isEnough ? {} : { note: besideUnread(cluster.cluster, beside.length) }),
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return {
      note: say`Who is in the teams on ${cluster.cluster} could not be read, so people are not counted: ${reason}`,
    }
  }
}

/**
 * Who is in the teams that a change may concern, read from each cluster's UCP. A cluster that cannot be asked is told about
 * in a note, and costs at most twenty seconds. Never rejects.
 */
export const readMembers = async (request: ReadRequest): Promise<FoundMembers> => {
  const found = await Promise.all(request.clusters.map((cluster) => readOrNote(request, cluster)))
  return {
    members: new Map(found.flatMap(({ members }) => (members === undefined ? [] : [members]))),
    notes: found.flatMap(({ note }) => (note === undefined ? [] : [note])),
  }
}
