import type { Secret } from '../../core/secret.ts'
import type { Caller, ResourceCensus } from './access.ts'
import { type Account, Accounts } from './accounts.ts'
import { type Collection, Collections, privateParentId, rootId } from './collections.ts'
import { Configuration } from './configuration.ts'
import type { LdapDirectory } from './directory.ts'
import { Grants } from './grants.ts'
import { MemberSync } from './member-sync.ts'
import { Organizations, type Team } from './organizations.ts'
import { Passwords } from './passwords.ts'
import { PublicKeys } from './public-keys.ts'
import { Rbac } from './rbac.ts'
import { notFound, Refusal } from './refusal.ts'
import { Revision } from './revision.ts'
import { Roles } from './roles.ts'
import { Sessions } from './sessions.ts'
import type { EmulatorSwitches } from './switches.ts'

/** The organization of everybody (reference §2.6). */
const everyoneName = 'docker-datacenter'

export interface StateOptions {
  readonly directory: LdapDirectory
  /** Passwords of directory users; one who has none cannot log in. */
  readonly directoryPasswords: ReadonlyMap<string, Secret>
  readonly switches: EmulatorSwitches
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Everything one emulated UCP knows, in memory, and the rules that span several of its stores. */
export class UcpState {
  readonly switches: EmulatorSwitches
  readonly now: () => number
  readonly directory: LdapDirectory
  readonly accounts: Accounts
  readonly organizations: Organizations
  readonly passwords = new Passwords()
  readonly publicKeys = new PublicKeys()
  readonly memberSync: MemberSync
  readonly collections: Collections
  readonly roles: Roles
  readonly grants: Grants
  readonly configuration: Configuration
  readonly sessions: Sessions
  readonly rbac: Rbac
  readonly everyone: Account
  /** Set when the engine's proxy is there; without an engine nothing lies anywhere. */
  census: ResourceCensus = async () => ({ nodes: 0, resources: 0 })
  /** Whether an image carries signatures of all signers; the registry knows. */
  isSigned: (image: string, signers: readonly string[]) => boolean = () => false
  readonly #directoryPasswords: ReadonlyMap<string, Secret>
  readonly #defaultCollections = new Map<string, string>()
  readonly #privateCollections = new Map<string, string>()

  constructor(options: StateOptions) {
    const { switches, now } = options
    const revision = new Revision()
    this.switches = switches
    this.now = now
    this.directory = options.directory
    this.#directoryPasswords = options.directoryPasswords
    this.accounts = new Accounts(revision, switches.duplicateStatus)
    this.organizations = new Organizations(revision, switches.duplicateStatus)
    this.memberSync = new MemberSync(this)
    this.collections = new Collections({ revision, now, duplicateStatus: switches.duplicateStatus })
    this.roles = new Roles(revision, switches)
    this.grants = new Grants(revision)
    this.configuration = new Configuration(switches.unknownSettings)
    this.sessions = new Sessions({ now, settings: () => this.configuration.settings.auth.sessions })
    this.rbac = this.#rbac(revision)
    this.everyone = this.accounts.create({ name: everyoneName, fullName: 'Everyone', isOrg: true })
    this.#grantSchedulerToEveryone()
  }

  /** A user of the emulator's own; `password` where they may log in. */
  addUser(given: {
    name: string
    fullName?: string
    isAdmin?: boolean
    isActive?: boolean
    password?: string
  }): Account {
    const account = this.accounts.create(given)
    if (given.password !== undefined) this.passwords.set(account.id, given.password)
    return account
  }

  callerOf(account: Account): Caller {
    return { id: account.id, name: account.name, isAdmin: account.isAdmin }
  }

  /** Everyone's organization holds every user without listing them. */
  subjectsOf(userId: string): readonly string[] {
    const { organizations } = this
    return [
      userId,
      ...organizations.teamIdsOf(userId),
      ...organizations.organizationIdsOf(userId),
      this.everyone.id,
    ]
  }

  /**
   * The user of these credentials; undefined where they are wrong or the account is inactive. A directory user without
   * an account gets one, and their teams.
   */
  verified(name: string, password: string): Account | undefined {
    const account = this.accounts.find(name)
    if (account === undefined) return this.#firstLogin(name, password)
    if (account.isOrg || !account.isActive) return undefined
    const matches = account.isImported
      ? this.#matchesDirectory(account.name, password)
      : this.passwords.matches(account.id, password)
    return matches ? account : undefined
  }

  /** A login: the first one makes the user's private collection with their grant on it. */
  openSession(account: Account): string {
    this.ensurePrivateCollection(account)
    return this.sessions.open(account.id)
  }

