import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Faults, InjectedFault } from '../faults.ts'
import { Port } from '../port.ts'
import type { AccessLog } from './access-log.ts'
import { sendAnswer } from './call.ts'

/** What a handler notes for the access log. */
export interface Note {
  user: string
}

export interface FrontDoorOptions {
  readonly certificate: string
  readonly key: string
  /** PEM of the authority whose client certificates are asked for; none are where absent. */
  readonly clientAuthority?: string
  readonly faults: Faults
  readonly log: AccessLog
  readonly now: () => number
  readonly handle: (request: IncomingMessage, response: ServerResponse, note: Note) => Promise<void>
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer, note: Note) => Promise<void>
}

export interface FrontDoor {
  readonly port: number
  readonly address: string
  /** Breaks every connection and refuses new ones until what it gives is called. */
  readonly refuse: () => () => Promise<void>
  /** Closes the port and every connection. Idempotent. */
  readonly stop: () => Promise<void>
}

type Muted = (after: () => void) => void

/** Lets the handler believe that it answers; `after` runs when it would have been done. */
const mute =
  (response: ServerResponse): Muted =>
  (after) => {
    const swallow = (...given: unknown[]): boolean => {
      const done = given.at(-1)
      if (typeof done === 'function') process.nextTick(() => done())
      return true
    }
    Object.assign(response, {
      writeHead: () => response,
      flushHeaders: () => undefined,
      write: swallow,
      end: (...given: unknown[]) => {
        swallow(...given)
        after()
        return response
      },
    })
  }

const answerWith = (response: ServerResponse, fault: { status: number; body?: unknown }): void =>
  sendAnswer(response, { status: fault.status, body: fault.body ?? { message: 'injected fault' } })

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds).unref())

/** Breaks the connection when half of what the handler answers is sent. */
const cutInHalf = (response: ServerResponse, breakOff: () => void): void => {
  const chunks: Buffer[] = []
  const { write } = response
  const collect = (...given: unknown[]): boolean => {
    const [chunk] = given
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk as string))
    const done = given.at(-1)
    if (typeof done === 'function') process.nextTick(() => done())
    return true
  }
  Object.assign(response, {
    write: collect,
    end: (...given: unknown[]) => {
      collect(...given)
      const body = Buffer.concat(chunks)
      if (body.length < 2) breakOff()
      else write.call(response, body.subarray(0, body.length >> 1), 'utf8', () => setImmediate(breakOff))
      return response
    },
  })
}

/** Resolves at the first part of the body, or at its end. */
const someOfBody = (request: IncomingMessage): Promise<void> =>
  new Promise((resolve) => {
    for (const event of ['data', 'end', 'close']) request.once(event, () => resolve())
  })

interface Faulted {
  readonly fault: InjectedFault
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly port: Port
  readonly run: (response: ServerResponse) => Promise<void>
}

/** Deals with one call under a fault; a handler that must not run is not run. */
const underFault = async ({ fault, request, response, port, run }: Faulted): Promise<void> => {
  const breakOff = (): void => port.reset(request.socket)
  switch (fault.kind) {
    case 'status':
      return sendAnswer(response, {
        status: fault.status,
        body: fault.body ?? { message: 'injected fault' },
        ...(fault.headers === undefined ? {} : { headers: fault.headers }),
      })
    case 'reset-before':
      return breakOff()
    case 'reset-in-request':
      await someOfBody(request)
      return breakOff()
    case 'refused':
      return port.refuseFor(fault.milliseconds)
    case 'reset-in-body':
      cutInHalf(response, breakOff)
      return run(response)
    case 'timeout-before':
      return
    case 'slow':
      await pause(fault.milliseconds)
      return run(response)
    case 'status-after': {
      const { writeHead, write, end } = response
      mute(response)(() => {
        Object.assign(response, { writeHead, write, end })
        answerWith(response, fault)
      })
      return run(response)
    }
    case 'reset-after':
      mute(response)(breakOff)
      return run(response)
    case 'timeout-after':
      mute(response)(() => undefined)
      return run(response)
  }
}

const record = (options: FrontDoorOptions, request: IncomingMessage, note: Note, status: number): void =>
  options.log.add({
    at: options.now(),
    method: request.method ?? '',
    path: request.url ?? '',
    user: note.user,
    status,
  })

const serve = async (
  options: FrontDoorOptions,
  port: Port,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const note: Note = { user: '' }
  response.once('close', () => record(options, request, note, response.headersSent ? response.statusCode : 0))
  const run = (target: ServerResponse): Promise<void> => options.handle(request, target, note)
  const fault = options.faults.next(request)
  await (fault === undefined ? run(response) : underFault({ fault, request, response, port, run }))
}

/** What keeps a hijacked connection from being made; the `-after` kinds and cuts of a body do not touch it. */
const preventsUpgrade = new Set<InjectedFault['kind']>([
  'status',
  'reset-before',
  'reset-in-request',
  'refused',
  'timeout-before',
])

/** What a fault does to a hijacked connection; whether the handler still runs. */
const survivesFault = async (
  fault: InjectedFault | undefined,
  socket: Duplex,
  port: Port,
): Promise<boolean> => {
  if (fault?.kind === 'slow') await pause(fault.milliseconds)
  if (fault?.kind === 'reset-before' || fault?.kind === 'reset-in-request') socket.destroy()
  if (fault?.kind === 'refused') await port.refuseFor(fault.milliseconds)
  if (fault?.kind === 'status')
    socket.end(`HTTP/1.1 ${fault.status} Injected\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
  return fault === undefined || !preventsUpgrade.has(fault.kind)
}

const upgraded = async (
  options: FrontDoorOptions,
  port: Port,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> => {
  const note: Note = { user: '' }
  if (!(await survivesFault(options.faults.next(request), socket, port))) return
  if (options.upgrade === undefined) {
    socket.destroy()
    return
  }
  await options.upgrade(request, socket, head, note)
  record(options, request, note, 101)
}

/** Longer than the pauses of a run, so that a client does not meet a connection that is just closing. */
const keepAliveMilliseconds = 60_000

/** Opens HTTPS on a free port of 127.0.0.1. */
export const openFrontDoor = async (options: FrontDoorOptions): Promise<FrontDoor> => {
  const server = createServer({
    // A client that has nothing more to say, such as `docker exec` without input, still wants the answer.
    allowHalfOpen: true,
    cert: options.certificate,
    key: options.key,
    minVersion: 'TLSv1.2',
    ...(options.clientAuthority === undefined
      ? {}
      : { ca: options.clientAuthority, requestCert: true, rejectUnauthorized: false }),
  })
  server.keepAliveTimeout = keepAliveMilliseconds
  const port = await Port.open(server)
  server.on('request', (request, response) => {
    serve(options, port, request, response).catch(() => response.destroy())
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    upgraded(options, port, request, socket, head).catch(() => socket.destroy())
  })
  return {
    port: port.number,
    address: `https://127.0.0.1:${port.number}`,
    refuse: () => {
      port.shut()
      return () => port.reopen()
    },
    stop: () => port.stop(),
  }
}
