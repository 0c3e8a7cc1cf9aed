import { Fault, isFault } from '../core/fault.ts'
import { Secret } from '../core/secret.ts'
import { type AnswerObject, listOf, objectOf, orMissing, segment, textAt, textOr } from './answer.ts'
import { type Clock, systemClock } from './clock.ts'
import { Http, type HttpOptions } from './http.ts'
import type { HttpAnswer, HttpCall } from './http-call.ts'

export interface UcpOptions {
  /** `https://host:port`. */
  readonly endpoint: string
  readonly username: string
  readonly password: Secret
  /** PEM of the authority that signed UCP's certificate; the system's authorities where absent. */
  readonly caCertificate?: string
  readonly clock?: Clock
  readonly http?: Pick<HttpOptions, 'retries' | 'timeoutMilliseconds'>
}

/** What a call belongs to. */
export interface Scope {
  readonly signal?: AbortSignal
  /** In the reader's words, e.g. `team acme/developers`. */
  readonly resource?: string
}

interface Login {
  token: Promise<Secret> | undefined
  /** A refused login is not tried again: it would lock the account. */
  refusal: Fault | undefined
}

/** A list in pages, as UCP gives them. */
export interface PagedList {
  /** Path without the paging parameters. */
  readonly path: string
  /** Where the list stands in the answer; the answer itself is the list where absent. */
  readonly key?: string
  /** What identifies an item: the `start` of the page that begins with it. */
  readonly marker: (item: AnswerObject) => string
}

// The default page is 10 (reference §2.2); up to 1000 are used in the wild (§2.4).
const pageSize = 500

/**
 * UCP over HTTP: one login a process, renewed when a session was evicted, and lists read to their end.
 *
 * Errors: `@throws {Fault}` as `Http` does; `forbidden` names the collection's path rather than its id.
 * Source: reference §1.1, §1.2.
 */
export class Ucp {
  readonly #http: Http
  readonly #options: UcpOptions
  readonly #login: Login
  readonly #scope: Scope

  constructor(options: UcpOptions, shared?: { http: Http; login: Login; scope: Scope }) {
    this.#options = options
    this.#http =
      shared?.http ??
      new Http({
        system: 'UCP',
        endpoint: options.endpoint,
        credential: `the password of ${options.username}`,
        ...(options.caCertificate === undefined ? {} : { tls: { ca: options.caCertificate } }),
        ...options.http,
        ...(options.clock === undefined ? {} : { sleep: options.clock.wait }),
      })
    this.#login = shared?.login ?? { token: undefined, refusal: undefined }
    this.#scope = shared?.scope ?? {}
  }

  get endpoint(): string {
    return this.#http.endpoint
  }

  get clock(): Clock {
    return this.#options.clock ?? systemClock
  }

  /** The same session, for calls that belong to something. */
  within(scope: Scope): Ucp {
    return new Ucp(this.#options, { http: this.#http, login: this.#login, scope })
  }

  /** Sends with the session's token. */
  async send(call: HttpCall): Promise<HttpAnswer> {
    try {
      return await this.#authenticated(call)
    } catch (error) {
      throw isFault(error, 'forbidden') ? await this.#withPaths(error) : error
    }
  }

  /** `send`, with the answer parsed; an empty one is undefined. */
  async json(call: HttpCall): Promise<unknown> {
    const { text } = await this.send(call)
    if (text.trim() === '') return undefined
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new Fault(
        'protocol',
        `UCP at ${this.endpoint} did not answer ${call.method} ${call.path} with JSON.`,
        {
          cause,
          details: { endpoint: this.endpoint, hint: 'Check that the endpoint is UCP, not a proxy’s page.' },
        },
      )
    }
  }

  /** The object at a path; undefined where there is none. */
  get(path: string): Promise<AnswerObject | undefined> {
    return orMissing(this.json({ method: 'GET', path }).then(objectOf))
  }