  /** Adopts a collection that is there already. */
  ensurePrivateCollection(account: Account): Collection {
    const kept = this.collections.find(this.#privateCollections.get(account.id) ?? '')
    if (kept !== undefined) return kept
    const collection =
      this.collections.byPath(`/Shared/Private/${account.name}`) ??
      this.collections.create({ name: account.name, parentId: privateParentId })
    this.#privateCollections.set(account.id, collection.id)
    this.grants.put({ subjectID: account.id, objectID: collection.id, roleID: this.#newUserRole() })
    return collection
  }

  /** The chosen one, else the private one; undefined for a user who has neither. */
  findDefaultCollection(userId: string): Collection | undefined {
    return (
      this.collections.find(this.#defaultCollections.get(userId) ?? '') ??
      this.collections.find(this.#privateCollections.get(userId) ?? '')
    )
  }

  chooseDefaultCollection(userId: string, collectionId: string): void {
    this.#defaultCollections.set(userId, collectionId)
  }

  resetDefaultCollection(userId: string): void {
    this.#defaultCollections.delete(userId)
  }

  removeAccount(account: Account): void {
    if (account.id === this.everyone.id)
      throw new Refusal(this.switches.builtInStatus, 'NOT_AUTHORIZED', `${account.name} is built in.`)
    if (account.isOrg) this.#removeOrganization(account)
    else this.#removeUser(account)
    this.grants.removeSubject(account.id)
    this.accounts.remove(account.id)
  }

  removeTeam(team: Team): void {
    this.grants.removeSubject(team.id)
    this.memberSync.forgetTeam(team.id)
    this.organizations.removeTeam(team)
  }

  /** @throws {Refusal} where it is built in or something lies in it. */
  async removeCollection(id: string): Promise<void> {
    const collection = this.collections.get(id)
    if (collection.builtIn)
      throw new Refusal(this.switches.builtInStatus, 'SYSTEM_COLLECTION', `${collection.path} is built in.`)
    const blocker = await this.#blocker(collection)
    if (blocker !== undefined)
      throw new Refusal(
        this.switches.nonEmptyCollectionStatus,
        'COLLECTION_NOT_EMPTY',
        `${collection.path} still holds ${blocker}.`,
      )
    this.grants.removeObject(id)
    this.collections.remove(id)
  }

  /** @throws {Refusal} where it is built in or a grant uses it. */
  removeRole(id: string): void {
    const role = this.roles.get(id)
    const uses = this.grants.all().filter((grant) => grant.roleID === id).length
    if (uses > 0 && !role.system_role)
      throw new Refusal(
        this.switches.roleInUseStatus,
        'ROLE_IN_USE',
        `${uses} grants use the role ${role.name}.`,
      )
    this.roles.remove(id)
  }

  /** Takes a new configuration file; private collections follow a new default role (reference §5.3). */
  configure(toml: string): void {
    const before = this.#newUserRole()
    this.configuration.replace(toml, {
      roleExists: (id) => this.roles.find(id) !== undefined,
      teamExists: (name) => this.#teamExists(name),
    })
    const after = this.#newUserRole()
    if (before === after) return
    for (const [subjectID, objectID] of this.#privateCollections) {
      this.grants.remove({ subjectID, objectID, roleID: before })
      this.grants.put({ subjectID, objectID, roleID: after })
    }
  }

  #matchesDirectory(name: string, password: string): boolean {
    return this.#directoryPasswords.get(name)?.reveal() === password
  }

  #firstLogin(name: string, password: string): Account | undefined {
    if (!this.#matchesDirectory(name, password)) return undefined
    const account = this.memberSync.importUser(name)
    this.memberSync.run()
    return account
  }

  #newUserRole(): string {
    return this.configuration.settings.auth.default_new_user_role
  }

  #teamExists(name: string): boolean {
    const [organization = '', team = ''] = name.split('/')
    const account = this.accounts.find(organization)
    return account !== undefined && this.organizations.findTeam(account.id, team) !== undefined
  }

  #removeOrganization(account: Account): void {
    for (const team of this.organizations.teams(account.id)) this.removeTeam(team)
    this.memberSync.forgetOrganization(account.id)
    this.organizations.removeOrganization(account.id)
  }

  #removeUser(account: Account): void {
    this.organizations.removeUser(account.id)
    this.sessions.closeUser(account.id)
    this.publicKeys.removeAccount(account.id)
    this.passwords.remove(account.id)
    this.#defaultCollections.delete(account.id)
    this.#privateCollections.delete(account.id)
  }

  async #blocker(collection: Collection): Promise<string | undefined> {
    if (this.collections.children(collection.id).length > 0) return 'collections'
    const { nodes, resources } = await this.census(collection.id)
    if (nodes > 0) return `${nodes} nodes`
    if (resources > 0 && this.switches.resourcesBlockCollectionDelete) return `${resources} resources`
    const granted = this.grants.all().some((grant) => grant.objectID === collection.id)
    return granted && !this.switches.grantsCascade ? 'grants' : undefined
  }

  #grantSchedulerToEveryone(): void {
    const path = this.switches.defaultSchedulerGrant
    const collection = path === 'none' ? undefined : this.collections.byPath(path)
    if (collection !== undefined)
      this.grants.put({ subjectID: this.everyone.id, objectID: collection.id, roleID: 'scheduler' })
  }

  #rbac(revision: Revision): Rbac {
    return new Rbac({
      revision,
      collections: this.collections,
      grants: this.grants,
      operationsOf: (id) => this.roles.find(id)?.operations,
      subjectsOf: (id) => this.subjectsOf(id),
      defaultCollectionOf: (id) => this.#defaultCollectionOf(id),
      contentTrust: () => {
        const trust = this.configuration.settings.trust_configuration
        return { required: trust.require_content_trust, signers: trust.require_signature_from }
      },
      nodePolicy: () => {
        const scheduling = this.configuration.settings.scheduling_configuration
        return {
          adminsScheduleOnManagers: scheduling.enable_admin_ucp_scheduling,
          advancedLicense: this.switches.advancedLicense,
          defaultNodeOrchestrator: scheduling.default_node_orchestrator,
        }
      },
    })
  }

  /** A caller by certificate or basic credentials may never have logged in: then this is the first time. */
  #defaultCollectionOf(userId: string): Collection {
    const found = this.findDefaultCollection(userId)
    if (found !== undefined) return found
    const account = this.accounts.find(userId)
    return account === undefined ? this.collections.get(rootId) : this.ensurePrivateCollection(account)
  }

  /** @throws {Refusal} 404 where a user has never logged in and chosen none. */
  defaultCollection(userId: string): Collection {
    const found = this.findDefaultCollection(userId)
    if (found === undefined) throw notFound('NO_SUCH_COLLECTION', 'The user has no default collection yet.')
    return found
  }
}
