import {
  createServer as createHttpServer,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer, Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { KeyPair } from './certificates.ts'
import { Faults, type InjectedFault } from './faults.ts'
import { Port } from './port.ts'

/** One call that came by. Holds no header and no body. */
export interface ProxiedCall {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** The SOAP method in its body. */
  readonly operation?: string
  /** What the caller got; 0 where no answer was sent. */
  readonly status: number
  /** What the server answered; undefined where it was not asked, or did not answer. */
  readonly upstreamStatus?: number
  readonly fault?: InjectedFault['kind']
}

export interface FaultProxyOptions {
  /** The server it stands before: `http://host:port` or `https://host:port`. */
  readonly upstream: string
  /** PEM that an `https` upstream is checked against; the system's authorities where absent. */
  readonly upstreamCa?: string
  /** What it shows to its callers, which speak HTTPS then; plain HTTP where absent. */
  readonly tls?: Pick<KeyPair, 'certificate' | 'key'>
  /** New ones where absent. */
  readonly faults?: Faults
  /** Told of every call when it is over. */
  readonly onCall?: (call: ProxiedCall) => void
}

export interface FaultProxy {
  /** `http://127.0.0.1:port`, or `https:` with `tls`. */
  readonly address: string
  readonly faults: Faults
  /** Every call since the start or the last `forget`, in the order of their ends. */
  readonly calls: () => readonly ProxiedCall[]
  readonly forget: () => void
  /** Breaks every connection and refuses new ones until what it gives is called. */
  readonly refuse: () => () => Promise<void>
  /** Idempotent. */
  readonly stop: () => Promise<void>
}

interface Exchanged {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: Buffer
}

/** Of one connection only. Source: RFC 9110 §7.6.1; lengths are set anew, because bodies are held whole here. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
])

const endToEnd = (headers: IncomingMessage['headers']): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)))

const wholeBody = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(Buffer.from(chunk as Uint8Array))
  return Buffer.concat(chunks)
}

/** The first element in the body of a SOAP envelope, without its prefix. */
const operationOf = (body: Buffer): string | undefined =>
  /<(?:[\w-]+:)?Body\b[^>]*>\s*<(?:[\w-]+:)?([\w-]+)/.exec(body.toString('utf8'))?.[1]

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds).unref())

/** The server behind a proxy, over connections that are kept. */
class Upstream {
  readonly #target: URL
  readonly #agent: HttpAgent
  readonly #request: typeof httpRequest

  constructor({ upstream, upstreamCa }: FaultProxyOptions) {
    this.#target = new URL(upstream)
    const isSecure = this.#target.protocol === 'https:'
    this.#request = isSecure ? httpsRequest : httpRequest
    this.#agent = isSecure
      ? new HttpsAgent({ keepAlive: true, ...(upstreamCa === undefined ? {} : { ca: upstreamCa }) })
      : new HttpAgent({ keepAlive: true })
  }

  /** Sends the call on and gives the whole answer. */
  exchange(request: IncomingMessage, body: Buffer): Promise<Exchanged> {
    return new Promise((resolve, reject) => {
      const outgoing = this.#request(this.#optionsOf(request, body), (answer) => {
        wholeBody(answer)
          .then((whole) =>
            resolve({ status: answer.statusCode ?? 502, headers: endToEnd(answer.headers), body: whole }),
          )
          .catch(reject)
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }

  /** Sends half of the call and breaks the connection; resolves when it is broken. */
  sendHalf(request: IncomingMessage, body: Buffer): Promise<void> {
    return new Promise((resolve) => {
      // A connection of its own: one that is kept would break under another call.
      const outgoing = this.#request({ ...this.#optionsOf(request, body), agent: false })
      outgoing.once('close', () => resolve())
      outgoing.on('error', () => undefined)
      outgoing.on('response', (answer) => answer.resume())
      outgoing.write(body.subarray(0, body.length >> 1), () => outgoing.destroy())
    })
  }

  stop(): void {
    this.#agent.destroy()
  }

  #optionsOf(request: IncomingMessage, body: Buffer): RequestOptions {
    const { hostname, port } = this.#target
    const headers = endToEnd(request.headers)
    const hasBody = body.length > 0 || headers['content-length'] !== undefined
    return {
      hostname,
      port,
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: { ...headers, ...(hasBody ? { 'content-length': body.length } : {}) },
      agent: this.#agent,
    }
  }
}

const hasNoBody = (status: number): boolean => status === 204 || status === 304

const payloadOf = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body))

/** An injected answer of 400 and above. */
const injected = (fault: InjectedFault & { readonly kind: 'status' | 'status-after' }): Exchanged => ({
  status: fault.status,
  headers: { 'content-type': 'application/json', ...('headers' in fault ? fault.headers : {}) },
  body: Buffer.from(payloadOf(fault.body ?? { errors: ['injected fault'] })),
})

