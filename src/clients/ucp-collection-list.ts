import { isFault } from '../core/fault.ts'
import { listOf, objectOf, textAt, textOr } from './answer.ts'
import type { Ucp } from './ucp.ts'

/** A collection as the list of all tells it. */
export interface ListedCollection {
  readonly id: string
  readonly path: string
  /** The legacy label, by which its maker is told. */
  readonly label: { readonly key: string; readonly value: string }
}

/** Used in the wild (reference §2.4). */
const pageSize = 1000

const collectionOf = (value: unknown): ListedCollection => {
  const from = objectOf(value)
  return {
    id: textAt(from, 'id'),
    path: textAt(from, 'path'),
    label: { key: textOr(from, 'legacylabelkey'), value: textOr(from, 'legacylabelvalue') },
  }
}

const page = async (ucp: Ucp, start: string): Promise<readonly ListedCollection[]> => {
  const query = new URLSearchParams({ limit: String(pageSize), ...(start === '' ? {} : { start }) })
  return listOf(await ucp.json({ method: 'GET', path: `/collections?${query}` })).map(collectionOf)
}

/**
 * The page after some; none where there is nothing more. Whether `start` is the id of a collection or a number is not known of every version (reference §9): a
 * server that wants a number refuses the id, or answers from the beginning again.
 */
const pageAfter = async (
  ucp: Ucp,
  found: ReadonlyMap<string, ListedCollection>,
  last: string,
): Promise<readonly ListedCollection[]> => {
  const isNew = ({ id }: ListedCollection): boolean => !found.has(id)
  for (const start of [last, String(found.size)])
    try {
      const next = await page(ucp, start)
      if (next.some(isNew)) return next
    } catch (error) {
      if (!isFault(error, 'invalid-request') && !isFault(error, 'not-found')) throw error
    }
  return []
}

/**
 * Every collection that the caller may see, each once. A short page is no sign of the end: a server may give fewer than it is
 * asked for. @throws {Fault} as `Ucp` does.
 */
export const listCollections = async (ucp: Ucp): Promise<readonly ListedCollection[]> => {
  const found = new Map<string, ListedCollection>()
  let next = await page(ucp, '')
  while (next.length > 0) {
    for (const one of next) found.set(one.id, one)
    next = await pageAfter(ucp, found, next.at(-1)?.id ?? '')
  }
  return [...found.values()]
}
