import { compareText } from '../../core/issue.ts'
import type { Subject } from '../../model/grant.ts'
import {
  type AccessChange,
  type AccessGraph,
  type GrantTriple,
  graphChanges,
  subjectsOf,
  subjectText,
} from '../effective-access.ts'
import { groupBy } from './group-by.ts'
import type { Membership, TeamMembers } from './membership.ts'

/** Grants by whom they are for, as `subjectText` writes it: a fleet's graph is asked once a person. */
export interface GrantsBySubject {
  readonly grants: ReadonlyMap<string, readonly GrantTriple[]>
  readonly roles: AccessGraph['roles']
}

/** Both sides of one cluster's grants. */
export interface Graphs {
  readonly before: GrantsBySubject
  readonly after: GrantsBySubject
}

export const grantsBySubject = ({ grants, roles }: AccessGraph): GrantsBySubject => ({
  grants: groupBy(grants, ({ subject }) => subjectText(subject)),
  roles,
})

/** What changes for people who hold the same by the same. */
export interface PersonalChange {
  /** Sorted accounts. */
  readonly people: readonly string[]
  /** The teams, or the account itself as `user:name`, by which it changes; sorted. */
  readonly by: readonly string[]
  /** Teams that these people join or leave; sorted. */
  readonly joined: readonly string[]
  readonly left: readonly string[]
  /** What is gained and lost in effect, over all that these people hold; empty where they hold it otherwise. */
  readonly changes: readonly AccessChange[]
}

interface Standing {
  readonly user: string
  readonly before: readonly string[]
  readonly after: readonly string[]
}

const teamsByUser = (members: TeamMembers): ReadonlyMap<string, readonly string[]> => {
  const teams = new Map<string, string[]>()
  for (const [team, people] of members)
    for (const user of people) {
      const known = teams.get(user)
      if (known === undefined) teams.set(user, [team])
      else known.push(team)
    }
  return teams
}

const standings = ({ before, after }: Membership): readonly Standing[] => {
  const [then, now] = [teamsByUser(before), teamsByUser(after)]
  return [...new Set([...then.keys(), ...now.keys()])].sort(compareText).map((user) => ({
    user,
    before: [...(then.get(user) ?? [])].sort(compareText),
    after: [...(now.get(user) ?? [])].sort(compareText),
  }))
}

/** What some subjects hold together, as if one account held it. */
const asOne = (
  { grants, roles }: GrantsBySubject,
  subjects: ReadonlySet<string>,
  subject: Subject,
): AccessGraph => ({
  grants: [...subjects].flatMap((one) => (grants.get(one) ?? []).map((grant) => ({ ...grant, subject }))),
  roles,
})

const changesFor = ({ before, after }: Graphs, { user, ...teams }: Standing): readonly AccessChange[] => {
  const subject: Subject = { kind: 'user', user }
  const holds = (graph: GrantsBySubject, of: readonly string[]): AccessGraph =>
    asOne(graph, subjectsOf({ user, teams: of, organizations: [] }), subject)
  return graphChanges(holds(before, teams.before), holds(after, teams.after))
}

const without = (from: readonly string[], these: readonly string[]): readonly string[] =>
  from.filter((one) => !these.includes(one))

/** Whether an account holds anything by itself, so that it stands apart from the others of its teams. */
const holdsItself = ({ before, after }: Graphs, user: string): boolean =>
  before.grants.has(`user:${user}`) || after.grants.has(`user:${user}`)

const withoutUser = (changes: readonly AccessChange[]): string =>
  JSON.stringify(changes.map(({ collection, gained, lost }) => [collection, gained, lost]))

/** People for whom the same changes by the same teams, though they are in different others. */
const merged = (found: readonly PersonalChange[]): readonly PersonalChange[] =>
  [
    ...groupBy(found, ({ by, joined, left, changes }) =>
      JSON.stringify([by, joined, left, withoutUser(changes)]),
    ).values(),
  ].flatMap((same) => {
    const [first] = same
    return first === undefined
      ? []
      : [{ ...first, people: same.flatMap(({ people }) => people).sort(compareText) }]
  })

/**
 * What a change does to people in effect: the union of what each holds by every team, before and after. `changed` are the
 * subjects, as `subjectText` writes them, whose grants differ; people whom neither these nor a membership touches are left
 * out. Never throws.
 */
export const personalChanges = (
  graphs: Graphs,
  membership: Membership,
  changed: ReadonlySet<string>,
): readonly PersonalChange[] => {
  const classes = groupBy(standings(membership), ({ user, before, after }) =>
    JSON.stringify([before, after, holdsItself(graphs, user) ? user : '']),
  )
  const found = [...classes.values()].flatMap((people): readonly PersonalChange[] => {
    const [first] = people
    if (first === undefined) return []
    const joined = without(first.after, first.before)
    const left = without(first.before, first.after)
    const by = [`user:${first.user}`, ...new Set([...first.before, ...first.after])].filter((one) =>
      changed.has(one),
    )
    if (by.length + joined.length + left.length === 0) return []
    return [
      {
        people: people.map(({ user }) => user),
        by: by.sort(compareText),
        joined,
        left,
        changes: changesFor(graphs, first),
      },
    ]
  })
  return merged(found)
}
