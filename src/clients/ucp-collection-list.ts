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
 * The page after some. Whether `start` is the id of a collection or a number is not known of every version (reference §9): a
 * server that wants a number refuses the id, or answers from the beginning again.
 */
const pageAfter = async (
  ucp: Ucp,
  found: ReadonlyMap<string, ListedCollection>,
  last: string,
): Promise<readonly ListedCollection[]> => {
  const isNew = ({ id }: ListedCollection): boolean => !found.has(id)
  try {
    const byId = await page(ucp, last)
    if (byId.some(isNew)) return byId
  } catch (error) {
    if (!isFault(error, 'invalid-request')) throw error
  }
  return page(ucp, String(found.size))
}

/** Every collection that the caller may see, each once. @throws {Fault} as `Ucp` does. */
export const listCollections = async (ucp: Ucp): Promise<readonly ListedCollection[]> => {
  const found = new Map<string, ListedCollection>()
  for (let next = await page(ucp, ''); ; ) {
    const before = found.size
    for (const one of next) found.set(one.id, one)
    const last = next.at(-1)
    if (last === undefined || found.size === before || next.length < pageSize) return [...found.values()]
    next = await pageAfter(ucp, found, last.id)
  }
}
