import pLimit from 'p-limit'
import { Ucp } from '../clients/ucp.ts'
import { listTeamMembers } from '../clients/ucp-accounts.ts'
import type { Cluster } from '../cluster/schema.ts'
import { isFault } from '../core/fault.ts'
import { compareText } from '../core/issue.ts'
import { readConnection } from '../deploy/read-connection.ts'
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

/** Teams of the organizations that a change touches on a cluster and that stand there already, by name. */
export const teamsToRead = (change: FleetChange, cluster: string): readonly TeamName[] => {
  const touched = new Set(
    change.stacks.flatMap((stack) => (stack.cluster === cluster ? [stack.organization] : [])),
  )
  return change.before
    .filter(
      (state) => state.cluster === cluster && state.organization !== null && touched.has(state.organization),
    )
    .flatMap(({ resources }) => resources.filter((resource) => resource.kind === 'Team'))
    .map(({ organization, name }) => ({ organization, team: name }))
    .sort((a, b) => compareText(a.organization, b.organization) || compareText(a.team, b.team))
}

const membersOf = async (
  ucp: Ucp,
  { organization, team }: TeamName,
): Promise<readonly (readonly [string, readonly string[]])[]> => {
  try {
    const found = await listTeamMembers(ucp, organization, team)
    return [[`${organization}/${team}`, found.map(({ user }) => user)]]
  } catch (error) {
    // It was never applied there, or was removed by hand: nobody is in it.
    if (isFault(error, 'not-found')) return []
    throw error
  }
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

const readOrNote = async (request: ReadRequest, cluster: Cluster): Promise<Found> => {
  const teams = teamsToRead(request.change, cluster.cluster)
  if (teams.length === 0) return {}
  if (teams.length > mostTeams)
    return {
      note: say`How many people are in the ${teams.length} teams that are touched on ${cluster.cluster} was not read: they are told as teams.`,
    }
  try {
    return { members: [cluster.cluster, await readCluster(cluster, teams, request)] }
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
