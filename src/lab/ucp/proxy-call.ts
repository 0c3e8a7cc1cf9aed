import type { IncomingMessage, ServerResponse } from 'node:http'
import { withoutVersion } from '../docker/routes.ts'
import type { Caller } from './access.ts'
import { Denial } from './proxy-denial.ts'
import { bytesOf, type EngineReply, type EngineSocket, forwardable, messageOf } from './proxy-engine.ts'
import type { Engines } from './proxy-members.ts'
import { ruleOf } from './proxy-rules.ts'

/** Largest body the proxy reads to judge it: swarm's largest config is 1 MB, base64 makes it a third more. */
const mostBodyBytes = 8 * 1024 ** 2

/** A call of the Engine API by somebody whom the front door has found out. */
export interface Call {
  readonly caller: Caller
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly method: string
  /** `/v1.39` or nothing: the engine answers each client in its own version. */
  readonly prefix: string
  /** Without version prefix and query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly reference: string
}

/** What is sent on in place of the call as it came. */
interface Onward {
  readonly path?: string
  readonly body?: Buffer
}

/** Reads the head of a request; its body is not read yet. */
export const callOf = (caller: Caller, request: IncomingMessage, response: ServerResponse): Call => {
  const method = request.method ?? 'GET'
  return { caller, request, response, method, ...targetOf(method, request) }
}

/** What a request is about. `prefix` is kept apart, for rules know no versions. */
export const targetOf = (
  method: string,
  request: IncomingMessage,
): Pick<Call, 'prefix' | 'path' | 'query' | 'reference'> => {
  const url = new URL(request.url ?? '/', 'http://ucp')
  const { path } = withoutVersion(url.pathname)
  return {
    prefix: url.pathname.slice(0, -path.length),
    path,
    query: url.searchParams,
    reference: ruleOf(method, path).reference,
  }
}

export const withQuery = (path: string, query: URLSearchParams): string =>
  query.size === 0 ? path : `${path}?${query}`

/** A path `/things/reference/…` with the id of what was checked as its reference, so that the engine touches that very thing. */
export const pinned = (path: string, reference: string, id: string): string => {
  const start = path.indexOf('/', 1) + 1
  return path.slice(0, start) + encodeURIComponent(id) + path.slice(start + reference.length)
}

export const decoded = (reference: string): string => {
  try {
    return decodeURIComponent(reference)
  } catch {
    throw new Denial(400, `bad reference: ${reference}`)
  }
}

export const sendJson = (response: ServerResponse, status: number, json: unknown): void => {
  if (response.headersSent) {
    response.destroy()
    return
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(json)}\n`)
}

export const sendReply = (response: ServerResponse, { status, text }: EngineReply): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(text)
}

export const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  if (Number(request.headers['content-length'] ?? 0) > mostBodyBytes)
    throw new Denial(413, 'the body is too large')
  const body = await bytesOf(request)
  if (body.length > mostBodyBytes) throw new Denial(413, 'the body is too large')
  return body
}

/** Aborts when the caller goes away, so that what it follows is followed no longer. */
const whileAnswered = (response: ServerResponse): AbortSignal => {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  return gone.signal
}

/** The JSON of a body; undefined where it is none. */
export const parseJson = (body: Buffer | string): unknown => {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

/** The caller's headers as the engine may see them; a body that was rewritten has its own length. Pure. */
export const headersOf = (
  request: IncomingMessage,
  body: Buffer | IncomingMessage,
): Record<string, string> => {
  const length = request.headers['content-length']
  return {
    ...forwardable(request.headers),
    ...(Buffer.isBuffer(body) || length === undefined ? {} : { 'content-length': length }),
  }
}

/** Sends a call on, given up when its caller goes away. @throws {Denial} 502 where the engine cannot be reached. */
export const ask = (call: Call, engine: EngineSocket, onward: Onward = {}): Promise<IncomingMessage> => {
  const { path = call.path, body = call.request } = onward
  return engine.open({
    method: call.method,
    path: withQuery(call.prefix + path, call.query),
    headers: headersOf(call.request, body),
    signal: whileAnswered(call.response),
    ...(call.method === 'GET' || call.method === 'HEAD' ? {} : { body }),
  })
}

/** Sends a call on and answers it, bodies as streams, whatever the engine says. @throws {Denial} 502 where it says nothing. */
export const forward = async (call: Call, engine: EngineSocket, onward: Onward = {}): Promise<void> => {
  const answer = await ask(call, engine, onward)
  const { connection: _c, 'transfer-encoding': _t, 'keep-alive': _k, ...headers } = answer.headers
  call.response.writeHead(answer.statusCode ?? 502, headers)
  call.response.flushHeaders()
  call.response.once('close', () => answer.destroy())
  answer.once('error', () => call.response.destroy())
  answer.pipe(call.response)
}

/** What engines answer to one list call; nothing of a node that just left. @throws {Denial} as an engine refuses. */
export const listed = async (
  call: Call,
  { manager }: Engines,
  asked: readonly EngineSocket[],
): Promise<readonly unknown[]> => {
  const path = withQuery(call.prefix + call.path, call.query)
  const replies = await Promise.all(
    asked.map((engine) => {
      const reply = engine.call({ method: 'GET', path })
      return engine === manager ? reply : reply.catch(() => undefined)
    }),
  )
  return replies
    .filter((reply) => reply !== undefined)
    .map(({ status, text }): unknown => {
      if (status !== 200) throw new Denial(status, messageOf(text))
      return JSON.parse(text)
    })
}
