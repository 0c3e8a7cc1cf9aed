import type { InjectedFault } from '../../../src/lab/faults.ts'

/** One column of the matrix. */
export interface FaultKind {
  /** As the README's table names it; also the name of its row's file. */
  readonly name: string
  readonly fault: InjectedFault
  /** What the message of a resource that failed by it tells to do. */
  readonly hint: RegExp
}

/** How long a disturbed run waits for one answer. */
export const patienceSeconds = 3

const again = /[Rr]un again/

const status = (code: number, reason: string, headers?: Readonly<Record<string, string>>): InjectedFault => ({
  kind: 'status',
  status: code,
  body: { message: reason, errors: [{ code: 'INJECTED', message: reason }] },
  ...(headers === undefined ? {} : { headers }),
})

/** What can go wrong with one call. */
export const faultKinds: readonly FaultKind[] = [
  {
    name: '401 unauthorized',
    fault: status(401, 'session expired'),
    hint: /Check .*(?:password|token|bundle)/,
  },
  { name: '403 forbidden', fault: status(403, 'access denied'), hint: /right|grants|policies/ },
  { name: '409 conflict', fault: status(409, 'something is in the way'), hint: /look at it|again/ },
  {
    name: '429 with Retry-After',
    fault: status(429, 'too many requests', { 'retry-after': '1' }),
    hint: /wait/,
  },
  { name: '500 internal error', fault: status(500, 'something broke'), hint: /health|not a proxy’s page/ },
  { name: '503 unavailable', fault: status(503, 'starting up'), hint: /health/ },
  {
    name: 'update out of sequence',
    fault: status(500, 'rpc error: code = Unknown desc = update out of sequence'),
    hint: /run again|not a proxy’s page/,
  },
  { name: 'connection refused', fault: { kind: 'refused', milliseconds: 600 }, hint: again },
  { name: 'connection reset in the request’s body', fault: { kind: 'reset-in-request' }, hint: again },
  { name: 'connection reset in the answer’s body', fault: { kind: 'reset-in-body' }, hint: again },
  { name: 'timeout before the effect', fault: { kind: 'timeout-before' }, hint: again },
  { name: 'timeout after the effect', fault: { kind: 'timeout-after' }, hint: again },
  { name: 'slow answer', fault: { kind: 'slow', milliseconds: 1_000 }, hint: again },
]
