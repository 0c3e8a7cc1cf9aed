import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A call as a stand-in sees it. */
export interface ForgeCall {
  readonly method: string
  readonly url: URL
  readonly header: (name: string) => string
  readonly body: unknown
}

export interface ForgeAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** What goes wrong with the next calls that match. */
export interface ForgeFault {
  /** `METHOD` and the beginning of a path. */
  readonly method: string
  readonly path: RegExp
  /** How many calls. */
  readonly times: number
  /** Instead of the answer; the call has its effect first where `after` says so. */
  readonly answer?: ForgeAnswer
  /** The connection breaks, or nobody answers. */
  readonly instead?: 'drop' | 'hang'
  readonly after?: boolean
}

/** A forge's HTTP API on loopback. */
export interface StandIn {
  readonly address: string
  /** `METHOD /path` of every call, in order. */
  readonly calls: readonly string[]
  readonly fail: (fault: ForgeFault) => void
  readonly close: () => Promise<void>
}

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  return text === '' ? undefined : JSON.parse(text)
}

const send = (response: ServerResponse, { status, headers = {}, body }: ForgeAnswer): void => {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
  response.end(body === undefined ? '' : JSON.stringify(body))
}

/** Serves calls with `handle`, but those that a fault was set for. */
export const serveForge = async (
  handle: (call: ForgeCall, address: string) => ForgeAnswer,
): Promise<StandIn> => {
  const calls: string[] = []
  let faults: { fault: ForgeFault; left: number }[] = []
  const faultFor = (method: string, path: string): ForgeFault | undefined => {
    const found = faults.find(({ fault }) => fault.method === method && fault.path.test(path))
    if (found === undefined) return undefined
    found.left -= 1
    faults = faults.filter(({ left }) => left > 0)
    return found.fault
  }
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', address)
    const method = request.method ?? ''
    calls.push(`${method} ${url.pathname}`)
    const fault = faultFor(method, url.pathname)
    const header = (name: string) => String(request.headers[name] ?? '')
    const call = { method, url, header, body: await readBody(request) }
    const answer = fault === undefined || fault.after === true ? handle(call, address) : undefined
    if (fault?.instead === 'drop') return response.destroy()
    if (fault?.instead === 'hang') return
    send(response, fault?.answer ?? answer ?? { status: 500, body: { message: 'no answer' } })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    address,
    calls,
    fail: (fault) => faults.push({ fault, left: fault.times }),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** One page of a list, as both forges cut it: 100 items at most. */
export const pageOf = <T>(
  items: readonly T[],
  { url }: ForgeCall,
  standard: number,
): { readonly items: readonly T[]; readonly page: number; readonly isLast: boolean } => {
  const size = Math.min(100, Number(url.searchParams.get('per_page') ?? standard))
  const page = Number(url.searchParams.get('page') ?? 1)
  const part = items.slice((page - 1) * size, page * size)
  return { items: part, page, isLast: page * size >= items.length }
}
