/** What a fault says beyond its sentence. Never holds a secret. */
export interface FaultDetails {
  /** The endpoint that was called, without credentials. */
  readonly endpoint?: string
  /** `METHOD /path` of the call. */
  readonly call?: string
  readonly status?: number
  /** The resource it was about, in the reader's words, e.g. `grant developers on /Run/Std/acme`. */
  readonly resource?: string
  /** What the person can do. */
  readonly hint?: string
  /** Seconds the server asked us to wait. */
  readonly retryAfterSeconds?: number
}

/**
 * What happened, as one word a program can switch on.
 *
 * `outcome-unknown`: the request was sent and no answer came; the effect may have happened. `lease-lost`: another run holds
 * the stack now.
 */
export type FaultCode =
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'out-of-sequence'
  | 'invalid-request'
  | 'foreign'
  | 'rate-limited'
  | 'unavailable'
  | 'unreachable'
  | 'certificate'
  | 'outcome-unknown'
  | 'timeout'
  | 'protocol'
  | 'missing-tool'
  | 'cancelled'
  | 'lease-lost'

/** A failure of a remote system or of the machine; expected, typed, reported. Source: design §10. */
export class Fault extends Error {
  readonly code: FaultCode
  /** Whether the same call may be sent again without harm. */
  readonly retryable: boolean
  readonly details: FaultDetails

  constructor(
    code: FaultCode,
    message: string,
    options: { retryable?: boolean; details?: FaultDetails; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.retryable = options.retryable ?? false
    this.details = options.details ?? {}
  }
}

/** Whether `error` is a fault of the given code. Never throws. */
export const isFault = (error: unknown, code?: FaultCode): error is Fault =>
  error instanceof Fault && (code === undefined || error.code === code)
