import { compareText } from '../../core/issue.ts'
import { invalid } from './refusal.ts'

/** The page size where a call names none (reference §2.2, §3.3, §5.1). */
const defaultLimit = 10

export interface Page<T> {
  readonly items: readonly T[]
  /** The marker of the next page; empty on the last one. */
  readonly nextPageStart: string
  /** How many there are on all pages. */
  readonly resourceCount: number
}

export interface PageRequest {
  /** The marker to start at, itself included; from the first where empty. */
  readonly start: string
  readonly limit: number
}

/** `start` and `limit` of a query. @throws {Refusal} 400 when the limit is no whole number of 0 or more. */
export const pageRequest = (query: URLSearchParams, limitZeroMeansAll: boolean): PageRequest => {
  const text = query.get('limit') ?? ''
  const limit = text === '' ? defaultLimit : Number(text)
  if (!Number.isInteger(limit) || limit < 0) throw invalid('limit must be a whole number of 0 or more.')
  const all = limit === 0 && limitZeroMeansAll
  return { start: query.get('start') ?? '', limit: all ? Number.POSITIVE_INFINITY : limit || defaultLimit }
}

/** One page of a list that is ordered by its marker, ascending unless `descending`. Never throws. */
export const pageOf = <T>(
  items: readonly T[],
  request: PageRequest,
  markerOf: (item: T) => string,
  descending = false,
): Page<T> => {
  const sign = descending ? -1 : 1
  const ordered = [...items].sort((a, b) => sign * compareText(markerOf(a), markerOf(b)))
  const from =
    request.start === ''
      ? 0
      : ordered.findIndex((item) => sign * compareText(markerOf(item), request.start) >= 0)
  if (from < 0) return { items: [], nextPageStart: '', resourceCount: items.length }
  const end = from + request.limit
  const next = ordered[end]
  return {
    items: ordered.slice(from, end),
    nextPageStart: next === undefined ? '' : markerOf(next),
    resourceCount: items.length,
  }
}
