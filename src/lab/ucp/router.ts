import type { IncomingMessage } from 'node:http'
import type { Caller } from './access.ts'
import { type Answer, anonymous, Call } from './call.ts'
import { type ErrorStyle, invalid, notAuthorized, Refusal } from './refusal.ts'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** One native endpoint. */
export interface Route {
  readonly method: Method
  /** Segments joined by `/`; `:name` takes one, decoded. */
  readonly pattern: string
  readonly style: ErrorStyle
  /** Who may call it at all; the handler checks what depends on the thing called for. */
  readonly access: 'anyone' | 'user' | 'admin'
  readonly handle: (call: Call) => Answer | Promise<Answer>
}

/** A request whose path a route knows. */
export interface Matched {
  readonly style: ErrorStyle
  /** @throws {Refusal} as the route refuses. */
  answer(request: IncomingMessage, caller: () => Caller): Promise<Answer>
}

interface Compiled {
  readonly route: Route
  readonly segments: readonly string[]
}

const segmentsOf = (path: string): string[] => path.split('/').filter((part) => part !== '')

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw invalid('The path is not encoded correctly.')
  }
}

const fits = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.length === segments.length &&
  pattern.every((part, at) => part.startsWith(':') || part === segments[at])

/** Splits a request target into its path and its query. Never throws. */
const targetOf = (url: string): { path: string; query: URLSearchParams } => {
  const at = url.indexOf('?')
  return at < 0
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) }
}

/** Finds the route of a request; trailing and doubled slashes do not count. */
export class Router {
  /** By the number of segments: most requests are the engine's and fit none. */
  readonly #byLength = new Map<number, Compiled[]>()

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const segments = segmentsOf(route.pattern)
      const same = this.#byLength.get(segments.length) ?? []
      this.#byLength.set(segments.length, [...same, { route, segments }])
    }
  }

  /** Undefined where no route has this path; a known path with another method answers 405. */
  match(method: string, url: string): Matched | undefined {
    const { path, query } = targetOf(url)
    const segments = segmentsOf(path)
    const sameLength = this.#byLength.get(segments.length) ?? []
    const candidates = sameLength.filter((one) => fits(one.segments, segments))
    const [first] = candidates
    if (first === undefined) return undefined
    const found = candidates.find(({ route }) => route.method === method)
    if (found === undefined) return notAllowed(first.route.style)
    return matched(found, segments, query)
  }
}

const notAllowed = (style: ErrorStyle): Matched => ({
  style,
  answer: async () => {
    throw new Refusal(405, 'NOT_ALLOWED', 'The method is not allowed on this path.')
  },
})

const matched = (
  { route, segments: pattern }: Compiled,
  segments: readonly string[],
  query: URLSearchParams,
): Matched => ({
  style: route.style,
  answer: async (request, whoCalls) => {
    const caller = route.access === 'anyone' ? anonymous : whoCalls()
    if (route.access === 'admin' && !caller.isAdmin) throw notAuthorized()
    const params = new Map(
      pattern.flatMap((part, at) =>
        part.startsWith(':') ? [[part.slice(1), decoded(segments[at] ?? '')] as const] : [],
      ),
    )
    return route.handle(new Call({ request, caller, query, params }))
  },
})
