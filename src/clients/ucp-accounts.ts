import { type AnswerObject, isTrueAt, objectOf, orMissing, segment, textAt, textOr } from './answer.ts'
import type { Ucp } from './ucp.ts'

/** A user or an organization. Identified by id, and by name, which never changes. */
export interface Account {
  readonly id: string
  readonly name: string
  readonly fullName: string
  readonly isOrg: boolean
}

/** A team. Identified by id; by organization and name, which may change. */
export interface UcpTeam {
  readonly id: string
  readonly name: string
  readonly description: string
}

/** A user in an organization or a team. */
export interface Membership {
  readonly userId: string
  readonly user: string
  readonly isAdmin: boolean
}

/** How a team's members follow LDAP; all seven fields are mandatory (reference §2.5). */
export interface MemberSync {
  readonly enableSync: boolean
  readonly selectGroupMembers: boolean
  readonly groupDN: string
  readonly groupMemberAttr: string
  readonly searchBaseDN: string
  readonly searchScopeSubtree: boolean
  readonly searchFilter: string
}

const account = (from: AnswerObject): Account => ({
  id: textAt(from, 'id'),
  name: textAt(from, 'name'),
  fullName: textOr(from, 'fullName'),
  isOrg: isTrueAt(from, 'isOrg'),
})

const team = (from: AnswerObject): UcpTeam => ({
  id: textAt(from, 'id'),
  name: textAt(from, 'name'),
  description: textOr(from, 'description'),
})

const membership = (from: AnswerObject): Membership => {
  const member = objectOf(from.member)
  return { userId: textAt(member, 'id'), user: textAt(member, 'name'), isAdmin: isTrueAt(from, 'isAdmin') }
}

const accountPath = (nameOrId: string): string => `/accounts/${segment(nameOrId)}`
const teamPath = (organization: string, teamNameOrId: string): string =>
  `${accountPath(organization)}/teams/${segment(teamNameOrId)}`
const syncPath = (organization: string, teamNameOrId: string): string =>
  `${teamPath(organization, teamNameOrId)}/memberSyncConfig`

const map = <T>(value: AnswerObject | undefined, read: (from: AnswerObject) => T): T | undefined =>
  value === undefined ? undefined : read(value)

const remove = async (ucp: Ucp, path: string): Promise<void> => {
  await orMissing(ucp.send({ method: 'DELETE', path }))
}

/** An account by name or id; undefined where there is none. */
export const readAccount = async (ucp: Ucp, nameOrId: string): Promise<Account | undefined> =>
  map(await ucp.get(accountPath(nameOrId)), account)

export const createOrganization = async (
  ucp: Ucp,
  { name, fullName }: { name: string; fullName: string },
): Promise<Account> =>
  account(
    objectOf(await ucp.json({ method: 'POST', path: '/accounts/', body: { name, fullName, isOrg: true } })),
  )

/** Sets an account's full name. */
export const renameAccount = async (ucp: Ucp, nameOrId: string, fullName: string): Promise<Account> =>
  account(objectOf(await ucp.json({ method: 'PATCH', path: accountPath(nameOrId), body: { fullName } })))

/** Succeeds where it is gone already. */
export const deleteAccount = (ucp: Ucp, nameOrId: string): Promise<void> => remove(ucp, accountPath(nameOrId))

/** A user's membership of an organization; undefined where there is none. */
export const readOrganizationMember = async (
  ucp: Ucp,
  organization: string,
  user: string,
): Promise<Membership | undefined> =>
  map(await ucp.get(`${accountPath(organization)}/members/${segment(user)}`), membership)

export const putOrganizationMember = async (
  ucp: Ucp,
  organization: string,
  { user, isAdmin }: { user: string; isAdmin: boolean },
): Promise<Membership> =>
  membership(
    objectOf(
      await ucp.json({
        method: 'PUT',
        path: `${accountPath(organization)}/members/${segment(user)}`,
        body: { isAdmin },
      }),
    ),
  )

/** Succeeds where it is gone already. Leaves every team of the organization too. */
export const deleteOrganizationMember = (ucp: Ucp, organization: string, user: string): Promise<void> =>
  remove(ucp, `${accountPath(organization)}/members/${segment(user)}`)