  /** Every item of a list, in the server's order, each once. */
  async all(list: PagedList): Promise<AnswerObject[]> {
    const found = new Map<string, AnswerObject>()
    for (let start: string | undefined = ''; start !== undefined; ) {
      const query = new URLSearchParams({ limit: String(pageSize), ...(start === '' ? {} : { start }) })
      const answer = await this.json({
        method: 'GET',
        path: `${list.path}${list.path.includes('?') ? '&' : '?'}${query}`,
      })
      const before = found.size
      const page = listOf(list.key === undefined ? answer : objectOf(answer)[list.key]).map(objectOf)
      for (const item of page) found.set(list.marker(item), item)
      start = found.size === before ? undefined : nextStart(list, answer, page)
    }
    return [...found.values()]
  }

  async close(): Promise<void> {
    await this.#http.close()
  }

  async #authenticated(call: HttpCall): Promise<HttpAnswer> {
    const token = this.#token()
    try {
      return await this.#once(call, await token)
    } catch (error) {
      if (!isFault(error, 'unauthenticated') || this.#login.refusal !== undefined) throw error
      // Whoever is first drops the token; the others find the new login under way and share it.
      if (this.#login.token === token) this.#login.token = undefined
      return await this.#once(call, await this.#token())
    }
  }

  #once(call: HttpCall, token: Secret): Promise<HttpAnswer> {
    const { signal, resource } = this.#scope
    return this.#http.send({
      ...(signal === undefined ? {} : { signal }),
      ...(resource === undefined ? {} : { resource }),
      ...call,
      headers: { ...call.headers, authorization: new Secret(`Bearer ${token.reveal()}`) },
    })
  }

  #token(): Promise<Secret> {
    if (this.#login.refusal !== undefined) return Promise.reject(this.#login.refusal)
    this.#login.token ??= this.#logIn()
    return this.#login.token
  }

  async #logIn(): Promise<Secret> {
    const { username, password } = this.#options
    try {
      const answer = await this.#http.json({
        method: 'POST',
        path: '/auth/login',
        body: { username, password: password.reveal() },
        // It changes nothing of ours, so that it may be sent again.
        readOnly: true,
      })
      return new Secret(textAt(objectOf(answer), 'auth_token'))
    } catch (error) {
      this.#login.token = undefined
      if (isFault(error, 'unauthenticated') || isFault(error, 'forbidden')) throw this.#refused(error)
      throw error
    }
  }

  #refused(cause: Fault): Fault {
    this.#login.refusal = new Fault(
      'unauthenticated',
      `UCP at ${this.endpoint} refused the login of ${this.#options.username}.`,
      {
        cause,
        details: {
          endpoint: this.endpoint,
          call: 'POST /auth/login',
          hint: 'Check the user name and the password file of this cluster’s connection.',
        },
      },
    )
    return this.#login.refusal
  }

  /** A refusal with collections' paths in place of their ids (reference §7). */
  async #withPaths(fault: Fault): Promise<Fault> {
    const ids = new Set(
      [...fault.message.matchAll(/on collection ([\w-]+)/g)].flatMap((match) => match[1] ?? []),
    )
    let message = fault.message
    for (const id of ids) {
      const path = await this.#pathOf(id)
      if (path !== undefined) message = message.replaceAll(`on collection ${id}`, `on collection ${path}`)
    }
    return new Fault('forbidden', message.replace(/\s*\n\s*/g, ' '), {
      cause: fault,
      details: {
        ...fault.details,
        hint: `Check which grants ${this.#options.username} holds: this needs an administrator.`,
      },
    })
  }

  async #pathOf(id: string): Promise<string | undefined> {
    try {
      const answer = await this.#authenticated({ method: 'GET', path: `/collections/${segment(id)}` })
      return textOr(objectOf(JSON.parse(answer.text)), 'path') || undefined
    } catch {
      return undefined // The id must do.
    }
  }
}

/** Where the next page starts: the server's marker, else a full page's last item, which the next one repeats. */
const nextStart = (list: PagedList, answer: unknown, page: readonly AnswerObject[]): string | undefined => {
  const given = list.key === undefined ? undefined : objectOf(answer).nextPageStart
  if (typeof given === 'string') return given === '' ? undefined : given
  const last = page.at(-1)
  return last === undefined || page.length < pageSize ? undefined : list.marker(last)
}
