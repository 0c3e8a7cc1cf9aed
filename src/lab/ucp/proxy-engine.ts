import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { Denial } from './proxy-denial.ts'

/** A call to the engine behind the proxy. */
export interface EngineCall {
  readonly method: string
  /** With query, and the version prefix where the answer goes to a client of that version. */
  readonly path: string
  readonly body?: Buffer | IncomingMessage
  readonly headers?: Readonly<Record<string, string>>
  /** Gives the call up, also while the engine has not answered yet. */
  readonly signal?: AbortSignal
}

export interface EngineReply {
  readonly status: number
  readonly text: string
}

/** Headers that belong to the connection with the caller, or prove who the caller is. */
const ownHeaders = new Set([
  'authorization',
  'connection',
  'content-length',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The caller's headers that the engine may see. Pure. */
export const forwardable = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' && !ownHeaders.has(name) ? [[name, value]] : [],
    ),
  )

/** One engine's unix socket. */
export class EngineSocket {
  readonly socketPath: string
  /** Without a bound: logs that are followed and events hold their connection as long as their reader likes. */
  readonly #agent = new Agent({ keepAlive: true })

  constructor(socketPath: string) {
    this.socketPath = socketPath
  }

  /** Sends a call; a read that meets a connection just closed is sent again. @throws {Denial} 502 when the engine cannot be reached. */
  open(call: EngineCall): Promise<IncomingMessage> {
    return this.#send(call, call.method === 'GET' && call.body === undefined)
  }

  #send(call: EngineCall, isRepeatable: boolean): Promise<IncomingMessage> {
    const { method, path, body, headers = {}, signal } = call
    return new Promise((resolve, reject) => {
      const length = Buffer.isBuffer(body) ? { 'content-length': String(body.length) } : {}
      const sent = httpRequest(
        {
          agent: this.#agent,
          socketPath: this.socketPath,
          method,
          path,
          headers: { ...headers, ...length },
          ...(signal === undefined ? {} : { signal }),
        },
        resolve,
      )
      sent.on('error', (cause: NodeJS.ErrnoException) => {
        if (isRepeatable && sent.reusedSocket && cause.code === 'ECONNRESET') resolve(this.#send(call, false))
        else reject(new Denial(502, `the engine at ${this.socketPath} cannot be reached: ${cause.message}`))
      })
      if (body === undefined || Buffer.isBuffer(body)) sent.end(body)
      else body.once('error', () => sent.destroy()).pipe(sent)
    })
  }

  async call(call: EngineCall): Promise<EngineReply> {
    const response = await this.open(call)
    return { status: response.statusCode ?? 502, text: await textOf(response) }
  }

  /** The JSON of a read; undefined where there is none of it. @throws {Denial} with the engine's status otherwise. */
  async read(path: string): Promise<unknown> {
    const { status, text } = await this.call({ method: 'GET', path })
    if (status === 404) return undefined
    if (status >= 400) throw new Denial(status, messageOf(text))
    return JSON.parse(text)
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** The whole body as text. */
const textOf = async (message: IncomingMessage): Promise<string> => (await bytesOf(message)).toString('utf8')

export const bytesOf = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** The engine's sentence in an error body. Never throws. */
export const messageOf = (text: string): string => {
  try {
    const body: unknown = JSON.parse(text)
    if (body !== null && typeof body === 'object' && 'message' in body) return String(body.message)
  } catch {
    // Plain text.
  }
  return text.trim()
}
