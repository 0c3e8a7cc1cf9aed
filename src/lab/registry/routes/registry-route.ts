import type { Answer, Call } from '../../ucp/call.ts'
import { type Page, pageOf } from '../../ucp/paging.ts'
import { invalid } from '../../ucp/refusal.ts'
import type { Method, Route } from '../../ucp/router.ts'
import type { RegistryState } from '../state.ts'

interface RegistryRoute {
  readonly method: Method
  readonly pattern: string
  readonly access?: Route['access']
  readonly handle: (call: Call) => Answer | Promise<Answer>
}

/** Routes below `/api/v0`, for users unless they say otherwise. */
export const registryRoutes = (routes: readonly RegistryRoute[]): Route[] =>
  routes.map((route) => ({
    method: route.method,
    pattern: `/api/v0${route.pattern}`,
    style: 'enzi',
    access: route.access ?? 'user',
    handle: route.handle,
  }))

/** The page size where a call names none (reference §8.1). */
const defaultPageSize = 10

/** The page that `pageStart` (the marker of its first record) and `pageSize` ask for. @throws {Refusal} 400. */
export const pageFor = <T>(call: Call, items: readonly T[], markerOf: (item: T) => string): Page<T> => {
  const size = Number(call.query.get('pageSize') || defaultPageSize)
  if (!Number.isInteger(size) || size < 1) throw invalid('pageSize must be a whole number of 1 or more.')
  return pageOf(items, { start: call.query.get('pageStart') ?? '', limit: size }, markerOf)
}

/** The total, where the call asks for it, and the marker of the next page. */
export const pageHeaders = (
  state: RegistryState,
  call: Call,
  page: Page<unknown>,
): Record<string, string> => ({
  ...(call.flag('count', false) ? { [state.switches.totalCountHeader]: String(page.resourceCount) } : {}),
  ...(page.nextPageStart === '' ? {} : { 'x-next-page-start': page.nextPageStart }),
})

/** `namespace/name` out of a path. */
export const repositoryParam = (call: Call): string =>
  `${call.param('namespace')}/${call.param('repository')}`
