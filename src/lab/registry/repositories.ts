import { randomUUID } from 'node:crypto'
import { invalid, notFound, Refusal } from '../ucp/refusal.ts'
import type { AccessLevel } from './levels.ts'

export const visibilities = ['public', 'private'] as const
type Visibility = (typeof visibilities)[number]

/** A repository (reference §8.2). */
export interface Repository {
  readonly id: string
  readonly namespace: string
  readonly namespaceType: 'user' | 'organization'
  readonly name: string
  readonly shortDescription: string
  readonly longDescription: string
  readonly visibility: Visibility
  readonly scanOnPush: boolean
  readonly immutableTags: boolean
  /** 0 is unlimited. */
  readonly tagLimit: number
  readonly pulls: number
  readonly pushes: number
}

export type RepositorySettings = Pick<
  Repository,
  'shortDescription' | 'longDescription' | 'visibility' | 'scanOnPush' | 'immutableTags' | 'tagLimit'
>

/** The form of a repository's name in the registry protocol, at most 56 characters. */
const nameForm = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/
const longestName = 56

export const noSuchRepository = (): Refusal =>
  notFound('NO_SUCH_REPOSITORY', 'A repository with the given name does not exist for the account.')

/** `namespace/name`. */
export const fullNameOf = (repository: Pick<Repository, 'namespace' | 'name'>): string =>
  `${repository.namespace}/${repository.name}`

/** Repositories and what teams may do in them and in whole namespaces. Knows no users. */
export class Repositories {
  readonly #byFullName = new Map<string, Repository>()
  readonly #teamAccess = new Map<string, Map<string, AccessLevel>>()
  readonly #namespaceAccess = new Map<string, Map<string, AccessLevel>>()

  all(): Repository[] {
    return [...this.#byFullName.values()]
  }

  find(fullName: string): Repository | undefined {
    return this.#byFullName.get(fullName)
  }

  /** @throws {Refusal} 404 NO_SUCH_REPOSITORY. */
  get(fullName: string): Repository {
    const repository = this.find(fullName)
    if (repository === undefined) throw noSuchRepository()
    return repository
  }

  /** @throws {Refusal} 400 REPOSITORY_EXISTS, 400 INVALID_PARAMETERS for the name. */
  create(
    owner: Pick<Repository, 'namespace' | 'namespaceType' | 'name'>,
    settings: RepositorySettings,
  ): Repository {
    if (!nameForm.test(owner.name) || owner.name.length > longestName)
      throw invalid(`The repository name ${JSON.stringify(owner.name)} is not allowed.`)
    if (this.find(fullNameOf(owner)) !== undefined)
      throw new Refusal(400, 'REPOSITORY_EXISTS', 'A repository with the same name already exists.')
    return this.put({ id: randomUUID(), ...owner, ...settings, pulls: 0, pushes: 0 })
  }

  put(repository: Repository): Repository {
    this.#byFullName.set(fullNameOf(repository), repository)
    return repository
  }

  remove(repository: Repository): void {
    this.#byFullName.delete(fullNameOf(repository))
    this.#teamAccess.delete(repository.id)
  }

  teamLevels(repository: Repository): ReadonlyMap<string, AccessLevel> {
    return this.#teamAccess.get(repository.id) ?? new Map()
  }

  setTeamLevel(repository: Repository, teamId: string, level: AccessLevel): void {
    const levels = this.#teamAccess.get(repository.id) ?? new Map<string, AccessLevel>()
    this.#teamAccess.set(repository.id, levels.set(teamId, level))
  }

  removeTeamLevel(repository: Repository, teamId: string): void {
    this.#teamAccess.get(repository.id)?.delete(teamId)
  }

  namespaceLevels(namespace: string): ReadonlyMap<string, AccessLevel> {
    return this.#namespaceAccess.get(namespace) ?? new Map()
  }

  setNamespaceLevel(namespace: string, teamId: string, level: AccessLevel): void {
    const levels = this.#namespaceAccess.get(namespace) ?? new Map<string, AccessLevel>()
    this.#namespaceAccess.set(namespace, levels.set(teamId, level))
  }

  removeNamespaceLevel(namespace: string, teamId: string): void {
    this.#namespaceAccess.get(namespace)?.delete(teamId)
  }
}