/** One call on its way through. */
class Passage {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #body: Buffer
  readonly #upstream: Upstream
  readonly #port: Port
  /** What the server answered. */
  upstreamStatus: number | undefined

  constructor(given: {
    request: IncomingMessage
    response: ServerResponse
    body: Buffer
    upstream: Upstream
    port: Port
  }) {
    this.#request = given.request
    this.#response = given.response
    this.#body = given.body
    this.#upstream = given.upstream
    this.#port = given.port
  }

  async under(fault: InjectedFault | undefined): Promise<void> {
    switch (fault?.kind) {
      case undefined:
        return this.#answer(await this.#exchange())
      case 'slow':
        await pause(fault.milliseconds)
        return this.#answer(await this.#exchange())
      case 'status':
        return this.#answer(injected(fault))
      case 'status-after':
        await this.#exchange()
        return this.#answer(injected(fault))
      case 'reset-before':
        return this.#breakOff()
      case 'reset-in-request':
        if (this.#body.length > 1) await this.#upstream.sendHalf(this.#request, this.#body)
        return this.#breakOff()
      case 'reset-after':
        await this.#exchange()
        return this.#breakOff()
      case 'reset-in-body':
        return this.#answerHalf(await this.#exchange())
      case 'timeout-before':
        return
      case 'timeout-after':
        await this.#exchange()
        return
      case 'refused':
        return this.#port.refuseFor(fault.milliseconds)
    }
  }

  async #exchange(): Promise<Exchanged> {
    const answer = await this.#upstream.exchange(this.#request, this.#body)
    this.upstreamStatus = answer.status
    return answer
  }

  #breakOff(): void {
    this.#port.reset(this.#request.socket)
  }

  #head({ status, headers, body }: Exchanged): void {
    const isHead = this.#request.method === 'HEAD'
    this.#response.writeHead(status, {
      ...headers,
      ...(hasNoBody(status) || isHead ? {} : { 'content-length': body.length }),
    })
  }

  #answer(answer: Exchanged): void {
    if (this.#response.destroyed) return
    this.#head(answer)
    this.#response.end(hasNoBody(answer.status) ? undefined : answer.body)
  }

  /** Without a body to cut, nothing at all is sent. */
  #answerHalf(answer: Exchanged): void {
    if (this.#response.destroyed || answer.body.length < 2) {
      this.#breakOff()
      return
    }
    this.#head(answer)
    this.#response.write(answer.body.subarray(0, answer.body.length >> 1), () =>
      setImmediate(() => this.#breakOff()),
    )
  }
}

/** A proxy's parts that every call needs. */
interface Passing {
  readonly upstream: Upstream
  readonly port: Port
  readonly faults: Faults
  readonly note: (call: ProxiedCall) => void
}

const pass = async (
  { upstream, port, faults, note }: Passing,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const body = await wholeBody(request)
  const operation = operationOf(body)
  const { method = '', url = '' } = request
  const fault = faults.next({ method, url, operation })
  const passage = new Passage({ request, response, body, upstream, port })
  response.once('close', () =>
    note({
      method,
      path: url,
      status: response.headersSent ? response.statusCode : 0,
      ...(operation === undefined ? {} : { operation }),
      ...(passage.upstreamStatus === undefined ? {} : { upstreamStatus: passage.upstreamStatus }),
      ...(fault === undefined ? {} : { fault: fault.kind }),
    }),
  )
  await passage.under(fault)
}

/** Longer than the pauses of a run, so that a caller does not meet a connection that is just closing. */
const keepAliveMilliseconds = 60_000

/**
 * Stands before a real HTTP(S) server on a free port of 127.0.0.1, passes everything on and breaks the calls that
 * `faults` names. Requests and answers are held whole: it is not for streams and not for upgraded connections.
 *
 * Where the server itself does not answer, the caller's connection breaks too.
 */
export const startFaultProxy = async (options: FaultProxyOptions): Promise<FaultProxy> => {
  const { tls, faults = new Faults() } = options
  const server =
    tls === undefined
      ? createHttpServer()
      : createHttpsServer({ cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' })
  server.keepAliveTimeout = keepAliveMilliseconds
  const port = await Port.open(server)
  const upstream = new Upstream(options)
  let calls: ProxiedCall[] = []
  const note = (call: ProxiedCall): void => {
    calls.push(call)
    options.onCall?.(call)
  }
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    pass({ upstream, port, faults, note }, request, response).catch(() => port.reset(request.socket))
  })
  return {
    address: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port.number}`,
    faults,
    calls: () => calls,
    forget: () => {
      calls = []
    },
    refuse: () => {
      port.shut()
      return () => port.reopen()
    },
    stop: async () => {
      await port.stop()
      upstream.stop()
    },
  }
}
