import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { AccessLog } from './access-log.ts'
import { sendAnswer } from './call.ts'
import type { Faults, InjectedFault } from './faults.ts'

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

/** Deals with one call under a fault; a handler that must not run is not run. */
const underFault = async (
  fault: InjectedFault,
  response: ServerResponse,
  run: (response: ServerResponse) => Promise<void>,
): Promise<void> => {
  switch (fault.kind) {
    case 'status':
      return sendAnswer(response, {
        status: fault.status,
        body: fault.body ?? { message: 'injected fault' },
        ...(fault.headers === undefined ? {} : { headers: fault.headers }),
      })
    case 'reset-before':
      response.destroy()
      return
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
      mute(response)(() => response.destroy())
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
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const note: Note = { user: '' }
  response.once('close', () => record(options, request, note, response.headersSent ? response.statusCode : 0))
  const run = (target: ServerResponse): Promise<void> => options.handle(request, target, note)
  const fault = options.faults.next(request)
  await (fault === undefined ? run(response) : underFault(fault, response, run))
}

/** What a fault does to a hijacked connection; whether the handler still runs. The `-after` kinds do nothing here. */
const survivesFault = async (fault: InjectedFault | undefined, socket: Duplex): Promise<boolean> => {
  if (fault?.kind === 'slow') await pause(fault.milliseconds)
  if (fault?.kind === 'reset-before') socket.destroy()
  if (fault?.kind === 'status')
    socket.end(`HTTP/1.1 ${fault.status} Injected\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
  return fault?.kind !== 'timeout-before' && fault?.kind !== 'reset-before' && fault?.kind !== 'status'
}

const upgraded = async (
  options: FrontDoorOptions,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> => {
  const note: Note = { user: '' }
  if (!(await survivesFault(options.faults.next(request), socket))) return
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
    cert: options.certificate,
    key: options.key,
    minVersion: 'TLSv1.2',
    ...(options.clientAuthority === undefined
      ? {}
      : { ca: options.clientAuthority, requestCert: true, rejectUnauthorized: false }),
  })
  server.keepAliveTimeout = keepAliveMilliseconds
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('request', (request, response) => {
    serve(options, request, response).catch(() => response.destroy())
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    upgraded(options, request, socket, head).catch(() => socket.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return { port, address: `https://127.0.0.1:${port}`, stop: () => close(server, sockets) }
}

const close = (server: ReturnType<typeof createServer>, sockets: ReadonlySet<Socket>): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    for (const socket of sockets) socket.destroy()
  })
