import * as z from 'zod'
import type { Account, Accounts } from './accounts.ts'
import { groupMembers, type LdapDirectory, searchUsers } from './directory.ts'
import type { Organizations, Team } from './organizations.ts'
import { invalid } from './refusal.ts'
import type { EmulatorSwitches } from './switches.ts'

/** Whole object in and out, all seven fields mandatory (reference §2.5). */
export const SyncConfig = z.object({
  enableSync: z.boolean(),
  selectGroupMembers: z.boolean(),
  groupDN: z.string(),
  groupMemberAttr: z.string(),
  searchBaseDN: z.string(),
  searchScopeSubtree: z.boolean(),
  searchFilter: z.string(),
})
export type SyncConfig = z.infer<typeof SyncConfig>

const disabled: SyncConfig = {
  enableSync: false,
  selectGroupMembers: false,
  groupDN: '',
  groupMemberAttr: '',
  searchBaseDN: '',
  searchScopeSubtree: false,
  searchFilter: '',
}

interface SyncStores {
  readonly directory: LdapDirectory
  readonly accounts: Accounts
  readonly organizations: Organizations
  readonly switches: Pick<EmulatorSwitches, 'ldapImport'>
}

/** Keeps teams' members and organizations' admins as the directory says. */
export class MemberSync {
  readonly #stores: SyncStores
  readonly #teams = new Map<string, SyncConfig>()
  readonly #admins = new Map<string, SyncConfig>()

  constructor(stores: SyncStores) {
    this.#stores = stores
  }

  ofTeam(teamId: string): SyncConfig {
    return this.#teams.get(teamId) ?? disabled
  }

  ofAdmins(orgId: string): SyncConfig {
    return this.#admins.get(orgId) ?? disabled
  }

  /** Takes effect at once. @throws {Refusal} 400 for an enabled one that selects nothing or cannot be understood. */
  configureTeam(team: Team, config: SyncConfig): void {
    check(this.#stores.directory, config)
    this.#teams.set(team.id, config)
    this.#syncTeam(team)
  }

  /** Takes effect at once. @throws {Refusal} as for a team. */
  configureAdmins(orgId: string, config: SyncConfig): void {
    check(this.#stores.directory, config)
    this.#admins.set(orgId, config)
    this.#syncAdmins(orgId)
  }

  /** Takes over what changed since the last run; imports everybody who has no account, unless logins do that. */
  run(): void {
    for (const user of this.#stores.directory.users) this.#synced(user.name)
    for (const orgId of this.#admins.keys()) this.#syncAdmins(orgId)
    for (const team of this.#stores.organizations.allTeams()) this.#syncTeam(team)
  }

  /** The account of a directory user, made where it is missing; undefined where the directory has none of that name. */
  importUser(name: string): Account | undefined {
    const user = this.#stores.directory.users.find((one) => one.name === name)
    if (user === undefined) return undefined
    const existing = this.#stores.accounts.find(name)
    return existing ?? this.#stores.accounts.create({ name, fullName: user.fullName, isImported: true })
  }

  forgetTeam(teamId: string): void {
    this.#teams.delete(teamId)
  }

  forgetOrganization(orgId: string): void {
    this.#admins.delete(orgId)
  }

  /** Imported users come and go as the directory says; those made by hand stay. */
  #syncTeam(team: Team): void {
    const config = this.ofTeam(team.id)
    if (!config.enableSync) return
    const { organizations } = this.#stores
    const wanted = this.#selected(config)
    for (const { userId } of organizations.teamMembers(team.id))
      if (this.#isImported(userId) && !wanted.has(userId)) organizations.removeTeamMember(team.id, userId)
    for (const userId of wanted)
      if (organizations.teamMember(team.id, userId) === undefined) organizations.putTeamMember(team, userId)
  }

  #syncAdmins(orgId: string): void {
    const config = this.ofAdmins(orgId)
    if (!config.enableSync) return
    const { organizations } = this.#stores
    const wanted = this.#selected(config)
    for (const { userId, isAdmin } of organizations.members(orgId))
      if (isAdmin && this.#isImported(userId) && !wanted.has(userId))
        organizations.putMember(orgId, userId, false)
    for (const userId of wanted) organizations.putMember(orgId, userId, true)
  }

  #selected(config: SyncConfig): ReadonlySet<string> {
    const accounts = selectedNames(this.#stores.directory, config)?.map((name) => this.#synced(name)) ?? []
    return new Set(accounts.flatMap((account) => (account?.isImported === true ? [account.id] : [])))
  }

  #synced(name: string): Account | undefined {
    return this.#stores.switches.ldapImport === 'start'
      ? this.importUser(name)
      : this.#stores.accounts.find(name)
  }

  #isImported(userId: string): boolean {
    return this.#stores.accounts.find(userId)?.isImported ?? false
  }
}

const selectedNames = (directory: LdapDirectory, config: SyncConfig): readonly string[] | undefined =>
  config.selectGroupMembers
    ? groupMembers(directory, config.groupDN)
    : searchUsers(directory, config.searchFilter)

const check = (directory: LdapDirectory, config: SyncConfig): void => {
  if (!config.enableSync) return
  if (config.selectGroupMembers && (config.groupDN === '' || config.groupMemberAttr === ''))
    throw invalid('groupDN and groupMemberAttr are required to select group members.', 'INVALID_SYNC_CONFIG')
  if (selectedNames(directory, config) === undefined)
    throw invalid(`The search filter ${config.searchFilter} is not understood.`, 'INVALID_SYNC_CONFIG')
}
