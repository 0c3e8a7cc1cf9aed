import { compareText } from '../../core/issue.ts'
import type { StackState } from '../../model/desired-state.ts'
import type { Team } from '../../model/team.ts'
import type { AccessItem } from './access-item.ts'
import type { Membership, TeamMembers } from './membership.ts'
import { own, say } from './phrase.ts'

const groupOf = ({ ldapSync }: Team): string | undefined => ldapSync?.groupDn

const teamsIn = (states: readonly StackState[]): readonly Team[] =>
  states.flatMap(({ resources }) => resources.filter((resource) => resource.kind === 'Team'))

const nameOf = ({ organization, name }: Team): string => `${organization}/${name}`

/** A team whose members are to be other people, of whom nothing is known yet. */
interface Regrouped {
  readonly team: Team
  readonly group: string
  /** Who is in it now; undefined where that could not be read. */
  readonly people: readonly string[] | undefined
}

const regroupedTeams = (
  before: readonly StackState[],
  after: readonly StackState[],
  { unknown }: Membership,
  live: TeamMembers,
): readonly Regrouped[] => {
  const then = new Map(teamsIn(before).map((team) => [nameOf(team), team]))
  return teamsIn(after).flatMap((team) => {
    const earlier = then.get(nameOf(team))
    const group = groupOf(team)
    if (earlier === undefined || group === undefined || !unknown.has(nameOf(team))) return []
    if (groupOf(earlier) === group) return []
    const people = earlier.ldapSync === null ? earlier.members : live.get(nameOf(team))
    return [{ team, group, people: people && [...people].sort(compareText) }]
  })
}

const itemsOf = (cluster: string, { team, group, people }: Regrouped): readonly AccessItem[] => {
  const place = { cluster, organization: team.organization, isAccount: false, among: [], dangerous: false }
  const holders = say`${nameOf(team)}`
  const what = say`all that ${holders} holds`
  return [
    { ...place, verb: 'gain', relation: 'itself', holders: say`${group}`, people: undefined, what },
    {
      ...place,
      verb: 'lose',
      relation: people === undefined ? 'itself' : 'of',
      holders,
      people,
      what: say`${own('what it holds, but those who are in ')}${group} too`,
    },
  ]
}

/**
 * What a change of a team's LDAP group does to people where nobody can say who is in the new one. Teams whose grants change
 * besides are told of that too. Never throws.
 */
export const regroupedItems = (parts: {
  readonly cluster: string
  readonly before: readonly StackState[]
  readonly after: readonly StackState[]
  readonly membership: Membership
  readonly live: TeamMembers
}): readonly AccessItem[] =>
  regroupedTeams(parts.before, parts.after, parts.membership, parts.live).flatMap((one) =>
    itemsOf(parts.cluster, one),
  )
