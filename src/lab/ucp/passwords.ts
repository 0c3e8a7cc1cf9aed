import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'

/** Cheap on purpose: hashes live as long as the emulator's memory, and every basic-auth call checks one. */
const cost = { N: 256, r: 8, p: 1 }
const keyBytes = 32

interface Hashed {
  readonly salt: Buffer
  readonly key: Buffer
}

/** Fewer are refused (reference §2.2). */
export const shortestPassword = 8

/** Salted hashes of the accounts' passwords, by account id. */
export class Passwords {
  readonly #hashes = new Map<string, Hashed>()

  set(accountId: string, password: string): void {
    const salt = randomBytes(16)
    this.#hashes.set(accountId, { salt, key: scryptSync(password, salt, keyBytes, cost) })
  }

  remove(accountId: string): void {
    this.#hashes.delete(accountId)
  }

  matches(accountId: string, password: string): boolean {
    const hashed = this.#hashes.get(accountId)
    if (hashed === undefined) return false
    return timingSafeEqual(hashed.key, scryptSync(password, hashed.salt, keyBytes, cost))
  }
}
