import { createSecureContext, type SecureContext } from 'node:tls'
import type { Agent, Dispatcher } from 'undici'
import { Fault, isFault } from '../core/fault.ts'
import type { Secret } from '../core/secret.ts'
import { isChangeGateOpen, passChangeGate } from './change-gate.ts'
import type { HttpAnswer, HttpCall, HttpStream } from './http-call.ts'
import {
  answerFault,
  connectionFault,
  detailsOf,
  isReadOnly,
  isTimeout,
  pathOnly,
  type Server,
} from './http-fault.ts'

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

export interface RetryPolicy {
  /** Attempts in all. */
  readonly attempts: number
  readonly baseMilliseconds: number
  /** Longest total wait between attempts, in milliseconds. */
  readonly totalMilliseconds: number
}

/** A server that hangs costs its whole deadline at every attempt. */
const timedOutAttempts = 2

const longestCallSeconds = 60

/** How long one call may take where nobody says otherwise. */
const standardTimeoutMilliseconds = (): number => {
  const seconds = Number(process.env.TENANTRY_TIMEOUT_SECONDS ?? '')
  return (Number.isFinite(seconds) && seconds > 0 ? seconds : longestCallSeconds) * 1000
}

/** Four attempts, waits doubling from 200 ms, never more than 15 s in all. */
export const standardRetries: RetryPolicy = { attempts: 4, baseMilliseconds: 200, totalMilliseconds: 15_000 }

export interface HttpOptions {
  /** Name of the system in messages, e.g. `UCP nonprod`. */
  readonly system: string
  /** `https://host:port`, or `unix:///path`. */
  readonly endpoint: string
  /** What proves to it who we are, for hints, e.g. `the password of svc-tenantry`; `the credentials` where absent. */
  readonly credential?: string
  readonly tls?: Tls
  /** Of one call; TENANTRY_TIMEOUT_SECONDS of the environment, else a minute, where absent. */
  readonly timeoutMilliseconds?: number
  readonly retries?: RetryPolicy
  /** Injected in tests. */
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>
}

interface Dispatchers {
  readonly reading: Agent
  /** The same connections, whose calls are looked at as they are written. */
  readonly changing: Dispatcher
}

/** A call that was not sent, since the gate closed while it waited for its connection. */
class GateClosed extends Error {}

/**
 * Looks at the gate in the same breath as a call is written: a process may have been stopped while a connection was made, or
 * while an idle one was tried, and what waits for it is sent as soon as the process wakes.
 */
const gated: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
  dispatch(options, {
    onRequestStart: (controller, context) => {
      handler.onRequestStart?.(controller, context)
      if (!isChangeGateOpen()) controller.abort(new GateClosed())
    },
    onRequestUpgrade: (...answer) => handler.onRequestUpgrade?.(...answer),
    onResponseStart: (...answer) => handler.onResponseStart?.(...answer),
    onResponseData: (...answer) => handler.onResponseData?.(...answer),
    onResponseEnd: (...answer) => handler.onResponseEnd?.(...answer),
    onResponseError: (...answer) => handler.onResponseError?.(...answer),
  })

/** Sends what may change something once the gate lets it; again where the gate closed before it was written. */
const pastGate = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
  for (;;) {
    await passChangeGate()
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof GateClosed)) throw error
    }
  }
}

/**
 * One server over HTTP: TLS, a deadline, typed faults, bounded retries of what is safe to repeat.
 *
 * Errors: `@throws {Fault}`, with the endpoint and the call, for every answer of 400 and above and every failed
 * connection. A write that may not be repeated and whose answer was lost is `outcome-unknown`: whoever called observes first.
 */
export class Http {
  readonly #options: HttpOptions
  readonly #connect: NonNullable<Agent.Options['connect']>
  readonly #origin: string
  readonly #server: Server
  #dispatchers: Dispatchers | undefined

  constructor(options: HttpOptions) {
    this.#options = options
    const socketPath = options.endpoint.startsWith('unix://')
      ? options.endpoint.slice('unix://'.length)
      : undefined
    this.#origin = socketPath === undefined ? options.endpoint.replace(/\/+$/, '') : 'http://localhost'
    const { system, endpoint, credential = 'the credentials', tls } = options
    this.#server = { system, endpoint, credential, secrets: tls?.key === undefined ? [] : [tls.key] }
    this.#connect = {
      timeout: 10_000,
      ...(socketPath === undefined ? {} : { socketPath }),
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
    } catch {
      // The parser's message quotes the answer, which may hold a secret.
      throw new Fault(
        'protocol',
        `${this.#options.system} at ${this.endpoint} did not answer ${call.method} ${pathOnly(call.path)} with JSON.`,
        {
          details: {
            ...detailsOf(call, this.#server),
            hint: 'Check that the endpoint is the system it should be, not a proxy’s page.',
          },
        },
      )
    }
  }

  /**
   * Sends, and retries what is safe: what may be repeated always, other writes only where the server said that nothing
   * happened. What the server did not answer in time is sent once more, no oftener.
   */
  send(call: HttpCall): Promise<HttpAnswer> {
    return this.#repeated(call, () => this.#once(call))
  }

  /**
   * Sends a call that only reads, and hands its body on as it comes; opened again as `send` does, but a body that breaks is
   * the caller's. The call's time is that of silence, not of the whole body, which may be gigabytes.
   *
   * Whoever calls reads the body or calls its `return`: else its connection stays.
   */
  stream(call: HttpCall & { readonly totalMilliseconds: number }): Promise<HttpStream> {
    return this.#repeated(call, () => this.#open(call))
  }

  async close(): Promise<void> {
    await this.#dispatchers?.reading.close()
  }

