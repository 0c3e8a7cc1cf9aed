import { setTimeout as wait } from 'node:timers/promises'
import { isFault } from '../core/fault.ts'
import { type HeldLease, type LeaseRequest, takeLease } from './stack-lease.ts'

/** How long somebody alive may go on holding what this run wants. */
export interface Patience {
  readonly milliseconds: number
  /** Called once when the waiting begins, with who holds it. */
  readonly onWait?: (sentence: string) => void
}

export interface AwaitedLease extends LeaseRequest {
  /** None where absent. */
  readonly patience?: Patience
  /** Ends the waiting. */
  readonly signal?: AbortSignal
}

const againMilliseconds = 250

/**
 * `takeLease`, tried again while somebody alive holds the stack, until the patience is at its end.
 *
 * @throws {Fault} `conflict` with the last holder's name.
 */
export const awaitLease = async (request: AwaitedLease): Promise<HeldLease> => {
  const { patience, signal } = request
  const until = performance.now() + (patience?.milliseconds ?? 0)
  let told = false
  for (;;)
    try {
      return await takeLease(request)
    } catch (error) {
      if (!isFault(error, 'conflict') || performance.now() >= until || signal?.aborted === true) throw error
      if (!told) patience?.onWait?.(error.message)
      told = true
      await wait(againMilliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
    }
}
