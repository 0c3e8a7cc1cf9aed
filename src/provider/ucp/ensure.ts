import { Fault, isFault } from '../../core/fault.ts'
import type { UcpClient } from './client.ts'

const attempts = 4
const waitMilliseconds = 500

// Another run made it in between: which status a taken name has is not established (reference §13.3).
const mayExist = (error: unknown): boolean =>
  isFault(error, 'outcome-unknown') || isFault(error, 'conflict') || isFault(error, 'invalid-request')

/**
 * Finds a thing or makes it. Where a make's answer was lost, or the name was taken meanwhile, it looks again before it makes
 * another. `existed` says whether this call found it.
 *
 * @throws {Fault} the make's own, where there is still nothing to be found after a bounded number of tries.
 */
export const findOrMake = async <T>(
  client: UcpClient,
  {
    find,
    make,
    signal,
  }: {
    readonly find: () => Promise<T | undefined>
    readonly make: () => Promise<T>
    readonly signal: AbortSignal
  },
): Promise<{ readonly thing: T; readonly existed: boolean }> => {
  for (let attempt = 1; ; attempt++) {
    const found = await find()
    if (found !== undefined) return { thing: found, existed: true }
    try {
      return { thing: await make(), existed: false }
    } catch (error) {
      if (!mayExist(error)) throw error
      const late = await find()
      if (late !== undefined) return { thing: late, existed: true }
      if (!isFault(error, 'outcome-unknown') || attempt === attempts) throw error
      await client.clock.wait(waitMilliseconds * attempt, signal)
    }
  }
}

/** @throws {Fault} `not-found` with the way out, where a thing that another needs is missing. */
export const required = <T>(
  found: T | undefined,
  missing: { what: string; hint: string; endpoint: string },
): T => {
  if (found !== undefined) return found
  throw new Fault('not-found', `${missing.what} does not exist.`, {
    details: { endpoint: missing.endpoint, hint: missing.hint },
  })
}

/** @throws {Fault} `invalid-request` for an id that is not of the form a resource's ids have. */
export const badId = (id: string, form: string): Fault =>
  new Fault('invalid-request', `${JSON.stringify(id)} is no id of this kind.`, {
    details: { hint: `Ids look like ${form}.` },
  })
