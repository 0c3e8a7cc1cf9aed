import type { IncomingMessage, ServerResponse } from 'node:http'
import type * as z from 'zod'
import type { Caller } from './access.ts'
import { invalid, Refusal } from './refusal.ts'

/** Bodies of native calls are small; a public key with certificates is the largest. In bytes. */
const bodyLimitBytes = 4 * 1024 * 1024

/** Who calls a route that asks for nobody. */
export const anonymous: Caller = { id: '', name: '', isAdmin: false }

/** What a handler answers. `body` is sent as JSON, text and bytes as they are. */
export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One request to a native route, with what the front door knows of it. */
export class Call {
  readonly request: IncomingMessage
  readonly caller: Caller
  readonly query: URLSearchParams
  readonly #params: ReadonlyMap<string, string>

  constructor(given: {
    request: IncomingMessage
    caller: Caller
    query: URLSearchParams
    params: ReadonlyMap<string, string>
  }) {
    this.request = given.request
    this.caller = given.caller
    this.query = given.query
    this.#params = given.params
  }

  /** The decoded segment of the path that the pattern names. A name that is not in the pattern is a bug. */
  param(name: string): string {
    const value = this.#params.get(name)
    if (value === undefined) throw new Error(`The route has no segment :${name}`)
    return value
  }

  /** @throws {Refusal} 400 when the parameter is neither `true` nor `false`. */
  flag(name: string, fallback: boolean): boolean {
    const value = this.query.get(name)
    if (value === null || value === '') return fallback
    if (value !== 'true' && value !== 'false') throw invalid(`${name} must be true or false.`)
    return value === 'true'
  }

  /** The body as text. @throws {Refusal} 413 when it is too large, 400 when it is not UTF-8. */
  async text(): Promise<string> {
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of this.request) {
      const bytes = Buffer.from(chunk)
      size += bytes.length
      if (size > bodyLimitBytes) throw new Refusal(413, 'TOO_LARGE', 'The body is too large.')
      chunks.push(bytes)
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
    } catch {
      throw invalid('The body is not UTF-8.', 'INVALID_JSON')
    }
  }

  /** The body as the schema says; an empty one is `{}`. The content type is ignored (reference §1.1). */
  async body<S extends z.ZodType>(schema: S): Promise<z.output<S>> {
    const text = (await this.text()).trim()
    const parsed = schema.safeParse(text === '' ? {} : json(text))
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    throw invalid(`Invalid ${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'not understood'}`)
  }
}

const json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid('Unable to parse JSON.', 'INVALID_JSON')
  }
}

const payload = (body: unknown): string | Buffer => {
  if (Buffer.isBuffer(body) || typeof body === 'string') return body
  return body === undefined ? '' : JSON.stringify(body)
}

/** Sends an answer; does nothing when headers are out already. */
export const sendAnswer = (response: ServerResponse, answer: Answer): void => {
  if (response.headersSent || response.destroyed) return
  const bytes = Buffer.from(payload(answer.body))
  const described =
    answer.body === undefined
      ? {}
      : { 'content-type': answer.contentType ?? 'application/json; charset=utf-8' }
  response.writeHead(answer.status, {
    ...described,
    ...(answer.status === 204 ? {} : { 'content-length': String(bytes.length) }),
    ...answer.headers,
  })
  response.end(bytes)
}
