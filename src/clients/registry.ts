import { Secret } from '../core/secret.ts'
import { type AnswerObject, listOf, objectOf, orMissing } from './answer.ts'
import type { Clock } from './clock.ts'
import { Http, type HttpOptions } from './http.ts'
import type { HttpAnswer, HttpCall } from './http-call.ts'
import type { Scope } from './ucp.ts'

export interface RegistryOptions {
  /** `https://host:port`. */
  readonly endpoint: string
  readonly username: string
  /** A password or an access token. */
  readonly token: Secret
  readonly caCertificate?: string
  readonly clock?: Clock
  readonly http?: Pick<HttpOptions, 'retries' | 'timeoutMilliseconds'>
}

// The default page is 10 (reference §8.1).
const pageSize = 100

/**
 * The registry (DTR) over HTTP with Basic credentials; paths are below `/api/v0`.
 *
 * Errors: `@throws {Fault}` as `Http` does. Source: reference §8.1.
 */
export class Registry {
  readonly #http: Http
  readonly #options: RegistryOptions
  readonly #authorization: Secret
  readonly #scope: Scope

  constructor(options: RegistryOptions, shared?: { http: Http; scope: Scope }) {
    this.#options = options
    this.#http =
      shared?.http ??
      new Http({
        system: 'The registry',
        endpoint: options.endpoint,
        credential: `the access token of ${options.username}`,
        ...(options.caCertificate === undefined ? {} : { tls: { ca: options.caCertificate } }),
        ...options.http,
        ...(options.clock === undefined ? {} : { sleep: options.clock.wait }),
      })
    const credentials = Buffer.from(`${options.username}:${options.token.reveal()}`).toString('base64')
    this.#authorization = new Secret(`Basic ${credentials}`)
    this.#scope = shared?.scope ?? {}
  }

  get endpoint(): string {
    return this.#http.endpoint
  }

  /** The same connection, for calls that belong to something. */
  within(scope: Scope): Registry {
    return new Registry(this.#options, { http: this.#http, scope })
  }

  send(call: HttpCall): Promise<HttpAnswer> {
    return this.#http.send(this.#scoped(call))
  }

  /** `send`, with the answer parsed; an empty one is undefined. */
  async json(call: HttpCall): Promise<unknown> {
    const { text } = await this.send(call)
    return text.trim() === '' ? undefined : JSON.parse(text)
  }

  /** The object at a path; undefined where there is none. */
  get(path: string): Promise<AnswerObject | undefined> {
    return orMissing(this.json({ method: 'GET', path }).then(objectOf))
  }

  /** Every item of a list, each once; undefined where what it belongs to is missing. */
  async all(list: {
    readonly path: string
    /** Where the list stands in the answer; the answer itself where absent. */
    readonly key?: string
    readonly marker: (item: AnswerObject) => string
  }): Promise<AnswerObject[] | undefined> {
    const found = new Map<string, AnswerObject>()
    for (let start = ''; ; ) {
      const query = new URLSearchParams({
        pageSize: String(pageSize),
        ...(start === '' ? {} : { pageStart: start }),
      })
      const path = `${list.path}${list.path.includes('?') ? '&' : '?'}${query}`
      const answer = await orMissing(this.json({ method: 'GET', path }).then((value) => ({ value })))
      if (answer === undefined) return undefined
      const before = found.size
      const page = listOf(list.key === undefined ? answer.value : objectOf(answer.value)[list.key]).map(
        objectOf,
      )
      for (const item of page) found.set(list.marker(item), item)
      const last = page.at(-1)
      if (last === undefined || page.length < pageSize || found.size === before) return [...found.values()]
      start = list.marker(last)
    }
  }

  async close(): Promise<void> {
    await this.#http.close()
  }

  #scoped(call: HttpCall): HttpCall {
    const { signal, resource } = this.#scope
    return {
      ...(signal === undefined ? {} : { signal }),
      ...(resource === undefined ? {} : { resource }),
      ...call,
      path: `/api/v0${call.path}`,
      headers: { ...call.headers, authorization: this.#authorization },
    }
  }
}
