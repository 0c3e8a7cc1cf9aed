import { randomUUID } from 'node:crypto'
import { sha256 } from '../../core/canonical.ts'
import { notFound } from '../ucp/refusal.ts'
import { zeroTime } from './scanning.ts'

/** An access token, without the token (reference §8.1). */
export interface ApiToken {
  readonly hashedToken: string
  readonly accountId: string
  readonly tokenLabel: string
  readonly isActive: boolean
  readonly lastUsed: string
  readonly createdAt: string
  /** Name of who made it. */
  readonly generatedBy: string
  readonly creatorUa: string
}

/** Access tokens by their hashes; a token itself is shown once and never kept. */
export class ApiTokens {
  readonly #byHash = new Map<string, ApiToken>()

  create(given: Omit<ApiToken, 'hashedToken' | 'isActive' | 'lastUsed'>): {
    token: string
    record: ApiToken
  } {
    const token = randomUUID()
    const record = { ...given, hashedToken: sha256(token), isActive: true, lastUsed: zeroTime }
    this.#byHash.set(record.hashedToken, record)
    return { token, record }
  }

  ofAccount(accountId: string): ApiToken[] {
    return [...this.#byHash.values()].filter((one) => one.accountId === accountId)
  }

  /** @throws {Refusal} 404 NO_SUCH_API_TOKEN. */
  get(hashedToken: string): ApiToken {
    const record = this.#byHash.get(hashedToken)
    if (record === undefined)
      throw notFound('NO_SUCH_API_TOKEN', 'An API token with the given hash does not exist.')
    return record
  }

  update(record: ApiToken, changes: Partial<Pick<ApiToken, 'tokenLabel' | 'isActive'>>): ApiToken {
    const updated = { ...record, ...changes }
    this.#byHash.set(record.hashedToken, updated)
    return updated
  }

  remove(record: ApiToken): void {
    this.#byHash.delete(record.hashedToken)
  }

  /** Whether it is an active token of the account; notes its use. */
  matches(accountId: string, token: string, at: string): boolean {
    const record = this.#byHash.get(sha256(token))
    if (record?.accountId !== accountId || !record.isActive) return false
    this.#byHash.set(record.hashedToken, { ...record, lastUsed: at })
    return true
  }
}
