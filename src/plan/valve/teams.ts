import type { StackState } from '../../model/desired-state.ts'
import type { Grant } from '../../model/grant.ts'
import type { Team } from '../../model/team.ts'
import { accessGraph, effectiveAccess, permissionsOf } from '../effective-access.ts'
import type { StackChange } from '../fleet-change.ts'
import { type Finding, isTooMany, shareText, type ValveLook } from './look.ts'

/** On one cluster. */
type PeopleOf = (team: string) => readonly string[] | undefined

const peopleOn =
  ({ peopleOf }: ValveLook, { cluster }: StackChange): PeopleOf =>
  (team) =>
    peopleOf(cluster, team)

const teamsOf = (state: StackState): ReadonlyMap<string, Team> =>
  new Map(
    state.resources.flatMap((one) =>
      one.kind === 'Team' ? [[`${one.organization}/${one.name}`, one] as const] : [],
    ),
  )

/** A distinguished name as directories compare it. */
const sameGroup = (a: Team['ldapSync'], b: Team['ldapSync']): boolean => {
  const plain = (sync: Team['ldapSync']): string | undefined =>
    sync?.groupDn.replace(/\s*,\s*/g, ',').toLowerCase()
  return plain(a) === plain(b)
}

/** The people of a team as far as anybody can tell: those that its file names, or whom the directory has in its group now. */
const membersOf = (name: string, team: Team, peopleOf: PeopleOf): readonly string[] | undefined =>
  team.ldapSync === null ? (team.members ?? []) : peopleOf(name)

/** Whom a team loses; `everyone` where nobody can tell who stays. */
const lostMembers = (
  name: string,
  { before, after }: { readonly before: Team; readonly after: Team | undefined },
  peopleOf: PeopleOf,
): readonly string[] | 'everyone' => {
  if (after?.ldapSync && sameGroup(before.ldapSync, after.ldapSync)) return []
  const then = membersOf(name, before, peopleOf)
  if (then === undefined) return 'everyone'
  if (after === undefined || after.ldapSync !== null) return then
  const now = new Set(after.members)
  return then.filter((person) => !now.has(person))
}

/** Stacks whose tenant stays; others are the business of other rules. */
const isKept = ({ before, after }: StackChange): boolean =>
  before !== undefined && after !== undefined && after.lifecycle !== 'archived'

const shownTeam = (name: string, { nameOf }: ValveLook): string => {
  const slash = name.indexOf('/')
  return `${nameOf(name.slice(0, slash))}${name.slice(slash)}`
}

/** A team on both sides of a change. */
interface TeamChange {
  readonly name: string
  readonly before: Team
  readonly after: Team | undefined
  readonly peopleOf: PeopleOf
}

const memberMessage = (
  look: ValveLook,
  { name, before, after, peopleOf }: TeamChange,
): string | undefined => {
  const limit = look.settings.membersRemoved
  const lost = lostMembers(name, { before, after }, peopleOf)
  if (lost === 'everyone')
    return `The team ${shownTeam(name, look)} ${after === undefined ? 'goes' : `leaves ${before.ldapSync?.groupDn ?? 'its group'}`}: everyone in it may lose access`
  const total = membersOf(name, before, peopleOf)?.length ?? 0
  return isTooMany(lost.length, total, limit)
    ? `The team ${shownTeam(name, look)} loses ${shareText(lost.length, total, 'people')}, more than ${limit.percent} %`
    : undefined
}

const noTeams: ReadonlyMap<string, Team> = new Map()

const teamChanges = (look: ValveLook, one: StackChange): readonly TeamChange[] => {
  const then = one.before === undefined ? noTeams : teamsOf(one.before)
  const now = one.after === undefined ? noTeams : teamsOf(one.after)
  const peopleOf = peopleOn(look, one)
  return [...then].map(([name, before]) => ({ name, before, after: now.get(name), peopleOf }))
}

/** Teams that lose many of their people: named ones that go, or a group that is another. */
export const membersRemoved = (look: ValveLook): readonly Finding[] =>
  look.change.stacks
    .filter((one) => isKept(one) && !look.isLifted('members-removed', one))
    .flatMap((one) =>
      teamChanges(look, one).flatMap((team): Finding[] => {
        const message = memberMessage(look, team)
        return message === undefined ? [] : [{ rule: 'members-removed', places: [one], message }]
      }),
    )

const grantsOf = (state: StackState): ReadonlyMap<string, readonly Grant[]> => {
  const byTeam = new Map<string, Grant[]>()
  for (const one of state.resources)
    if (one.kind === 'Grant' && one.subject.kind === 'team') {
      const name = `${one.subject.organization}/${one.subject.team}`
      byTeam.set(name, [...(byTeam.get(name) ?? []), one])
    }
  return byTeam
}

