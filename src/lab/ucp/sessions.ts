import { randomUUID } from 'node:crypto'
import type { SessionSettings } from './configuration.ts'

interface Session {
  readonly token: string
  readonly userId: string
  expiresAt: number
  /** Counts uses, so that two within one tick of the clock have an order. */
  lastUse: number
}

const minute = 60_000

/** Bearer tokens: a lifetime, its renewal on use, and a limit per user that evicts the least recently used (reference §1.2). */
export class Sessions {
  readonly #byToken = new Map<string, Session>()
  readonly #now: () => number
  readonly #settings: () => SessionSettings
  #uses = 0

  constructor(options: { now: () => number; settings: () => SessionSettings }) {
    this.#now = options.now
    this.#settings = options.settings
  }

  /** A new token; the user's sessions beyond the limit end. */
  open(userId: string): string {
    const token = randomUUID()
    const expiresAt = this.#now() + this.#settings().lifetime_minutes * minute
    this.#byToken.set(token, { token, userId, expiresAt, lastUse: ++this.#uses })
    this.#evict(userId)
    return token
  }

  /** Whose token it is; undefined when it is unknown, expired or evicted. Counts as a use. */
  userOf(token: string): string | undefined {
    const session = this.#byToken.get(token)
    if (session === undefined) return undefined
    if (session.expiresAt <= this.#now()) {
      this.#byToken.delete(token)
      return undefined
    }
    session.lastUse = ++this.#uses
    this.#renew(session)
    return session.userId
  }

  close(token: string): void {
    this.#byToken.delete(token)
  }

  closeUser(userId: string): void {
    for (const session of this.#of(userId)) this.close(session.token)
  }

  /** Ends every session: the next call with any token gets a 401. */
  closeAll(): void {
    this.#byToken.clear()
  }

  count(userId: string): number {
    return this.#of(userId).length
  }

  #renew(session: Session): void {
    const { lifetime_minutes, renewal_threshold_minutes } = this.#settings()
    if (session.expiresAt - this.#now() < renewal_threshold_minutes * minute)
      session.expiresAt = this.#now() + lifetime_minutes * minute
  }

  #evict(userId: string): void {
    const limit = this.#settings().per_user_limit
    if (limit === 0) return
    const oldestFirst = this.#of(userId).sort((a, b) => a.lastUse - b.lastUse)
    for (const session of oldestFirst.slice(0, Math.max(0, oldestFirst.length - limit)))
      this.close(session.token)
  }

  #of(userId: string): Session[] {
    return [...this.#byToken.values()].filter((session) => session.userId === userId)
  }
}
