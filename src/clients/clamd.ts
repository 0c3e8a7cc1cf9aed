import { connect, type Socket } from 'node:net'
import { Fault } from '../core/fault.ts'

export interface ClamdOptions {
  /** `tcp://host:port` or `unix:///path`. */
  readonly endpoint: string
  /** Longest silence: while connecting, while it takes what it is sent, and until its verdict. */
  readonly timeoutMilliseconds?: number
  /** The daemon's `StreamMaxLength`: what is longer it refuses. 25 MiB where absent, as it has where nothing is set. */
  readonly streamBytes?: number
}

/** What the daemon says of a stream. */
export type Verdict =
  | { readonly kind: 'clean' }
  | { readonly kind: 'found'; readonly signature: string }
  /** It did not look, or not at all of it. */
  | { readonly kind: 'unscanned'; readonly reason: string }

/** As the daemon names itself. */
export interface ClamdVersion {
  readonly text: string
  /** Date of its signatures, ISO 8601; absent where they carry none. */
  readonly signaturesFrom?: string
}

/** A scan of a large archive takes the daemon minutes: its own MaxScanTime is two. */
const standardTimeoutMilliseconds = 180_000

/** Source: clamd(8), StreamMaxLength of old releases; newer ones take 100 MiB. */
export const standardStreamBytes = 25 * 1024 ** 2

const longestAnswer = 4096

/** One send, in bytes. */
const chunkBytes = 64 * 1024

/** The daemon's own doubts, which are no malware: it stopped before the end. */
const limitMark = 'Heuristics.Limits.Exceeded'

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no code'

/** `stream: Eicar-Signature FOUND`. Never throws. */
export const parseVerdict = (answer: string): Verdict => {
  const text = answer.replace(/^\d+: /, '').replace(/^stream: /, '')
  if (text === 'OK') return { kind: 'clean' }
  const signature = /^(.+) FOUND$/.exec(text)?.[1]
  if (signature?.startsWith(limitMark))
    return { kind: 'unscanned', reason: `The scanner stopped at a limit of its own (${signature}).` }
  if (signature !== undefined) return { kind: 'found', signature }
  return { kind: 'unscanned', reason: `The scanner answered ${JSON.stringify(text.slice(0, 200))}.` }
}

/** `ClamAV 1.4.3/27500/Mon Nov  3 08:12:01 2025`. Never throws. */
export const parseVersion = (text: string): ClamdVersion => {
  const [, , date] = text.split('/', 3)
  const from = date === undefined ? Number.NaN : Date.parse(`${date} UTC`)
  return { text, ...(Number.isNaN(from) ? {} : { signaturesFrom: new Date(from).toISOString() }) }
}

/** One conversation: a command, perhaps data, one answer. The daemon closes behind it. */
class Conversation {
  readonly #socket: Socket
  readonly #answer: Promise<string>
  #failure: Error | undefined

  constructor(socket: Socket, timeoutMilliseconds: number) {
    this.#socket = socket
    this.#answer = new Promise((resolve, reject) => {
      let text = ''
      const fail = (error: Error) => {
        this.#failure ??= error
        reject(error)
        socket.destroy()
      }
      socket.setTimeout(timeoutMilliseconds, () =>
        fail(Object.assign(new Error('silence'), { code: 'ETIMEDOUT' })),
      )
      socket.on('data', (piece: Buffer) => {
        text += piece.toString('latin1')
        const end = text.indexOf('\0')
        if (end !== -1) resolve(text.slice(0, end))
        else if (text.length > longestAnswer) fail(Object.assign(new Error('endless'), { code: 'EMSGSIZE' }))
      })
      socket.on('error', fail)
      socket.on('close', () => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
    })
    this.#answer.catch(() => undefined)
  }

  /** Resolves when there is room for more; rejects where the daemon is gone. */
  async send(bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#socket.write(bytes)) return
    await new Promise<void>((resolve, reject) => {
      const settle = () => {
        this.#socket.off('drain', settle).off('close', settle)
        if (this.#failure === undefined) resolve()
        else reject(this.#failure)
      }
      this.#socket.once('drain', settle).once('close', settle)
    })
  }

  answer(): Promise<string> {
    return this.#answer
  }

  /** What it answered before the connection ended, perhaps. */
  async answered(): Promise<string | undefined> {
    return this.#answer.catch(() => undefined)
  }

  end(): void {
    this.#socket.destroy()
  }
}

const framed = function* (piece: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < piece.length; at += chunkBytes) {
    const part = piece.subarray(at, at + chunkBytes)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    yield length
    yield part
  }
}

