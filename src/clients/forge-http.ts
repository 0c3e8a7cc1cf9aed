import { type AnswerObject, listOf, objectOf } from './answer.ts'
import type { Clock } from './clock.ts'
import type { HttpOptions, RetryPolicy } from './http.ts'

/** A forge that limits its callers asks them to wait for a minute: four attempts, never more than 90 s of waiting in all. */
const forgeRetries: RetryPolicy = { attempts: 4, baseMilliseconds: 500, totalMilliseconds: 90_000 }

/** A forge that hangs must not hold up a job for long: the report is an artifact already. */
const forgeTimeoutMilliseconds = 20_000

/** Most pages of comments that are read: beyond them lies an endless list, not a talk. */
const mostPages = 100

/** The largest of both forges. Source: GitHub REST API, "List issue comments"; GitLab REST API, "Pagination". */
const pageSize = 100

/** What a forge's client may be told otherwise. */
export interface ForgeHttp {
  readonly clock?: Clock
  readonly http?: Pick<HttpOptions, 'retries' | 'timeoutMilliseconds'>
}

/** How every forge is called. */
export const forgeHttp = ({ clock, http }: ForgeHttp): Omit<HttpOptions, 'system' | 'endpoint'> => ({
  retries: forgeRetries,
  timeoutMilliseconds: forgeTimeoutMilliseconds,
  ...http,
  ...(clock === undefined ? {} : { sleep: clock.wait }),
})

/** The items of a list, page by page; `read` gets the query of a page and gives back its JSON. */
export const everyPage = async (read: (query: string) => Promise<unknown>): Promise<AnswerObject[]> => {
  const found: AnswerObject[] = []
  for (let page = 1; page <= mostPages; page++) {
    const items = listOf(await read(`per_page=${pageSize}&page=${page}`)).map(objectOf)
    found.push(...items)
    if (items.length < pageSize) break
  }
  return found
}