  async #repeated<Answer>(call: HttpCall, once: () => Promise<Answer>): Promise<Answer> {
    const { attempts, baseMilliseconds, totalMilliseconds } = this.#options.retries ?? standardRetries
    let waited = 0
    for (let attempt = 1; ; attempt++) {
      if (call.signal?.aborted) throw this.#cancelled(call)
      try {
        return await once()
      } catch (error) {
        if (!(error instanceof Fault) || !error.retryable) throw error
        if (attempt >= (isTimeout(error.cause) ? Math.min(attempts, timedOutAttempts) : attempts)) throw error
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

  async #open(call: HttpCall & { readonly totalMilliseconds: number }): Promise<HttpStream> {
    const silence =
      call.timeoutMilliseconds ?? this.#options.timeoutMilliseconds ?? standardTimeoutMilliseconds()
    const faultOf = (cause: unknown): Fault => {
      if (call.signal?.aborted) return this.#cancelled(call)
      if (isFault(cause)) return cause
      return connectionFault(call, cause, { server: this.#server, timeoutMilliseconds: silence })
    }
    const end = AbortSignal.timeout(call.totalMilliseconds)
    try {
      const { request, reading } = await this.#reading()
      const response = await request(`${this.#origin}${call.path}`, {
        dispatcher: reading,
        method: 'GET',
        headers: revealed({ accept: '*/*', ...call.headers }),
        headersTimeout: silence,
        bodyTimeout: silence,
        signal: call.signal === undefined ? end : AbortSignal.any([end, call.signal]),
      })
      const answer = { status: response.statusCode, headers: response.headers }
      if (answer.status < 300 || call.answers?.includes(answer.status))
        return { ...answer, body: piecesOf(response.body, faultOf) }
      throw answerFault(call, { ...answer, text: await startOf(response.body) }, this.#server, Date.now())
    } catch (cause) {
      throw faultOf(cause)
    }
  }

  /** Loaded with the first call: a plugin that only checks and diffs starts without it. */
  async #reading(): Promise<{ readonly request: typeof import('undici').request; readonly reading: Agent }> {
    const undici = await import('undici')
    this.#dispatchers ??= this.#makeDispatchers(undici)
    return { request: undici.request, reading: this.#dispatchers.reading }
  }

  async #once(call: HttpCall): Promise<HttpAnswer> {
    const timeout =
      call.timeoutMilliseconds ?? this.#options.timeoutMilliseconds ?? standardTimeoutMilliseconds()
    const isText = typeof call.body === 'string'
    const given: Record<string, string | Secret> = {
      accept: 'application/json',
      ...(call.body === undefined ? {} : { 'content-type': isText ? 'text/plain' : 'application/json' }),
      ...call.headers,
    }
    const headers = revealed(given)
    const timer = AbortSignal.timeout(timeout)
    let answer: HttpAnswer
    try {
      // Loaded with the first call: a plugin that only checks and diffs starts without it.
      const undici = await import('undici')
      this.#dispatchers ??= this.#makeDispatchers(undici)
      const dispatcher = this.#dispatchers[isReadOnly(call) ? 'reading' : 'changing']
      const ask = () =>
        undici.request(`${this.#origin}${call.path}`, {
          dispatcher,
          method: call.method as Dispatcher.HttpMethod,
          headers,
          ...(call.body === undefined
            ? {}
            : { body: isText ? (call.body as string) : JSON.stringify(call.body) }),
          signal:
            call.signal !== undefined && isReadOnly(call) ? AbortSignal.any([timer, call.signal]) : timer,
        })
      const response = await (isReadOnly(call) ? ask() : pastGate(ask))
      answer = { status: response.statusCode, headers: response.headers, text: await response.body.text() }
    } catch (cause) {
      if (isReadOnly(call) && call.signal?.aborted) throw this.#cancelled(call)
      if (isFault(cause)) throw cause
      throw connectionFault(call, cause, { server: this.#server, timeoutMilliseconds: timeout })
    }
    if (answer.status >= 300 && !call.answers?.includes(answer.status))
      throw answerFault(call, answer, this.#server, Date.now())
    return answer
  }

  #makeDispatchers({ Agent, buildConnector }: typeof import('undici')): Dispatchers {
    const connect = buildConnector({ ...this.#connect, ...this.#secureContext() })
    const reading = new Agent({ connect })
    return { reading, changing: reading.compose(gated) }
  }

  /** Made once: every connection of a run would read the authorities and the keys anew. */
  #secureContext(): { readonly secureContext?: SecureContext } {
    if (!this.#origin.startsWith('https:')) return {}
    const { ca, cert, key } = this.#options.tls ?? {}
    return {
      secureContext: createSecureContext({
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key: key.reveal() }),
      }),
    }
  }

  #cancelled(call: HttpCall): Fault {
    return new Fault(
      'cancelled',
      `${call.method} ${pathOnly(call.path)} was not sent: the run was cancelled.`,
      { details: detailsOf(call, this.#server) },
    )
  }
}

const revealed = (headers: Readonly<Record<string, string | Secret>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value : value.reveal(),
    ]),
  )

/** Longest part of a refusal's body that is read, in bytes. */
const longestRefusal = 64 * 1024

const startOf = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body) {
    pieces.push(piece)
    bytes += piece.length
    if (bytes > longestRefusal) break
  }
  return Buffer.concat(pieces).toString('utf8', 0, longestRefusal)
}

async function* piecesOf(
  body: AsyncIterable<Uint8Array>,
  faultOf: (cause: unknown) => Fault,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (cause) {
    throw faultOf(cause)
  }
}

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
