import type { Caller } from '../ucp/access.ts'
import type { Account } from '../ucp/accounts.ts'
import { notAuthorized } from '../ucp/refusal.ts'
import type { UcpState } from '../ucp/state.ts'
import { type AccessLevel, highest, reaches } from './levels.ts'
import { fullNameOf, noSuchRepository, type Repositories, type Repository } from './repositories.ts'

/** Who may do what in the registry: accounts of UCP, levels of the registry (reference §8.3). */
export class Permissions {
  readonly #ucp: UcpState
  readonly #repositories: Repositories

  constructor(ucp: UcpState, repositories: Repositories) {
    this.#ucp = ucp
    this.#repositories = repositories
  }

  /** Undefined where the caller has no access at all. */
  effectiveLevel(caller: Caller, repository: Repository): AccessLevel | undefined {
    if (this.#owns(caller, repository.namespace)) return 'admin'
    const byTeam = this.#repositories.teamLevels(repository)
    return highest([
      repository.visibility === 'public' ? 'read-only' : undefined,
      this.#namespaceLevel(caller, repository.namespace),
      ...this.#ucp.organizations.teamIdsOf(caller.id).map((id) => byTeam.get(id)),
    ])
  }

  mayRead(caller: Caller, repository: Repository): boolean {
    return this.effectiveLevel(caller, repository) !== undefined
  }

  /** @throws {Refusal} 404 for a repository that the caller cannot see, 403 for too low a level. */
  require(caller: Caller, fullName: string, wanted: AccessLevel): Repository {
    const repository = this.#repositories.get(fullName)
    const level = this.effectiveLevel(caller, repository)
    if (level === undefined) throw noSuchRepository()
    if (!reaches(level, wanted))
      throw notAuthorized(`${wanted} access to ${fullNameOf(repository)} is needed.`)
    return repository
  }

  /** @throws {Refusal} 403 unless the caller may create repositories in the namespace. */
  requireNamespaceAdmin(caller: Caller, namespace: Account): void {
    const isAdmin =
      this.#owns(caller, namespace.name) || this.#namespaceLevel(caller, namespace.name) === 'admin'
    if (!isAdmin) throw notAuthorized(`admin access to the namespace ${namespace.name} is needed.`)
  }

  /** Admins everything, users their own namespace, organization admins their organization's. */
  #owns(caller: Caller, namespace: string): boolean {
    if (caller.isAdmin || caller.name === namespace) return true
    const account = this.#ucp.accounts.find(namespace)
    return account !== undefined && this.#ucp.organizations.member(account.id, caller.id)?.isAdmin === true
  }

  #namespaceLevel(caller: Caller, namespace: string): AccessLevel | undefined {
    const levels = this.#repositories.namespaceLevels(namespace)
    return highest(this.#ucp.organizations.teamIdsOf(caller.id).map((id) => levels.get(id)))
  }
}
