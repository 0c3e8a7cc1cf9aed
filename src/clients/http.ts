import type { Agent, Dispatcher } from 'undici'
import { Fault, type FaultCode, type FaultDetails } from '../core/fault.ts'
import { cut, redact } from '../core/redact.ts'
import { Secret } from '../core/secret.ts'

/** How to trust and be trusted by a server. */
export interface Tls {
  /** PEM of the authorities to trust besides none; the system's where absent. */
  readonly ca?: string
  /** PEM of our certificate (mutual TLS). */
  readonly cert?: string
  readonly key?: Secret
  /** Takes any certificate. Only where a person asked for it. */
  readonly allowUnverified?: boolean
}

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
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

export interface RetryPolicy {
  /** Attempts in all. */
  readonly attempts: number
  readonly baseMilliseconds: number
  /** Longest total wait between attempts, in milliseconds. */
  readonly totalMilliseconds: number
}

/** Four attempts, waits doubling from 200 ms, never more than 15 s in all. */
export const standardRetries: RetryPolicy = { attempts: 4, baseMilliseconds: 200, totalMilliseconds: 15_000 }

export interface HttpOptions {
  /** Name of the system in messages, e.g. `UCP nonprod`. */
  readonly system: string
  /** `https://host:port`, or `unix:///path`. */
  readonly endpoint: string
  readonly tls?: Tls
  readonly timeoutMilliseconds?: number
  readonly retries?: RetryPolicy
  /** Injected in tests. */
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>
}

const certificateErrors = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_SIGNATURE_FAILURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'EACCES',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

const codeOf = (error: unknown): string => {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string') return at.code
  return ''
}

const codeOfStatus = (status: number, text: string): FaultCode => {
  if (/update out of sequence/i.test(text)) return 'out-of-sequence'
  if (status === 401) return 'unauthenticated'
  if (status === 403) return 'forbidden'
  if (status === 404) return 'not-found'
  if (status === 409) return 'conflict'
  if (status === 429) return 'rate-limited'
  return status >= 500 ? 'unavailable' : 'invalid-request'
}

/** Longest part of a server's answer in a message, in characters. */
const longestReason = 500

/** The parts of an `Authorization` header that a server may repeat alone. */
const credentialsIn = (header: string): string[] => {
  const [scheme, token = ''] = header.split(' ')
  if (scheme !== 'Basic') return token === '' ? [] : [token]
  const [, ...password] = Buffer.from(token, 'base64').toString('utf8').split(':')
  return [token, password.join(':')]
}

/** The sentence in an error body of UCP, DTR, the engine or Vault; the text itself where it is none of theirs. */
export const messageOf = (text: string): string => {
  try {
    const body: unknown = JSON.parse(text)
    if (body !== null && typeof body === 'object') {
      if ('message' in body && typeof body.message === 'string') return body.message
      if ('errors' in body && Array.isArray(body.errors))
        return body.errors
          .map((one: unknown) =>
            one !== null && typeof one === 'object' && 'message' in one
              ? `${'code' in one ? `${String(one.code)}: ` : ''}${String(one.message)}`
              : String(one),
          )
          .join('; ')
    }
  } catch {
    // Not JSON: UCP answers some errors in plain text (reference §1.6).
  }
  return text.trim()
}

/**
 * One server over HTTP: TLS, a deadline, typed faults, bounded retries of what is safe to repeat.
 *
 * Errors: `@throws {Fault}`, with the endpoint and the call, for every answer of 400 and above and every failed
 * connection. A write whose answer was lost is `outcome-unknown`, never retried here: whoever called observes first.
 */
export class Http {
  readonly #options: HttpOptions
  readonly #connect: NonNullable<Agent.Options['connect']>
  readonly #origin: string
  #agent: Agent | undefined