/** A team by name or id; undefined where it or its organization is missing. */
export const readTeam = async (
  ucp: Ucp,
  organization: string,
  nameOrId: string,
): Promise<UcpTeam | undefined> => map(await ucp.get(teamPath(organization, nameOrId)), team)

/** Every team of an organization, by name. */
export const listTeams = async (ucp: Ucp, organization: string): Promise<UcpTeam[]> =>
  (
    await ucp.all({
      path: `${accountPath(organization)}/teams`,
      key: 'teams',
      marker: (one) => textAt(one, 'name'),
    })
  ).map(team)

export const createTeam = async (
  ucp: Ucp,
  organization: string,
  { name, description }: { name: string; description: string },
): Promise<UcpTeam> =>
  team(
    objectOf(
      await ucp.json({
        method: 'POST',
        path: `${accountPath(organization)}/teams`,
        body: { name, description },
      }),
    ),
  )

/** Sets a team's name and description. */
export const patchTeam = async (
  ucp: Ucp,
  organization: string,
  { nameOrId, ...body }: { nameOrId: string; name: string; description: string },
): Promise<UcpTeam> =>
  team(objectOf(await ucp.json({ method: 'PATCH', path: teamPath(organization, nameOrId), body })))

/** Succeeds where it is gone already. */
export const deleteTeam = (ucp: Ucp, organization: string, nameOrId: string): Promise<void> =>
  remove(ucp, teamPath(organization, nameOrId))

/** A user's membership of a team; undefined where there is none. */
export const readTeamMember = async (
  ucp: Ucp,
  organization: string,
  { team: name, user }: { team: string; user: string },
): Promise<Membership | undefined> =>
  map(await ucp.get(`${teamPath(organization, name)}/members/${segment(user)}`), membership)

/** Every member of a team, by user id. */
export const listTeamMembers = async (
  ucp: Ucp,
  organization: string,
  nameOrId: string,
): Promise<Membership[]> =>
  (
    await ucp.all({
      path: `${teamPath(organization, nameOrId)}/members`,
      key: 'members',
      marker: (one) => membership(one).userId,
    })
  ).map(membership)

/** Adds the user to the organization too. */
export const putTeamMember = async (
  ucp: Ucp,
  organization: string,
  { team: name, user, isAdmin }: { team: string; user: string; isAdmin: boolean },
): Promise<Membership> =>
  membership(
    objectOf(
      await ucp.json({
        method: 'PUT',
        path: `${teamPath(organization, name)}/members/${segment(user)}`,
        body: { isAdmin },
      }),
    ),
  )

/** Succeeds where it is gone already. The user stays in the organization. */
export const deleteTeamMember = (
  ucp: Ucp,
  organization: string,
  { team: name, user }: { team: string; user: string },
): Promise<void> => remove(ucp, `${teamPath(organization, name)}/members/${segment(user)}`)

const noSync: MemberSync = {
  enableSync: false,
  selectGroupMembers: true,
  groupDN: '',
  groupMemberAttr: '',
  searchBaseDN: '',
  searchScopeSubtree: false,
  searchFilter: '',
}

/** How a team's members follow LDAP; switched off where nothing was ever set. */
export const readMemberSync = async (
  ucp: Ucp,
  organization: string,
  nameOrId: string,
): Promise<MemberSync> => {
  const from = (await ucp.get(syncPath(organization, nameOrId))) ?? {}
  return {
    enableSync: isTrueAt(from, 'enableSync'),
    selectGroupMembers: isTrueAt(from, 'selectGroupMembers'),
    groupDN: textOr(from, 'groupDN'),
    groupMemberAttr: textOr(from, 'groupMemberAttr'),
    searchBaseDN: textOr(from, 'searchBaseDN'),
    searchScopeSubtree: isTrueAt(from, 'searchScopeSubtree'),
    searchFilter: textOr(from, 'searchFilter'),
  }
}

/** Replaces how a team's members follow LDAP; what is left out is switched off or empty. */
export const putMemberSync = async (
  ucp: Ucp,
  organization: string,
  { nameOrId, ...sync }: { nameOrId: string } & Partial<MemberSync>,
): Promise<void> => {
  await ucp.send({ method: 'PUT', path: syncPath(organization, nameOrId), body: { ...noSync, ...sync } })
}
