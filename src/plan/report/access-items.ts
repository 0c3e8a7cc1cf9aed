import type { StackState } from '../../model/desired-state.ts'
import { type AccessChange, accessGraph, graphChanges, subjectText } from '../effective-access.ts'
import type { FleetChange } from '../fleet-change.ts'
import { givesDangerous } from '../render-access.ts'
import type { AccessItem } from './access-item.ts'
import { accessInWords, holders } from './access-words.ts'
import type { Place } from './alike.ts'
import { groupBy } from './group-by.ts'
import { withLeaving } from './leaving.ts'
import { type Members, type Membership, membershipOf, type TeamMembers } from './membership.ts'
import {
  type GrantsBySubject,
  type Graphs,
  grantsBySubject,
  type PersonalChange,
  personalChanges,
} from './personal-access.ts'
import { own } from './phrase.ts'
import { regroupedItems } from './regrouped.ts'
import { isArchiving } from './stack-lines.ts'

/** One cluster's side of a change of access. */
interface ClusterAccess {
  readonly cluster: string
  readonly graphs: Graphs
  readonly membership: Membership
  /** Organization of an account that holds rights by itself, by `user:name`. */
  readonly accounts: ReadonlyMap<string, string>
}

type Side = 'before' | 'after'

const partOf = { gain: 'gained', lose: 'lost' } as const
const sideOf = { gain: 'after', lose: 'before' } as const
const otherOf = { gain: 'before', lose: 'after' } as const

const grantsOf = (side: GrantsBySubject, subjects: readonly string[]) =>
  subjects.flatMap((one) => side.grants.get(one) ?? [])

const organizationOf = ({ accounts }: ClusterAccess, subjects: readonly string[]): string => {
  const [first = ''] = subjects
  return accounts.get(first) ?? first.split('/')[0] ?? first
}

interface Actor {
  readonly relation: AccessItem['relation']
  /** As `subjectText` writes them. */
  readonly subjects: readonly string[]
  /** By what it changes, on either side: roles are looked for among what these hold. */
  readonly by: Readonly<Record<Side, readonly string[]>>
  readonly people: readonly string[] | undefined
  readonly among: readonly string[]
}

const isAccount = (subject: string): boolean => subject.startsWith('user:')

const itemsOf = (
  cluster: ClusterAccess,
  actor: Actor,
  changes: readonly AccessChange[],
): readonly AccessItem[] =>
  (['gain', 'lose'] as const).flatMap((verb) => {
    const told = changes.filter((change) => change[partOf[verb]].length > 0)
    if (told.length === 0) return []
    const held = {
      here: grantsOf(cluster.graphs[sideOf[verb]], actor.by[sideOf[verb]]),
      there: grantsOf(cluster.graphs[otherOf[verb]], actor.by[otherOf[verb]]),
    }
    return [
      {
        ...placeOf(cluster, actor),
        verb,
        ...whoOf(actor),
        what: accessInWords(told, partOf[verb], held),
        dangerous: verb === 'gain' && told.some(givesDangerous),
      },
    ]
  })

const placeOf = (cluster: ClusterAccess, { subjects }: Actor): Place => ({
  cluster: cluster.cluster,
  organization: organizationOf(cluster, subjects),
})

const whoOf = ({ relation, subjects, people, among }: Actor) => ({
  relation,
  holders: holders(subjects),
  isAccount: subjects.every(isAccount),
  people,
  among,
})

const membersOf = ({ before, after }: Membership, team: string): readonly string[] => [
  ...new Set([...(before.get(team) ?? []), ...(after.get(team) ?? [])]),
]

const actorOf = (cluster: ClusterAccess, change: PersonalChange): Actor => {
  const { people, joined, left } = change
  const by = {
    before: [...change.by.filter((one) => !joined.includes(one)), ...left],
    after: [...change.by.filter((one) => !left.includes(one)), ...joined],
  }
  const account = change.by.find(isAccount)
  if (account !== undefined) return { relation: 'itself', subjects: [account], by, people, among: [] }
  const [team] = change.by
  if (team !== undefined)
    return {
      relation: 'of',
      subjects: change.by,
      by,
      people,
      among: change.by.length === 1 ? membersOf(cluster.membership, team) : [],
    }
  return joined.length > 0
    ? { relation: 'who joins', subjects: joined, by, people, among: [] }
    : { relation: 'who leaves', subjects: left, by, people, among: [] }
}

