import { Fault } from '../core/fault.ts'

/** Time, as tests replace it. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  readonly now: () => number
  /** Resolves after the milliseconds. @throws {Fault} `cancelled` when the signal aborts first. */
  readonly wait: (milliseconds: number, signal?: AbortSignal) => Promise<void>
}

const cancelled = () => new Fault('cancelled', 'The run was cancelled while waiting.')

/** The machine's time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wait: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(cancelled())
      const stop = () => {
        clearTimeout(timer)
        reject(cancelled())
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }, milliseconds)
      signal?.addEventListener('abort', stop, { once: true })
    }),
}

/** How long to look for something, and how often. */
export interface Patience {
  readonly totalMilliseconds: number
  readonly stepMilliseconds: number
}

/**
 * Looks until it finds, at least once; undefined when the time is over.
 * @throws {Fault} `cancelled` when the signal aborts; whatever `look` throws.
 */
export const waitFor = async <T>(
  look: () => Promise<T | undefined>,
  { clock, patience, signal }: { clock: Clock; patience: Patience; signal?: AbortSignal },
): Promise<T | undefined> => {
  const end = clock.now() + patience.totalMilliseconds
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (clock.now() >= end) return undefined
    await clock.wait(Math.min(patience.stepMilliseconds, end - clock.now()), signal)
  }
}