/**
 * ClamAV's daemon: asks its version, and has it scan a stream (`INSTREAM`). A connection for each, so that a stream that breaks
 * troubles no other.
 *
 * Errors: `@throws {Fault}` `unreachable` or `timeout` where the daemon is not there or silent. Source: clamd(8).
 */
export class Clamd {
  readonly #options: ClamdOptions
  readonly #open = new Set<Conversation>()

  constructor(options: ClamdOptions) {
    this.#options = options
  }

  get endpoint(): string {
    return this.#options.endpoint
  }

  /** Longest stream the daemon takes, in bytes. */
  get streamBytes(): number {
    return this.#options.streamBytes ?? standardStreamBytes
  }

  version(): Promise<ClamdVersion> {
    return this.#converse('VERSION', async (conversation) => parseVersion(await conversation.answer()))
  }

  /** @param pieces at most `streamBytes` in all; read to their end unless the daemon ends before. */
  scan(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Verdict> {
    return this.#converse('INSTREAM', async (conversation) => {
      for await (const piece of pieces)
        for (const part of framed(piece)) {
          try {
            await conversation.send(part)
          } catch (error) {
            return this.#early(conversation, error)
          }
        }
      try {
        await conversation.send(Buffer.alloc(4))
        return parseVerdict(await conversation.answer())
      } catch (error) {
        return this.#early(conversation, error)
      }
    })
  }

  /** Breaks what is under way. */
  close(): void {
    for (const conversation of this.#open) conversation.end()
  }

  /** A daemon that refuses a stream says so and closes, sometimes before its words arrive. */
  async #early(conversation: Conversation, error: unknown): Promise<Verdict> {
    const answer = await conversation.answered()
    if (answer !== undefined) return parseVerdict(answer)
    throw error
  }

  async #converse<T>(command: string, talk: (conversation: Conversation) => Promise<T>): Promise<T> {
    const { timeoutMilliseconds = standardTimeoutMilliseconds } = this.#options
    const conversation = new Conversation(this.#connect(), timeoutMilliseconds)
    this.#open.add(conversation)
    try {
      await conversation.send(Buffer.from(`z${command}\0`, 'latin1'))
      return await talk(conversation)
    } catch (error) {
      throw this.#fault(command, error)
    } finally {
      this.#open.delete(conversation)
      conversation.end()
    }
  }

  #connect(): Socket {
    const { endpoint } = this.#options
    if (endpoint.startsWith('unix://')) return connect({ path: endpoint.slice('unix://'.length) })
    const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
    if (url?.protocol !== 'tcp:' || url.port === '')
      throw new Fault(
        'invalid-request',
        `${JSON.stringify(endpoint)} is no address of a clamd: write tcp://host:port or unix:///path.`,
      )
    return connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) })
  }

  /** What is not the socket's is the reader's, and passes. */
  #fault(command: string, error: unknown): unknown {
    if (!(error instanceof Error) || !('code' in error) || 'place' in error || error instanceof Fault)
      return error
    const code = codeOf(error)
    const where = `clamd at ${this.endpoint}`
    if (code === 'ETIMEDOUT')
      return new Fault('timeout', `${where} was silent for too long during ${command}.`, {
        cause: error,
        details: {
          endpoint: this.endpoint,
          call: command,
          hint: 'Look at its load and its MaxScanTime, then run again.',
        },
      })
    return new Fault(
      'unreachable',
      `${where} cannot be reached, or broke off, during ${command} (${code}).`,
      {
        cause: error,
        retryable: true,
        details: {
          endpoint: this.endpoint,
          call: command,
          hint: 'Check the address, and that clamd runs and has signatures; then run again.',
        },
      },
    )
  }
}
