import { randomBytes, randomUUID } from 'node:crypto'
import type { TokenEntry } from './request.ts'

/** Longest life of a token where nothing else is said: 768 h, Vault's default of `max_lease_ttl`. */
export const defaultTtlSeconds = 768 * 3600

export interface NewTokenEntry {
  readonly policies: readonly string[]
  readonly displayName: string
  readonly path: string
  readonly parent?: string
  readonly metadata?: Readonly<Record<string, string>>
  /** 0 or absent for the default; a root token without one does not expire. */
  readonly ttlSeconds?: number
  readonly maxTtlSeconds?: number
  readonly periodSeconds?: number
  /** 0 or absent for any number. */
  readonly uses?: number
  /** Given for the first root token. */
  readonly id?: string
}

const withDefault = (policies: readonly string[]): string[] =>
  policies.includes('root') ? ['root'] : [...new Set(['default', ...policies])].sort()

const lifeSeconds = (token: NewTokenEntry): number => {
  const asked = token.periodSeconds || token.ttlSeconds || 0
  if (asked === 0 && token.policies.includes('root')) return 0
  const most = token.periodSeconds ? token.periodSeconds : token.maxTtlSeconds || defaultTtlSeconds
  return Math.min(asked || defaultTtlSeconds, most)
}

/** Tokens by id: they expire by the clock, are used up, and die with their parents. */
export class Tokens {
  readonly #byId = new Map<string, TokenEntry>()
  readonly #now: () => number

  /** `now` in seconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  create(token: NewTokenEntry): TokenEntry {
    const life = lifeSeconds(token)
    const created = this.#now()
    const entry: TokenEntry = {
      id: token.id ?? `hvs.${randomBytes(24).toString('base64url')}`,
      accessor: randomBytes(18).toString('base64url'),
      displayName: token.displayName,
      policies: withDefault(token.policies),
      metadata: token.metadata ?? {},
      path: token.path,
      parent: token.parent,
      createdSeconds: created,
      periodSeconds: token.periodSeconds ?? 0,
      ttlSeconds: life,
      expiresSeconds: life === 0 ? undefined : created + life,
      remainingUses: token.uses === undefined || token.uses === 0 ? undefined : token.uses,
    }
    this.#byId.set(entry.id, entry)
    return entry
  }

  /** The token, if it lives; one use of it is counted. */
  use(id: string): TokenEntry | undefined {
    const entry = this.find(id)
    if (entry?.remainingUses === undefined) return entry
    if (entry.remainingUses <= 1) this.#byId.delete(id)
    else this.#byId.set(id, { ...entry, remainingUses: entry.remainingUses - 1 })
    return entry
  }

  find(id: string): TokenEntry | undefined {
    const entry = this.#byId.get(id)
    if (entry?.expiresSeconds === undefined || entry.expiresSeconds > this.#now()) return entry
    this.revoke(entry)
    return undefined
  }

  findByAccessor(accessor: string): TokenEntry | undefined {
    return [...this.#byId.values()].find((entry) => entry.accessor === accessor)
  }

  renew(entry: TokenEntry): TokenEntry {
    if (entry.expiresSeconds === undefined) return entry
    const renewed = { ...entry, expiresSeconds: this.#now() + entry.ttlSeconds }
    this.#byId.set(entry.id, renewed)
    return renewed
  }

  /** With everything it made. */
  revoke(entry: TokenEntry): void {
    this.#byId.delete(entry.id)
    for (const child of [...this.#byId.values()].filter((one) => one.parent === entry.accessor))
      this.revoke(child)
  }

  /** Those that a login below an auth mount gave, e.g. `auth/approle/`. */
  revokeBelow(prefix: string): void {
    for (const entry of [...this.#byId.values()].filter((one) => one.path.startsWith(prefix)))
      this.revoke(entry)
  }

  remainingSeconds(entry: TokenEntry): number {
    return entry.expiresSeconds === undefined ? 0 : Math.max(0, entry.expiresSeconds - this.#now())
  }
}

/** The `auth` part of an answer that hands out a token. */
export const authOf = (entry: TokenEntry, tokenPolicies = entry.policies): Record<string, unknown> => ({
  client_token: entry.id,
  accessor: entry.accessor,
  policies: entry.policies,
  token_policies: tokenPolicies,
  metadata: Object.keys(entry.metadata).length === 0 ? null : entry.metadata,
  lease_duration: entry.ttlSeconds,
  renewable: entry.expiresSeconds !== undefined,
  entity_id: randomUUID(),
  token_type: 'service',
  orphan: entry.parent === undefined,
  mfa_requirement: null,
  num_uses: entry.remainingUses ?? 0,
})
