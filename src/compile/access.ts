import type { Collection } from '../model/collection.ts'
import type { DefaultCollection } from '../model/default-collection.ts'
import type { Grant, Subject } from '../model/grant.ts'
import type { Organization } from '../model/organization.ts'
import type { Resource } from '../model/resource.ts'
import type { Role } from '../model/role.ts'
import type { Team } from '../model/team.ts'
import type { TeamMember } from '../model/team-member.ts'
import {
  applicationCollection,
  ownedCollection,
  resourceCollection,
  workloadCollection,
} from './collection-paths.ts'
import { dependsOn } from './depends-on.ts'
import { type Right, rightsOnApplications, rightsOnOrganization } from './grants.ts'
import type { RoleForm } from './job-roles.ts'
import { keys } from './keys.ts'
import type { ResolvedTeam } from './resolve.ts'
import type { TenantScope } from './tenant-scope.ts'
import { scheduler } from './ucp-builtins.ts'

const organizationOf = ({ organization, resolved }: TenantScope): Organization => ({
  kind: 'Organization',
  key: keys.organization,
  concern: 'access',
  dependsOn: [],
  name: organization,
  fullName: resolved.displayName.value,
})

const teamOf = ({ organization, cluster }: TenantScope, team: ResolvedTeam): Team => ({
  kind: 'Team',
  key: keys.team(team.name),
  concern: 'access',
  dependsOn: [keys.organization],
  organization,
  name: team.name,
  description: team.description.value,
  ldapSync:
    team.ldapGroup.value === null
      ? null
      : { groupDn: team.ldapGroup.value, groupMemberAttribute: cluster.ldap.groupMemberAttribute },
  ...(team.ldapGroup.value === null ? { members: [...team.members.value].sort() } : {}),
})

/** Members that the file names; where a team follows an LDAP group, UCP takes none by hand (reference §2.5). */
const membersOf = ({ organization }: TenantScope, team: ResolvedTeam): readonly TeamMember[] =>
  (team.ldapGroup.value === null ? team.members.value : []).map((user) => ({
    kind: 'TeamMember',
    key: `member/${team.name}/${user}`,
    concern: 'access',
    dependsOn: [keys.team(team.name)],
    organization,
    team: team.name,
    user,
  }))

/** The organization's collections, parents first. */
const tenantCollections = ({ organization, resolved }: TenantScope): readonly string[] => [
  ...resolved.offers.flatMap(({ name }) => [
    workloadCollection(name, organization),
    ...resolved.applications
      .filter((application) => application.offer.value === name)
      .map((application) => applicationCollection(name, organization, application.name)),
  ]),
  resourceCollection(organization),
  ownedCollection(organization, null),
  ...resolved.applications.map((application) => ownedCollection(organization, application.name)),
]

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'))

/** Collections that volumes stand in, and those above: UCP deletes none that still holds one. */
const placesOfData = ({ organization, resolved }: TenantScope): ReadonlySet<string> =>
  new Set(
    resolved.volumes.flatMap(({ application }) => [
      resourceCollection(organization),
      ownedCollection(organization, application.value),
    ]),
  )

/** Collections as resources; each after its parent, where that is one of them. `places` hold data that is retained. */
export const collectionsAt = (
  paths: readonly string[],
  places: ReadonlySet<string> = new Set(),
): readonly Collection[] => {
  const own = new Set(paths)
  return paths.map((path) => ({
    kind: 'Collection',
    key: keys.collection(path),
    concern: 'access',
    dependsOn: own.has(parentOf(path)) ? [keys.collection(parentOf(path))] : [],
    ...(places.has(path) ? ({ retained: 'place' } as const) : {}),
    path,
  }))
}

const roleOf = ({ label, name, operations }: RoleForm): Role => ({
  kind: 'Role',
  key: keys.role(label),
  concern: 'access',
  dependsOn: [],
  name,
  operations,
})

const subjectText = (subject: Subject): string =>
  subject.kind === 'team'
    ? `team/${subject.team}`
    : subject.kind === 'user'
      ? `user/${subject.user}`
      : 'organization'

/** What must stand before a grant for the subject. */
const subjectKey = (subject: Subject): string =>
  subject.kind === 'team' ? keys.team(subject.team) : keys.organization

const grantOf = (own: ReadonlySet<string>, subject: Subject, { form, collection }: Right): Grant => ({
  kind: 'Grant',
  key: `grant/${subjectText(subject)}/${form === null ? scheduler : form.label}${collection}`,
  concern: 'access',
  dependsOn: dependsOn(
    subjectKey(subject),
    own.has(collection) ? keys.collection(collection) : undefined,
    form === null ? undefined : keys.role(form.label),
  ),
  subject,
  role: form === null ? scheduler : form.name,
  collection,
})

interface Holder {
  readonly subject: Subject
  readonly rights: readonly Right[]
}

const teamHolder = (scope: TenantScope, team: ResolvedTeam): Holder => ({
  subject: { kind: 'team', organization: scope.organization, team: team.name },
  rights:
    team.applications.value === null
      ? rightsOnOrganization(scope, team.role.value)
      : rightsOnApplications(scope, team.role.value, team.applications.value),
})

/** The account that pipelines deploy with holds its rights by itself: whether it is in a team is LDAP's affair. */
const accountHolders = (scope: TenantScope): readonly Holder[] => {
  const user = scope.resolved.ci?.account.value ?? null
  const jobRole = scope.lifecycle === 'draining' ? 'viewer' : 'ci'
  return user === null
    ? []
    : [{ subject: { kind: 'user', user }, rights: rightsOnOrganization(scope, jobRole) }]
}

const rolesOf = (rights: readonly Right[]): readonly Role[] => {
  const forms = new Map<string, RoleForm>()
  for (const { form } of rights) if (form !== null) forms.set(form.label, form)
  return [...forms.values()].map(roleOf)
}

/** Offers by how well objects without a label stand there: agents are what makes them. */
const unlabelledOffers = ['build/std', 'run/std', 'run/edge'] as const

/**
 * Agents carry no access label (the Jenkins plugin sets none), so they stand where the account's objects go by default:
 * with the organization's builds, or with its services where it has no builds.
 */
const defaultCollections = (scope: TenantScope): readonly DefaultCollection[] => {
  const user = scope.resolved.ci?.account.value ?? null
  if (user === null) return []
  const offer = unlabelledOffers.find((name) => scope.resolved.offers.some((one) => one.name === name))
  const collection =
    offer === undefined
      ? resourceCollection(scope.organization)
      : workloadCollection(offer, scope.organization)
  return [
    {
      kind: 'DefaultCollection',
      key: `default-collection/${user}`,
      concern: 'access',
      dependsOn: [keys.collection(collection)],
      user,
      collection,
    },
  ]
}

/**
 * The organization, its teams, collections, and who may do what on them.
 *
 * No right stands on the root, so none reaches images (reference §6.3): services need no right to an image, and a
 * right on the root would reach every organization.
 */
export const access = (scope: TenantScope): readonly Resource[] => {
  const paths = tenantCollections(scope)
  const own = new Set(paths)
  const holders = [...scope.resolved.teams.map((team) => teamHolder(scope, team)), ...accountHolders(scope)]
  return [
    organizationOf(scope),
    ...scope.resolved.teams.flatMap((team) => [teamOf(scope, team), ...membersOf(scope, team)]),
    ...collectionsAt(paths, placesOfData(scope)),
    ...rolesOf(holders.flatMap((holder) => holder.rights)),
    ...holders.flatMap(({ subject, rights }) => rights.map((right) => grantOf(own, subject, right))),
    ...defaultCollections(scope),
  ]
}
