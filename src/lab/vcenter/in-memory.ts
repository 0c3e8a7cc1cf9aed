import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Secret } from '../../core/secret.ts'
import { createAuthority } from '../certificates.ts'
import { templateDevices } from './devices.ts'
import { sampleInventory } from './inventory.ts'
import { type LabVcenter, labVcenterUser } from './lab-vcenter.ts'
import { Sessions } from './sessions.ts'
import { inMemoryVersion, SoapEndpoint } from './soap-endpoint.ts'
import { TaggingEndpoint } from './tagging-endpoint.ts'

/** The in-memory vCenter, with what only it can do. */
export interface InMemoryVcenter extends LabVcenter {
  /** Ends all sessions, as a restart of a vCenter does. */
  readonly expireSessions: () => void
  /** Keeps clones that are asked for from now on under way, as large templates do, until the answer is called. */
  readonly holdClones: () => () => void
}

export interface InMemoryVcenterOptions {
  /** A free port where absent. */
  readonly port?: number
  readonly password?: Secret
}

/** A larger request than any of ours. */
const largestBodyBytes = 1024 * 1024

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > largestBodyBytes) throw new Error('The request is too large.')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const sessionCookie = (request: IncomingMessage): string | undefined =>
  /(?:^|;\s*)vmware_soap_session="?([^";]+)/.exec(request.headers.cookie ?? '')?.[1]

const headerText = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value

const answerSoap = async (
  soap: SoapEndpoint,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const { status, body, session } = soap.answer(await bodyOf(request), sessionCookie(request))
  response.writeHead(status, {
    'content-type': 'text/xml; charset=utf-8',
    ...(session === undefined
      ? {}
      : { 'set-cookie': `vmware_soap_session=${session}; Path=/; HttpOnly; Secure` }),
  })
  response.end(body)
}

const answerRest = async (
  tagging: TaggingEndpoint,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const url = new URL(request.url ?? '/', 'https://localhost')
  const text = await bodyOf(request)
  const { status, body } = tagging.answer({
    method: request.method ?? 'GET',
    path: decodeURIComponent(url.pathname),
    action: url.searchParams.get('~action') ?? undefined,
    session: headerText(request.headers['vmware-api-session-id']),
    authorization: request.headers.authorization,
    body: text === '' ? undefined : JSON.parse(text),
  })
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(body === undefined ? '' : JSON.stringify(body))
}

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

/** Starts a small vCenter in this process: the calls of `clients/vsphere*` and nothing more, over HTTPS on loopback. */
export const startInMemoryVcenter = async (
  options: InMemoryVcenterOptions = {},
): Promise<InMemoryVcenter> => {
  const password = options.password ?? new Secret(randomBytes(18).toString('base64url'))
  const sessions = new Sessions(labVcenterUser, password)
  const inventory = sampleInventory(templateDevices)
  const soap = new SoapEndpoint(inventory, sessions)
  const tagging = new TaggingEndpoint(sessions)
  const authority = await createAuthority('Tenantry lab vCenter CA')
  const { certificate, key } = await authority.issueServer('Tenantry lab vCenter')
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const path = request.url ?? ''
    const answered = path.startsWith('/rest/')
      ? answerRest(tagging, request, response)
      : path === '/sdk' && request.method === 'POST'
        ? answerSoap(soap, request, response)
        : Promise.reject(new Error('Nothing is here.'))
    answered.catch(() => response.writeHead(400).end())
  })
  const port = await listen(server, options.port ?? 0)
  return {
    name: 'vcenter',
    cluster: null,
    reality: 'stand-in',
    version: inMemoryVersion,
    address: `127.0.0.1:${port}`,
    user: labVcenterUser,
    password,
    caCertificate: authority.certificate,
    stop: () => (server.listening ? close(server) : Promise.resolve()),
    expireSessions: () => sessions.expire(),
    holdClones: () => {
      inventory.holdsClones = true
      return () => inventory.releaseClones()
    },
  }
}
