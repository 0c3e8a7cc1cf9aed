import { randomUUID } from 'node:crypto'
import { invalid, notFound, Refusal } from './refusal.ts'
import type { Revision } from './revision.ts'

/** A user or an organization (reference §2.1). */
export interface Account {
  readonly id: string
  readonly name: string
  readonly fullName: string
  readonly isOrg: boolean
  readonly isAdmin: boolean
  readonly isActive: boolean
  readonly isImported: boolean
}

export interface NewAccount {
  readonly name: string
  readonly fullName?: string
  readonly isOrg?: boolean
  readonly isAdmin?: boolean
  readonly isActive?: boolean
  readonly isImported?: boolean
}

/** Reference §2.2: at most 100 characters, no blank or control character, none of the listed signs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
const forbiddenInNames = /[\s\u0000-\u001f\u007f/\\[\]:;|=,+*?<>'"]/
const longestName = 100

const checkName = (name: string): void => {
  if (name === '' || name.length > longestName || forbiddenInNames.test(name))
    throw invalid(`The account name ${JSON.stringify(name)} is not allowed.`, 'INVALID_ACCOUNT_NAME')
}

export const noSuchAccount = (nameOrId: string): Refusal =>
  notFound('NO_SUCH_ACCOUNT', `No account ${JSON.stringify(nameOrId)} exists.`)

/** Users and organizations share one name space. */
export class Accounts {
  readonly #byId = new Map<string, Account>()
  readonly #idByName = new Map<string, string>()
  readonly #revision: Revision
  readonly #duplicateStatus: number

  constructor(revision: Revision, duplicateStatus: number) {
    this.#revision = revision
    this.#duplicateStatus = duplicateStatus
  }

  all(): Account[] {
    return [...this.#byId.values()]
  }

  find(nameOrId: string): Account | undefined {
    return this.#byId.get(nameOrId) ?? this.#byId.get(this.#idByName.get(nameOrId) ?? '')
  }

  /** @throws {Refusal} 404 NO_SUCH_ACCOUNT. */
  get(nameOrId: string): Account {
    const account = this.find(nameOrId)
    if (account === undefined) throw noSuchAccount(nameOrId)
    return account
  }

  /** @throws {Refusal} 404 where there is none or it is an organization. */
  user(nameOrId: string): Account {
    const account = this.get(nameOrId)
    if (account.isOrg) throw notFound('NO_SUCH_USER', `${account.name} is not a user.`)
    return account
  }

  /** @throws {Refusal} 404 where there is none or it is a user. */
  organization(nameOrId: string): Account {
    const account = this.get(nameOrId)
    if (!account.isOrg) throw notFound('NO_SUCH_ORGANIZATION', `${account.name} is not an organization.`)
    return account
  }

  /** @throws {Refusal} 400 for the name, ACCOUNT_EXISTS where it is taken. */
  create(given: NewAccount): Account {
    checkName(given.name)
    if (this.#idByName.has(given.name))
      throw new Refusal(this.#duplicateStatus, 'ACCOUNT_EXISTS', `An account ${given.name} exists already.`)
    const account: Account = {
      id: randomUUID(),
      name: given.name,
      fullName: given.fullName ?? '',
      isOrg: given.isOrg ?? false,
      isAdmin: given.isAdmin ?? false,
      isActive: given.isActive ?? true,
      isImported: given.isImported ?? false,
    }
    this.#put(account)
    return account
  }

  /** @throws {Refusal} 404. */
  update(id: string, changes: Partial<Pick<Account, 'fullName' | 'isActive' | 'isAdmin'>>): Account {
    const account = { ...this.get(id), ...changes }
    this.#put(account)
    return account
  }

  remove(id: string): void {
    const account = this.get(id)
    this.#byId.delete(account.id)
    this.#idByName.delete(account.name)
    this.#revision.bump()
  }

  #put(account: Account): void {
    this.#byId.set(account.id, account)
    this.#idByName.set(account.name, account.id)
    this.#revision.bump()
  }
}
