import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../core/secret.ts'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Who may log in, and who is. */
export class Sessions {
  readonly #user: string
  readonly #password: Secret
  readonly #open = new Set<string>()

  constructor(user: string, password: Secret) {
    this.#user = user
    this.#password = password
  }

  /** A new session's key; undefined for wrong credentials. */
  login(user: string, password: string): string | undefined {
    const isRight = timingSafeEqual(digest(password), digest(this.#password.reveal()))
    if (user !== this.#user || !isRight) return undefined
    const key = randomUUID()
    this.#open.add(key)
    return key
  }

  isOpen(key: string | undefined): boolean {
    return key !== undefined && this.#open.has(key)
  }

  logout(key: string): void {
    this.#open.delete(key)
  }

  /** Ends all sessions, as a restart would. */
  expire(): void {
    this.#open.clear()
  }
}
