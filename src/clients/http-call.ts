import type { Secret } from '../core/secret.ts'

/** One call of a server. */
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'LIST' | 'HEAD'
  /** Absolute path with query, already encoded. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string | Secret>>
  /** An object is sent as JSON; text as it is. */
  readonly body?: unknown
  /** Whole call, in milliseconds. */
  readonly timeoutMilliseconds?: number
  /** What it is about, for messages. */
  readonly resource?: string
  /** Aborts the waits, and the call itself where it only reads; a write that was sent is waited for. */
  readonly signal?: AbortSignal
  /** Error statuses handed back as answers, because the caller reads their body (SOAP faults are 500). */
  readonly answers?: readonly number[]
  /** Whether the call changes nothing although its method could, so that it may be sent again (a query by POST). */
  readonly readOnly?: boolean
  /** Secrets in its body: no message shows them, should the server repeat them. */
  readonly secrets?: readonly Secret[]
  /** Whether a change that is sent twice does what it does once; so of PUT, PATCH and DELETE where absent. */
  readonly repeatable?: boolean
}

/** What a server answered. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** An answer whose body comes in pieces. */
export interface HttpStream {
  readonly status: number
  readonly headers: HttpAnswer['headers']
  /** Once. Errors: `@throws {Fault}` where the connection breaks, is silent too long, or the whole takes too long. */
  readonly body: AsyncGenerator<Uint8Array>
}
