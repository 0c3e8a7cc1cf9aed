import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Fault } from '../core/fault.ts'

/** Whether a watcher does its work, and what it knows, for `/health`. */
export interface Health {
  readonly isWell: boolean
  readonly [fact: string]: unknown
}

/** What a watcher shows of itself. */
export interface Status {
  readonly metrics: () => string
  readonly health: () => Health
}

/** Where a watcher listens. */
export interface Listen {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
}

export interface ServedStatus {
  /** `http://127.0.0.1:9847`. */
  readonly address: string
  readonly stop: () => Promise<void>
}

const json = 'application/json'

const answers: Readonly<
  Record<string, (status: Status) => readonly [code: number, type: string, text: string]>
> = {
  '/metrics': ({ metrics }) => [200, 'text/plain; version=0.0.4; charset=utf-8', metrics()],
  '/health': ({ health }) => {
    const { isWell, ...facts } = health()
    return [isWell ? 200 : 503, json, `${JSON.stringify({ status: isWell ? 'well' : 'unwell', ...facts })}\n`]
  },
}

const listener =
  (status: Status): RequestListener =>
  ({ method, url = '' }, response) => {
    const answer = answers[url.split('?', 1)[0] ?? '']
    const isRead = method === 'GET' || method === 'HEAD'
    const [code, type, text] =
      answer === undefined
        ? ([404, json, '{"message":"There are /metrics and /health."}\n'] as const)
        : isRead
          ? answer(status)
          : ([405, json, '{"message":"Only GET."}\n'] as const)
    response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
    response.end(method === 'HEAD' ? undefined : text)
  }

const listening = (server: Server, { host, port }: Listen): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new Fault('conflict', `Nothing can listen on ${host}:${port} (${cause.code}).`, {
          cause,
          details: { hint: 'End what listens there, or name another place with --listen.' },
        }),
      ),
    )
    server.listen(port, host, () => resolve(server.address() as AddressInfo))
  })

/** Serves `/metrics` and `/health`. @throws {Fault} `conflict` where the place is taken. */
export const serveStatus = async (status: Status, listen: Listen): Promise<ServedStatus> => {
  const server = createServer(listener(status))
  const { port } = await listening(server, listen)
  return {
    address: `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
