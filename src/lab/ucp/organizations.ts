import { randomUUID } from 'node:crypto'
import { invalid, notFound, Refusal } from './refusal.ts'
import type { Revision } from './revision.ts'

export interface Team {
  readonly id: string
  readonly orgId: string
  readonly name: string
  readonly description: string
}

/** A user in an organization or a team, and whether they administer it. */
export interface Membership {
  readonly userId: string
  readonly isAdmin: boolean
}

type Members = Map<string, Membership>

const longestTeamName = 100

const checkTeamName = (name: string): void => {
  if (name.trim() === '' || name.length > longestTeamName || name.includes('/'))
    throw invalid(`The team name ${JSON.stringify(name)} is not allowed.`, 'INVALID_TEAM_NAME')
}

const listed = (members: Members | undefined): Membership[] => [...(members?.values() ?? [])]

/** Members and teams of the organizations, by account id. Knows no names of accounts. */
export class Organizations {
  readonly #members = new Map<string, Members>()
  readonly #teams = new Map<string, Team>()
  readonly #teamsOfOrg = new Map<string, Map<string, string>>()
  readonly #teamMembers = new Map<string, Members>()
  readonly #orgsOfUser = new Map<string, Set<string>>()
  readonly #teamsOfUser = new Map<string, Set<string>>()
  readonly #revision: Revision
  readonly #duplicateStatus: number

  constructor(revision: Revision, duplicateStatus: number) {
    this.#revision = revision
    this.#duplicateStatus = duplicateStatus
  }

  members(orgId: string): Membership[] {
    return listed(this.#members.get(orgId))
  }

  member(orgId: string, userId: string): Membership | undefined {
    return this.#members.get(orgId)?.get(userId)
  }

  organizationIdsOf(userId: string): readonly string[] {
    return [...(this.#orgsOfUser.get(userId) ?? [])]
  }

  /** An absent `isAdmin` leaves a member's as it is, and is false for a new one. */
  putMember(orgId: string, userId: string, isAdmin?: boolean): Membership {
    const membership = { userId, isAdmin: isAdmin ?? this.member(orgId, userId)?.isAdmin ?? false }
    entry(this.#members, orgId, () => new Map()).set(userId, membership)
    entry(this.#orgsOfUser, userId, () => new Set()).add(orgId)
    this.#revision.bump()
    return membership
  }

  /** Also takes the user out of the organization's teams (reference §2.3). */
  removeMember(orgId: string, userId: string): void {
    for (const team of this.teams(orgId)) this.removeTeamMember(team.id, userId)
    this.#members.get(orgId)?.delete(userId)
    this.#orgsOfUser.get(userId)?.delete(orgId)
    this.#revision.bump()
  }

  teams(orgId: string): Team[] {
    return [...(this.#teamsOfOrg.get(orgId)?.values() ?? [])].flatMap((id) => this.#teams.get(id) ?? [])
  }

  allTeams(): Team[] {
    return [...this.#teams.values()]
  }

  teamById(id: string): Team | undefined {
    return this.#teams.get(id)
  }

  findTeam(orgId: string, nameOrId: string): Team | undefined {
    const byId = this.#teams.get(nameOrId)
    if (byId?.orgId === orgId) return byId
    return this.#teams.get(this.#teamsOfOrg.get(orgId)?.get(nameOrId) ?? '')
  }

  /** @throws {Refusal} 404 NO_SUCH_TEAM. */
  team(orgId: string, nameOrId: string): Team {
    const team = this.findTeam(orgId, nameOrId)
    if (team === undefined)
      throw notFound('NO_SUCH_TEAM', `No team ${JSON.stringify(nameOrId)} exists in the organization.`)
    return team
  }

  /** @throws {Refusal} 400 for the name, TEAM_EXISTS where it is taken. */
  createTeam(orgId: string, name: string, description: string): Team {
    this.#claimTeamName(orgId, name)
    const team: Team = { id: randomUUID(), orgId, name, description }
    this.#putTeam(team)
    return team
  }

  /** @throws {Refusal} as creating one does. */
  updateTeam(team: Team, changes: { readonly name?: string; readonly description?: string }): Team {
    if (changes.name !== undefined && changes.name !== team.name)
      this.#claimTeamName(team.orgId, changes.name)
    const updated: Team = { ...team, ...changes }
    this.#teamsOfOrg.get(team.orgId)?.delete(team.name)
    this.#putTeam(updated)
    return updated
  }

  removeTeam(team: Team): void {
    for (const { userId } of this.teamMembers(team.id)) this.removeTeamMember(team.id, userId)
    this.#teams.delete(team.id)
    this.#teamsOfOrg.get(team.orgId)?.delete(team.name)
    this.#teamMembers.delete(team.id)
    this.#revision.bump()
  }

  teamMembers(teamId: string): Membership[] {
    return listed(this.#teamMembers.get(teamId))
  }

  teamMember(teamId: string, userId: string): Membership | undefined {
    return this.#teamMembers.get(teamId)?.get(userId)
  }

  teamIdsOf(userId: string): readonly string[] {
    return [...(this.#teamsOfUser.get(userId) ?? [])]
  }

  /** Adds the user to the organization too (reference §2.4). */
  putTeamMember(team: Team, userId: string, isAdmin?: boolean): Membership {
    if (this.member(team.orgId, userId) === undefined) this.putMember(team.orgId, userId)
    const membership = { userId, isAdmin: isAdmin ?? this.teamMember(team.id, userId)?.isAdmin ?? false }
    entry(this.#teamMembers, team.id, () => new Map()).set(userId, membership)
    entry(this.#teamsOfUser, userId, () => new Set()).add(team.id)
    this.#revision.bump()
    return membership
  }

  removeTeamMember(teamId: string, userId: string): void {
    this.#teamMembers.get(teamId)?.delete(userId)
    this.#teamsOfUser.get(userId)?.delete(teamId)
    this.#revision.bump()
  }

  removeOrganization(orgId: string): void {
    for (const team of this.teams(orgId)) this.removeTeam(team)
    for (const { userId } of this.members(orgId)) this.removeMember(orgId, userId)
    this.#members.delete(orgId)
    this.#teamsOfOrg.delete(orgId)
  }

  removeUser(userId: string): void {
    for (const orgId of this.organizationIdsOf(userId)) this.removeMember(orgId, userId)
    this.#orgsOfUser.delete(userId)
    this.#teamsOfUser.delete(userId)
  }

  #claimTeamName(orgId: string, name: string): void {
    checkTeamName(name)
    if (this.#teamsOfOrg.get(orgId)?.has(name))
      throw new Refusal(this.#duplicateStatus, 'TEAM_EXISTS', `A team ${name} exists already.`)
  }

  #putTeam(team: Team): void {
    this.#teams.set(team.id, team)
    entry(this.#teamsOfOrg, team.orgId, () => new Map<string, string>()).set(team.name, team.id)
    this.#revision.bump()
  }
}

/** The value of a key, made where there is none. */
const entry = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}
