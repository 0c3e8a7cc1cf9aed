/**
 * What happens to a matching call at the front door.
 *
 * `-before`, `reset-in-request`, `refused` and `status`: nothing takes effect. `-after` and `reset-in-body`: the call
 * takes effect whole, and its answer is replaced, lost, or cut in the middle.
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
  /** The connection breaks when half of the call's body is sent. */
  | { readonly kind: 'reset-in-request' }
  /** The connection breaks when half of the answer's body is sent. */
  | { readonly kind: 'reset-in-body' }
  /** This call's connection breaks, every other one too, and new ones are refused for so long. */
  | { readonly kind: 'refused'; readonly milliseconds: number }
  | { readonly kind: 'timeout-before' }
  | { readonly kind: 'timeout-after' }
  | { readonly kind: 'slow'; readonly milliseconds: number }

/** What is known of a call when its fault is chosen. */
export interface FaultedCall {
  readonly method?: string | undefined
  /** Path with its query. */
  readonly url?: string | undefined
  /** Name of the SOAP method in its body, e.g. `CloneVM_Task`; known to a fault proxy only. */
  readonly operation?: string | undefined
}

export interface FaultRule {
  readonly match: {
    readonly method?: string
    /** Against the path with its query. */
    readonly pathPattern?: RegExp
    readonly operation?: string
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

const matches = ({ match }: FaultRule, { method, url = '', operation }: FaultedCall): boolean =>
  (match.method === undefined || match.method === method) &&
  (match.operation === undefined || match.operation === operation) &&
  (match.pathPattern === undefined || url.search(match.pathPattern) >= 0)

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
  next(call: FaultedCall): InjectedFault | undefined {
    const due = this.#armed.filter((armed) => this.#counts(armed, call))
    const [first] = due
    if (first !== undefined) first.hits += 1
    return first?.rule.fault
  }

  #counts(armed: Armed, call: FaultedCall): boolean {
    const { rule } = armed
    if (!matches(rule, call)) return false
    armed.seen += 1
    const isNth = rule.match.nth === undefined || rule.match.nth === armed.seen
    return isNth && armed.hits < (rule.times ?? Number.POSITIVE_INFINITY)
  }
}