const personalItems = (cluster: ClusterAccess, change: PersonalChange): readonly AccessItem[] => {
  const actor = actorOf(cluster, change)
  return change.changes.length === 0 && change.by.length > 0
    ? [{ ...placeOf(cluster, actor), verb: 'keep', ...whoOf(actor), what: own(''), dangerous: false }]
    : itemsOf(cluster, actor, change.changes)
}

/** A team or account of which nobody is known to be; `people` is empty where that is known. */
const unpeopled = ({ membership }: ClusterAccess, subject: string): Actor => {
  const isEmpty = subject.includes('/') && !membership.unknown.has(subject)
  return {
    relation: isEmpty ? 'of' : 'itself',
    subjects: [subject],
    by: { before: [subject], after: [subject] },
    people: isEmpty ? [] : undefined,
    among: [],
  }
}

const accountsIn = (states: readonly StackState[]): readonly (readonly [string, string])[] =>
  states.flatMap(({ organization, resources }) =>
    resources.flatMap((resource) =>
      resource.kind === 'Grant' && resource.subject.kind === 'user' && organization !== null
        ? [[subjectText(resource.subject), organization] as const]
        : [],
    ),
  )

/** Subjects that stacks which change have grants for: nobody else's grants differ. */
const touchedSubjects = (states: readonly StackState[]): ReadonlySet<string> =>
  new Set(accessGraph(states).grants.map(({ subject }) => subjectText(subject)))

const onlyOf = (side: GrantsBySubject, subjects: ReadonlySet<string>) => ({
  grants: grantsOf(side, [...subjects]),
  roles: side.roles,
})

const clusterItems = (cluster: ClusterAccess, touched: ReadonlySet<string>): readonly AccessItem[] => {
  const { graphs, membership } = cluster
  const changes = graphChanges(onlyOf(graphs.before, touched), onlyOf(graphs.after, touched))
  const bySubject = groupBy(changes, ({ subject }) => subjectText(subject))
  const personal = personalChanges(graphs, membership, new Set(bySubject.keys()))
  const covered = new Set(personal.flatMap(({ by }) => by))
  const others = [...bySubject].filter(([subject]) => !covered.has(subject))
  return [
    ...personal.flatMap((one) => personalItems(cluster, one)),
    ...others.flatMap(([subject, found]) => itemsOf(cluster, unpeopled(cluster, subject), found)),
  ]
}

const statesOf = (change: FleetChange, cluster: string, side: Side): readonly StackState[] =>
  change.stacks.flatMap((stack) => {
    const state = stack[side]
    return stack.cluster === cluster && state !== undefined ? [state] : []
  })

/** All of these organizations' states, changed or not. */
const ofOrganizations = (
  states: readonly StackState[],
  cluster: string,
  organizations: ReadonlySet<string | null>,
): readonly StackState[] =>
  states.filter((state) => state.cluster === cluster && organizations.has(state.organization))

/**
 * Who gains and who loses what on each cluster, over the whole graph of grants: for teams whose members are known, what
 * changes in effect for their people. In the order of the clusters in the change. Never throws.
 */
export const accessItems = (change: FleetChange, members: Members): readonly AccessItem[] =>
  [...new Set(change.stacks.map(({ cluster }) => cluster))].flatMap((cluster) =>
    itemsOn(cluster, change, members.get(cluster) ?? new Map()),
  )

const itemsOn = (cluster: string, change: FleetChange, live: TeamMembers): readonly AccessItem[] => {
  const touched = change.stacks.filter((stack) => stack.cluster === cluster)
  const organizations = new Set(touched.map(({ organization }) => organization))
  const onCluster = (states: readonly StackState[]) => states.filter((state) => state.cluster === cluster)
  const whole = {
    before: ofOrganizations(change.before, cluster, organizations),
    after: ofOrganizations(change.after, cluster, organizations),
  }
  const differing = [...statesOf(change, cluster, 'before'), ...statesOf(change, cluster, 'after')]
  // A team of any organization may give what another takes: the nodes that all share.
  const membership = membershipOf(onCluster(change.before), onCluster(change.after), live)
  const items = clusterItems(
    {
      cluster,
      graphs: {
        before: grantsBySubject(accessGraph(onCluster(change.before))),
        after: grantsBySubject(accessGraph(onCluster(change.after))),
      },
      membership,
      accounts: new Map(accountsIn(differing)),
    },
    touchedSubjects(differing),
  )
  const leaving = touched.filter((stack) => stack.after === undefined || isArchiving(stack))
  return [
    ...withLeaving(items, new Set(leaving.map(({ organization }) => organization))),
    ...regroupedItems({ cluster, ...whole, membership, live }),
  ]
}
