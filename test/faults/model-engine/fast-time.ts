import type { Clock } from '../../../src/clients/clock.ts'

/** What a wait takes here at most, in milliseconds. */
const longestWait = 3
/** How the lab's joiner of nodes looks, in milliseconds: at 3 it would take a core. */
const joinerPoll = 250
const joinerWait = 20
/** undici's own clock ticks so often, in milliseconds, and counts its ticks. */
const undiciTick = 499
/** How long a call that nobody answers hangs here before its deadline, in milliseconds. */
const hangTime = 12

/** A clock that nobody waits for: what waits moves it on. */
export const fastClock = (): Clock => {
  let at = 0
  return {
    now: () => at,
    wait: async (milliseconds, signal) => {
      signal?.throwIfAborted()
      at += milliseconds
      await new Promise((resolve) => setTimeout(resolve, milliseconds))
    },
  }
}

interface Deadline {
  readonly controller: AbortController
  readonly since: number
}

/**
 * Makes every wait of this process short, and lets a deadline pass only where a call hangs: otherwise a busy machine would
 * break calls that nobody disturbed.
 */
export class FastTime {
  readonly #setTimeout = globalThis.setTimeout
  readonly #timeout = AbortSignal.timeout
  #deadlines: Deadline[] = []

  install(): void {
    const real = this.#setTimeout
    const shorter = (milliseconds: number | undefined = 0): number => {
      if (milliseconds === undiciTick) return milliseconds
      return milliseconds === joinerPoll ? joinerWait : Math.min(milliseconds, longestWait)
    }
    const fast = (run: (...given: unknown[]) => void, milliseconds?: number, ...given: unknown[]) =>
      real(run, shorter(milliseconds), ...given)
    globalThis.setTimeout = Object.assign(fast, {
      __promisify__: real.__promisify__,
    }) as unknown as typeof setTimeout
    AbortSignal.timeout = () => {
      const controller = new AbortController()
      this.#deadlines.push({ controller, since: performance.now() })
      return controller.signal
    }
  }

  uninstall(): void {
    globalThis.setTimeout = this.#setTimeout
    AbortSignal.timeout = this.#timeout
  }

  /** A call hangs from now on: the deadlines of the calls that are under way pass soon. */
  hang(): void {
    const from = performance.now()
    this.#setTimeout(() => {
      const due = this.#deadlines.filter(({ since }) => since <= from)
      this.#deadlines = this.#deadlines.filter(({ since }) => since > from)
      for (const { controller } of due)
        controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
    }, hangTime)
  }

  /** Forgets the deadlines of calls that are over. */
  forget(): void {
    this.#deadlines = []
  }
}
