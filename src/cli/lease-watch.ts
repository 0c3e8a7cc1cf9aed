import { holderText, readLease } from '../engine/lease-file.ts'
import { isSamePlace, ownPlace } from '../engine/place.ts'
import { isAlive } from '../engine/process-identity.ts'
import { leasePath } from '../engine/stack-lease.ts'

interface Seen {
  readonly text: string
  readonly since: number
}

/** Who works on stacks, as their leases say; looked at again and again, so that one whose beats stand still counts as dead. */
export class LeaseWatch {
  readonly #folder: string
  readonly #now: () => number
  readonly #seen = new Map<string, Seen>()

  constructor(folder: string, now: () => number) {
    this.#folder = folder
    this.#now = now
  }

  /** `up of ada@host (pid 7, since …)`; undefined where nobody alive works on the stack. */
  async holderOf(stack: string): Promise<string | undefined> {
    const found = await readLease(leasePath(this.#folder, stack)).catch(() => undefined)
    if (found === undefined) {
      this.#seen.delete(stack)
      return undefined
    }
    const seen = this.#seen.get(stack)
    const now = { text: found.text, since: seen?.text === found.text ? seen.since : this.#now() }
    this.#seen.set(stack, now)
    const { lease } = found
    if (lease === undefined) return `whoever wrote ${leasePath(this.#folder, stack)}`
    if (this.#now() - now.since > lease.limitMilliseconds * 2) return undefined
    const isDead = isSamePlace(lease.place, await ownPlace()) && !(await isAlive(lease.holder))
    return isDead ? undefined : holderText(lease)
  }
}
