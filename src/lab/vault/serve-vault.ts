import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Secret } from '../../core/secret.ts'
import {
  InMemoryVault,
  type InMemoryVaultOptions,
  type RawAnswer,
  type RawRequest,
} from './in-memory-vault.ts'
import type { Body } from './request.ts'

/** A running Vault: the real one or the one in memory. */
export interface VaultServer {
  readonly reality: 'real' | 'stand-in'
  readonly version: string
  /** `http://127.0.0.1:port`. */
  readonly address: string
  readonly rootToken: Secret
  /** Idempotent. */
  readonly stop: () => Promise<void>
}

/** Vault's `max_request_size`: 32 MiB. */
const mostBytes = 32 * 1024 * 1024

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const buffer = Buffer.from(chunk as Uint8Array)
    size += buffer.length
    if (size > mostBytes) throw new RangeError('http: request body too large')
    chunks.push(buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const tokenOf = (request: IncomingMessage): string | undefined => {
  const header = request.headers['x-vault-token']
  if (typeof header === 'string' && header !== '') return header
  return /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
}

const headerOf = (request: IncomingMessage, name: string): string | undefined => {
  const header = request.headers[name]
  return typeof header === 'string' ? header : undefined
}

const parseBody = (text: string): Body | undefined => {
  if (text.trim() === '') return {}
  try {
    const body: unknown = JSON.parse(text)
    return body !== null && typeof body === 'object' && !Array.isArray(body) ? (body as Body) : undefined
  } catch {
    return undefined
  }
}

const rawRequest = (request: IncomingMessage, body: Body): RawRequest | undefined => {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (!url.pathname.startsWith('/v1/')) return undefined
  return {
    method: request.method ?? 'GET',
    path: decodeURIComponent(url.pathname.slice('/v1/'.length)),
    query: url.searchParams,
    token: tokenOf(request),
    body,
    wrapTtl: headerOf(request, 'x-vault-wrap-ttl'),
  }
}

const answerTo = async (vault: InMemoryVault, request: IncomingMessage): Promise<RawAnswer> => {
  const body = parseBody(await readBody(request))
  if (body === undefined) return { status: 400, body: { errors: ['error parsing JSON'] } }
  const raw = rawRequest(request, body)
  return raw === undefined ? { status: 404, body: { errors: [] } } : vault.answer(raw)
}

const send = (response: ServerResponse, answer: RawAnswer, isHead: boolean): void => {
  const text = answer.body === undefined || isHead ? '' : `${JSON.stringify(answer.body)}\n`
  response.writeHead(answer.status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(text)
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

/** An in-memory Vault on a free port of 127.0.0.1. */
export const startInMemoryVault = async (
  options: InMemoryVaultOptions,
): Promise<VaultServer & { readonly vault: InMemoryVault }> => {
  const vault = new InMemoryVault(options)
  const server = createServer((request, response) => {
    answerTo(vault, request)
      .catch((error: unknown): RawAnswer => ({ status: 400, body: { errors: [String(error)] } }))
      .then((answer) => send(response, answer, request.method === 'HEAD'))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    vault,
    reality: 'stand-in',
    version: 'in memory, speaks 1.19',
    address: `http://127.0.0.1:${port}`,
    rootToken: new Secret(options.rootToken),
    stop: () => close(server),
  }
}