  constructor(options: HttpOptions) {
    this.#options = options
    const socketPath = options.endpoint.startsWith('unix://')
      ? options.endpoint.slice('unix://'.length)
      : undefined
    this.#origin = socketPath === undefined ? options.endpoint.replace(/\/+$/, '') : 'http://localhost'
    this.#connect = {
      timeout: 10_000,
      ...(socketPath === undefined ? {} : { socketPath }),
      ...(options.tls?.ca === undefined ? {} : { ca: options.tls.ca }),
      ...(options.tls?.cert === undefined ? {} : { cert: options.tls.cert }),
      ...(options.tls?.key === undefined ? {} : { key: options.tls.key.reveal() }),
      ...(options.tls?.allowUnverified === true ? { rejectUnauthorized: false } : {}),
    }
  }

  get endpoint(): string {
    return this.#options.endpoint
  }

  /** Sends, retries what is safe, and parses a JSON answer; an empty one is undefined. */
  async json(call: HttpCall): Promise<unknown> {
    const { text } = await this.send(call)
    if (text.trim() === '') return undefined
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new Fault(
        'protocol',
        `${this.#options.system} at ${this.endpoint} did not answer ${call.method} ${pathOnly(call.path)} with JSON.`,
        {
          cause,
          details: {
            ...this.#details(call),
            hint: 'Check that the endpoint is the system it should be, not a proxy’s page.',
          },
        },
      )
    }
  }

  /** Sends and retries what is safe: reads always, writes only where the server said that nothing happened. */
  async send(call: HttpCall): Promise<HttpAnswer> {
    const { attempts, baseMilliseconds, totalMilliseconds } = this.#options.retries ?? standardRetries
    let waited = 0
    for (let attempt = 1; ; attempt++) {
      if (call.signal?.aborted) throw this.#cancelled(call)
      try {
        return await this.#once(call)
      } catch (error) {
        if (!(error instanceof Fault) || !error.retryable || attempt >= attempts) throw error
        const wait =
          error.details.retryAfterSeconds === undefined
            ? baseMilliseconds * 2 ** (attempt - 1)
            : error.details.retryAfterSeconds * 1000
        if (waited + wait > totalMilliseconds) throw error
        waited += wait
        await (this.#options.sleep ?? pause)(wait, call.signal)
      }
    }
  }

  async close(): Promise<void> {
    await this.#agent?.close()
  }

  async #once(call: HttpCall): Promise<HttpAnswer> {
    const timeout = call.timeoutMilliseconds ?? this.#options.timeoutMilliseconds ?? 60_000
    const isText = typeof call.body === 'string'
    const given: Record<string, string | Secret> = {
      accept: 'application/json',
      ...(call.body === undefined ? {} : { 'content-type': isText ? 'text/plain' : 'application/json' }),
      ...call.headers,
    }
    const headers = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [
        name.toLowerCase(),
        typeof value === 'string' ? value : value.reveal(),
      ]),
    )
    const timer = AbortSignal.timeout(timeout)
    let answer: HttpAnswer
    try {
      // Loaded with the first call: a plugin that only checks and diffs starts without it.
      const { Agent, request } = await import('undici')
      this.#agent ??= new Agent({ connect: this.#connect })
      const response = await request(`${this.#origin}${call.path}`, {
        dispatcher: this.#agent,
        method: call.method as Dispatcher.HttpMethod,
        headers,
        ...(call.body === undefined
          ? {}
          : { body: isText ? (call.body as string) : JSON.stringify(call.body) }),
        signal: call.signal !== undefined && isReadOnly(call) ? AbortSignal.any([timer, call.signal]) : timer,
      })
      answer = { status: response.statusCode, headers: response.headers, text: await response.body.text() }
    } catch (cause) {
      if (isReadOnly(call) && call.signal?.aborted) throw this.#cancelled(call)
      throw this.#connectionFault(call, cause, timeout)
    }
    if (answer.status >= 400 && !call.answers?.includes(answer.status)) throw this.#answerFault(call, answer)
    return answer
  }

  #cancelled(call: HttpCall): Fault {
    return new Fault(
      'cancelled',
      `${call.method} ${pathOnly(call.path)} was not sent: the run was cancelled.`,
      {
        details: this.#details(call),
      },
    )
  }

  #details(call: HttpCall): FaultDetails {
    return {
      endpoint: this.endpoint,
      call: `${call.method} ${pathOnly(call.path)}`,
      ...(call.resource === undefined ? {} : { resource: call.resource }),
    }
  }

  #answerFault(call: HttpCall, answer: HttpAnswer): Fault {
    // A gateway that gave up says nothing about what happened behind it.
    const isLost = !isReadOnly(call) && (answer.status === 502 || answer.status === 504)
    const code = isLost ? 'outcome-unknown' : codeOfStatus(answer.status, answer.text)
    const after = Number(answer.headers['retry-after'])
    const repeatable = isReadOnly(call)
    const retryable =
      code === 'rate-limited' || (repeatable && code === 'unavailable') || answer.status === 503
    return new Fault(
      code,
      `${this.#options.system} at ${this.endpoint} refused ${call.method} ${pathOnly(call.path)} with ${answer.status}: ${this.#reason(call, answer) || 'no reason given'}`,
      {
        retryable,
        details: {
          ...this.#details(call),
          status: answer.status,
          ...(Number.isFinite(after) ? { retryAfterSeconds: after } : {}),
        },
      },
    )
  }

  /** What the server says, without what it repeats of our credentials. */
  #reason({ headers = {} }: HttpCall, { text }: HttpAnswer): string {
    const sent = [...Object.values(headers), this.#options.tls?.key].filter((one) => one instanceof Secret)
    const secrets = sent.map((one) => one.reveal())
    return cut(redact(messageOf(text), [...secrets, ...secrets.flatMap(credentialsIn)]), longestReason)
  }

  #connectionFault(call: HttpCall, cause: unknown, timeout: number): Fault {
    const code = codeOf(cause)
    const details = this.#details(call)
    const where = `${this.#options.system} at ${this.endpoint}`
    if (certificateErrors.has(code))
      return new Fault('certificate', `${where} showed a certificate that is not trusted (${code}).`, {
        cause,
        details: {
          ...details,
          hint: 'Check the CA file of this connection, and that the endpoint’s name is in its certificate.',
        },
      })
    if (neverSent.has(code))
      return new Fault('unreachable', `${where} cannot be reached (${code}).`, {
        cause,
        retryable: true,
        details: { ...details, hint: 'Check the address, the network and that the system is up.' },
      })
    const repeatable = isReadOnly(call)
    const timedOut = cause instanceof Error && cause.name === 'TimeoutError'
    return new Fault(
      repeatable ? (timedOut ? 'timeout' : 'unreachable') : 'outcome-unknown',
      timedOut
        ? `${where} did not answer ${details.call} within ${timeout / 1000} s.`
        : `The connection to ${where} broke during ${details.call} (${code || 'no code'}).`,
      {
        cause,
        retryable: repeatable,
        details: { ...details, hint: 'Run again: what happened is observed first.' },
      },
    )
  }
}

const isReadOnly = ({ method, readOnly }: HttpCall): boolean =>
  readOnly ?? (method === 'GET' || method === 'LIST' || method === 'HEAD')

const pathOnly = (path: string): string => path.split('?', 1)[0] ?? path

/** Ends early when the signal aborts: the next attempt says so. */
const pause = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    signal?.addEventListener('abort', end)
    if (signal?.aborted) end()
  })
