import type { IncomingMessage } from 'node:http'

/**
 * What happens to a matching call at the front door.
 *
 * `-before`: nothing takes effect. `-after`: the call takes effect whole, and its answer is lost or replaced.
 */
export type InjectedFault =
  | {
      readonly kind: 'status'
      readonly status: number
      readonly body?: unknown
      readonly headers?: Readonly<Record<string, string>>
    }
  | { readonly kind: 'status-after'; readonly status: number; readonly body?: unknown }
  | { readonly kind: 'reset-before' }
  | { readonly kind: 'reset-after' }
  | { readonly kind: 'timeout-before' }
  | { readonly kind: 'timeout-after' }
  | { readonly kind: 'slow'; readonly milliseconds: number }

export interface FaultRule {
  readonly match: {
    readonly method?: string
    /** Against the path with its query. */
    readonly pathPattern?: RegExp
    /** Only the nth matching call, from 1; all of them where absent. */
    readonly nth?: number
  }
  readonly fault: InjectedFault
  /** How many calls it meets at most; without a bound where absent. */
  readonly times?: number
}

export interface FaultHandle {
  /** How many calls the fault has met. */
  readonly hits: () => number
  readonly remove: () => void
}

interface Armed {
  readonly rule: FaultRule
  seen: number
  hits: number
}

const matches = (rule: FaultRule, method: string, url: string): boolean =>
  (rule.match.method === undefined || rule.match.method === method) &&
  (rule.match.pathPattern === undefined || url.search(rule.match.pathPattern) >= 0)

/** The faults that a test or the lab has armed at one front door. */
export class Faults {
  #armed: Armed[] = []

  add(rule: FaultRule): FaultHandle {
    const armed: Armed = { rule, seen: 0, hits: 0 }
    this.#armed.push(armed)
    return {
      hits: () => armed.hits,
      remove: () => {
        this.#armed = this.#armed.filter((one) => one !== armed)
      },
    }
  }

  clear(): void {
    this.#armed = []
  }

  /** The fault of this call, the first that was added; every rule counts every call that it matches. */
  next(request: Pick<IncomingMessage, 'method' | 'url'>): InjectedFault | undefined {
    const due = this.#armed.filter((armed) => this.#counts(armed, request))
    const [first] = due
    if (first !== undefined) first.hits += 1
    return first?.rule.fault
  }

  #counts(armed: Armed, request: Pick<IncomingMessage, 'method' | 'url'>): boolean {
    const { rule } = armed
    if (!matches(rule, request.method ?? '', request.url ?? '')) return false
    armed.seen += 1
    const isNth = rule.match.nth === undefined || rule.match.nth === armed.seen
    return isNth && armed.hits < (rule.times ?? Number.POSITIVE_INFINITY)
  }
}
