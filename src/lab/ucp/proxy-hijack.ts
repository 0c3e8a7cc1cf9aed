import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { forwardable } from './proxy-engine.ts'

/** Where a hijacked connection goes on to. */
export interface HijackTarget {
  readonly socketPath: string
  /** With version prefix and query. */
  readonly path: string
}

/** The request as the engine is to read it: its own head, without what proves who the caller is. Pure. */
const headOf = (request: IncomingMessage, path: string): string => {
  const length = request.headers['content-length']
  const headers = {
    ...forwardable(request.headers),
    host: 'engine',
    connection: 'Upgrade',
    upgrade: request.headers.upgrade ?? 'tcp',
    ...(length === undefined ? {} : { 'content-length': length }),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [`${request.method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}

/** Joins the caller's connection with one to the engine, from the request line on; one that ends ends the other. */
export const splice = (
  request: IncomingMessage,
  target: HijackTarget,
  socket: Duplex,
  head: Buffer,
): void => {
  const engine = connect(target.socketPath)
  engine.write(headOf(request, target.path))
  if (head.length > 0) engine.write(head)
  engine.on('error', () => socket.destroy())
  socket.on('close', () => engine.destroy())
  engine.on('close', () => socket.end())
  engine.pipe(socket)
  socket.pipe(engine)
}

/** Refuses a connection that wanted to be upgraded, as the engine refuses a call. */
export const refuseUpgrade = (socket: Duplex, status: number, message: string): void => {
  const body = `${JSON.stringify({ message })}\n`
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
