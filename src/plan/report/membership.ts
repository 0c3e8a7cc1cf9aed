import { compareText } from '../../core/issue.ts'
import type { StackState } from '../../model/desired-state.ts'
import type { Team } from '../../model/team.ts'

/** Who is in a team, by `organization/team`; teams whose members are not known are absent. */
export type TeamMembers = ReadonlyMap<string, readonly string[]>

/** The same by cluster: each follows the directory at its own pace. */
export type Members = ReadonlyMap<string, TeamMembers>

/** Who is in which team before and after a change, as far as that is known. */
export interface Membership {
  readonly before: TeamMembers
  readonly after: TeamMembers
  /** Teams whose members are not known on a side on which they stand; they are on neither side above. */
  readonly unknown: ReadonlySet<string>
}

const nameOf = ({ organization, name }: Team): string => `${organization}/${name}`

const teamsOf = (states: readonly StackState[]): ReadonlyMap<string, Team> =>
  new Map(
    states
      .flatMap(({ resources }) => resources)
      .filter((resource) => resource.kind === 'Team')
      .map((team) => [nameOf(team), team] as const),
  )

/** People by the LDAP group of a team that is known: another team of the same group has the same people. */
const peopleByGroup = (teams: ReadonlyMap<string, Team>, live: TeamMembers): TeamMembers =>
  new Map(
    [...teams].flatMap(([name, { ldapSync }]) => {
      const people = live.get(name)
      return ldapSync === null || people === undefined
        ? []
        : [[ldapSync.groupDn.toLowerCase(), people] as const]
    }),
  )

const sorted = (people: readonly string[]): readonly string[] => [...new Set(people)].sort(compareText)

const known = (
  teams: ReadonlyMap<string, Team>,
  people: (name: string, team: Team) => readonly string[] | undefined,
): TeamMembers =>
  new Map(
    [...teams].flatMap(([name, team]) => {
      const found = people(name, team)
      return found === undefined ? [] : [[name, sorted(found)] as const]
    }),
  )

const unknownIn = (teams: ReadonlyMap<string, Team>, members: TeamMembers): readonly string[] =>
  [...teams.keys()].filter((name) => !members.has(name))

const withoutTeams = (members: TeamMembers, teams: ReadonlySet<string>): TeamMembers =>
  new Map([...members].filter(([name]) => !teams.has(name)))

/**
 * Who is in the teams of one cluster on both sides of a change: those named in files as the files say, those that follow an
 * LDAP group as they were read from the cluster (`live`). Pure.
 */
export const membershipOf = (
  before: readonly StackState[],
  after: readonly StackState[],
  live: TeamMembers,
): Membership => {
  const [then, now] = [teamsOf(before), teamsOf(after)]
  const groups = peopleByGroup(then, live)
  const atFirst = known(
    then,
    (name, { ldapSync, members }) => live.get(name) ?? (ldapSync === null ? (members ?? []) : undefined),
  )
  const afterwards = known(now, (_, { ldapSync, members }) =>
    ldapSync === null ? (members ?? []) : groups.get(ldapSync.groupDn.toLowerCase()),
  )
  const unknown = new Set([...unknownIn(then, atFirst), ...unknownIn(now, afterwards)])
  return { before: withoutTeams(atFirst, unknown), after: withoutTeams(afterwards, unknown), unknown }
}