/** Whether a team may do less on a collection than before. */
const losesAccess = (
  team: string,
  before: StackState,
  after: StackState,
): ((collection: string) => boolean) => {
  const person = { user: '', teams: [team], organizations: [] }
  const [then, now] = [accessGraph([before]), accessGraph([after])]
  return (collection) => {
    const held = new Set(effectiveAccess(now, person, collection))
    return effectiveAccess(then, person, collection).some((permission) => !held.has(permission))
  }
}

/** A grant is removed where it is gone and its team may do less for that; one that a wider role takes over is not. */
const removedGrants = (team: string, before: StackState, after: StackState): readonly Grant[] => {
  const kept = new Set(after.resources.map(({ key }) => key))
  const gone = (grantsOf(before).get(team) ?? []).filter(({ key }) => !kept.has(key))
  if (gone.length === 0) return []
  const isLess = losesAccess(team, before, after)
  return gone.filter(({ collection }) => isLess(collection))
}

/** A tenant that is drained loses its rights by its own word. */
const isDrained = ({ before, after }: StackChange): boolean =>
  after?.lifecycle === 'draining' && before?.lifecycle !== 'draining'

/** Teams that lose many of their grants. */
export const grantsRemoved = (look: ValveLook): readonly Finding[] =>
  look.change.stacks
    .filter((one) => isKept(one) && !isDrained(one) && !look.isLifted('grants-removed', one))
    .flatMap((one): Finding[] => {
      const { before, after } = one
      if (before === undefined || after === undefined) return []
      return [...grantsOf(before)].flatMap(([team, grants]): Finding[] => {
        const lost = removedGrants(team, before, after).length
        const limit = look.settings.grantsRemoved
        if (!isTooMany(lost, grants.length, limit)) return []
        const message = `The team ${shownTeam(team, look)} loses ${shareText(lost, grants.length, 'grants')}, more than ${limit.percent} %`
        return [{ rule: 'grants-removed', places: [one], message }]
      })
    })

/** What makes somebody answer for a tenant on a cluster: to change what runs there. */
const ownerRight = 'Service Update'

/** Roles of machines: pipelines are nobody who answers for a tenant. */
const machineRole = /^ci-/

const ownerRoles = (state: StackState): ReadonlySet<string> =>
  new Set(
    state.resources.flatMap((one) =>
      one.kind === 'Role' && !machineRole.test(one.name) && permissionsOf(one.operations).includes(ownerRight)
        ? [one.name]
        : [],
    ),
  )

/** People with a tenant's owner rights on a cluster; infinitely many where the directory alone knows. */
const ownersOf = (state: StackState, peopleOf: PeopleOf): number => {
  const roles = ownerRoles(state)
  const people = new Set<string>()
  const teams = teamsOf(state)
  for (const [name, grants] of grantsOf(state)) {
    const team = teams.get(name)
    if (team === undefined || !grants.some(({ role }) => roles.has(role))) continue
    const members = membersOf(name, team, peopleOf)
    if (members === undefined) return Number.POSITIVE_INFINITY
    for (const member of members) people.add(member)
  }
  return people.size
}

const ownersMessage = (look: ValveLook, one: StackChange): string | undefined => {
  if (one.before === undefined || one.after === undefined) return undefined
  const peopleOf = peopleOn(look, one)
  const before = ownersOf(one.before, peopleOf)
  const after = ownersOf(one.after, (name) => (isNewGroup(one, name) ? undefined : peopleOf(name)))
  const { ownersLeast } = look.settings
  if (after >= ownersLeast || after >= before) return undefined
  const then = Number.isFinite(before) ? `, ${before} before` : ''
  return `${look.nameOf(one.organization ?? '')} keeps ${after} ${after === 1 ? 'person' : 'people'} who may change its services${then}; ${ownersLeast} is the least`
}

/** Of a group that a team is only now following the directory has told nothing. */
const isNewGroup = ({ before, after }: StackChange, name: string): boolean => {
  const then = before === undefined ? undefined : teamsOf(before).get(name)
  const now = after === undefined ? undefined : teamsOf(after).get(name)
  return !sameGroup(then?.ldapSync ?? null, now?.ldapSync ?? null)
}

/** Tenants that a change leaves with too few people who answer for them. */
export const ownersFew = (look: ValveLook): readonly Finding[] =>
  look.change.stacks
    .filter((one) => isKept(one) && one.after?.lifecycle !== 'draining' && !look.isLifted('owners-few', one))
    .flatMap((one): Finding[] => {
      const message = ownersMessage(look, one)
      return message === undefined ? [] : [{ rule: 'owners-few', places: [one], message }]
    })
