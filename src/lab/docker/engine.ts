import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Node } from '../../clients/docker-objects.ts'
import { hijackAttach, hijackExec } from './execs.ts'
import { addBuiltInNetworks } from './networks.ts'
import { addNode, dropNode, findNode, type Hardware, type JoiningNode, setNodeState } from './nodes.ts'
import { Refusal } from './refusal.ts'
import type { EngineAnswer, EngineRequest } from './request.ts'
import { route, type VersionedPath, withoutVersion } from './routes.ts'
import { type Container, createState, type EngineState, type Usage } from './state.ts'
import { apiVersion, oldestApiVersion } from './system.ts'

export interface EngineOptions {
  readonly socketPath: string
  /** Milliseconds since the epoch; the machine's clock where absent. */
  readonly clock?: () => number
  /** Ids follow from it; random where absent. */
  readonly seed?: string
  /** What a container uses, as `stats` shows it. */
  readonly usage?: (container: Container) => Usage
  /** Volume plugins of every machine; any that is asked for where absent. */
  readonly volumeDrivers?: readonly string[]
  /** Called when a node has joined, before `joinNode` resolves; UCP labels it here. */
  readonly onJoin?: () => Promise<unknown>
}

/** A Docker Engine in swarm mode that answers on a unix socket without any access rule: one in memory, or dockerd. */
export interface DockerEngine {
  readonly socketPath: string
  /** Adds a ready node. Resolves to its id. */
  joinNode(joining: JoiningNode): Promise<string>
  /** A machine that is gone for good, by host name or id; nothing where there is none. */
  removeNode(reference: string): Promise<void>
  /**
   * A machine that is switched off or comes back, with the hardware that it has now; a real engine tells that itself.
   * @throws {Refusal} when there is none.
   */
  setNodeState(reference: string, reached: 'ready' | 'down', hardware?: Hardware): Promise<void>
  nodes(): Promise<readonly Node[]>
  /** Calls this from now on when a node has joined, besides `onJoin`. */
  whenJoined(listener: () => Promise<unknown>): void
  stop(): Promise<void>
}

const serverHeaders = { 'api-version': apiVersion, ostype: 'linux', 'docker-experimental': 'false' }

type VersionedRequest = EngineRequest & Pick<VersionedPath, 'asked'>

const parse = (request: IncomingMessage, body: Buffer): VersionedRequest => {
  const url = new URL(request.url ?? '/', 'http://engine')
  const { path, asked } = withoutVersion(url.pathname)
  return {
    method: request.method ?? 'GET',
    path,
    query: url.searchParams,
    headers: request.headers,
    parameters: [],
    body,
    asked,
  }
}

const minor = (version: string): number => Number(version.split('.')[1])

const checkVersion = ({ asked }: VersionedRequest): void => {
  if (asked === undefined) return
  if (minor(asked) > minor(apiVersion))
    throw new Refusal(
      400,
      `client version ${asked} is too new. Maximum supported API version is ${apiVersion}`,
    )
  if (minor(asked) < minor(oldestApiVersion))
    throw new Refusal(
      400,
      `client version ${asked} is too old. Minimum supported API version is ${oldestApiVersion}, please upgrade your client to a newer version`,
    )
}

const answerOf = (state: EngineState, call: VersionedRequest): EngineAnswer => {
  checkVersion(call)
  const found = route(call.method, call.path)
  if (found === undefined) throw new Refusal(404, 'page not found')
  return found.handler(state, { ...call, parameters: found.parameters })
}

const refusalOf = (error: unknown): Refusal =>
  error instanceof Refusal ? error : new Refusal(500, error instanceof Error ? error.message : String(error))

const write = (response: ServerResponse, answer: EngineAnswer): void => {
  for (const [name, value] of Object.entries(serverHeaders)) response.setHeader(name, value)
  if ('stream' in answer) answer.stream(response)
  else if ('raw' in answer) response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.raw)
  else if ('json' in answer)
    response
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(`${JSON.stringify(answer.json)}\n`)
  else response.writeHead(answer.status).end()
}

const readAll = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const serve = async (
  state: EngineState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  try {
    write(response, answerOf(state, parse(request, await readAll(request))))
  } catch (error) {
    const { status, message } = refusalOf(error)
    write(response, { status, json: { message } })
  }
}

/** The body of an upgraded request: Node leaves it in the head and the socket. */
const readBody = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<Buffer> => {
  const length = Number(request.headers['content-length'] ?? 0)
  let body = head
  while (body.length < length) {
    const chunk: unknown = await new Promise((resolve, reject) => {
      socket
        .once('data', resolve)
        .once('error', reject)
        .once('end', () => resolve(undefined))
    })
    if (!(chunk instanceof Buffer)) break
    body = Buffer.concat([body, chunk])
  }
  return body.subarray(0, length)
}

const hijackers = [
  { pattern: /^\/exec\/([^/]+)\/start$/, hijack: hijackExec },
  { pattern: /^\/containers\/([^/]+)\/attach$/, hijack: hijackAttach },
] as const

const hijack = async (
  state: EngineState,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> => {
  socket.on('error', () => socket.destroy())
  try {
    const call = parse(request, await readBody(request, socket, head))
    for (const { pattern, hijack: answer } of hijackers) {
      const match = pattern.exec(call.path)
      if (match !== null) return answer(state, { ...call, parameters: match.slice(1) }, socket)
    }
    throw new Refusal(400, 'this call does not upgrade its connection')
  } catch (error) {
    const { status, message } = refusalOf(error)
    const body = `${JSON.stringify({ message })}\n`
    socket.end(
      `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    )
  }
}

const listen = (server: Server, socketPath: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, resolve)
  })

/**
 * Starts an engine that has run `swarm init` and has no nodes yet. It answers like dockerd, without any access rule.
 *
 * Errors: `@throws` the system's error when the socket cannot be made.
 */
export const startDockerEngine = async (options: EngineOptions): Promise<DockerEngine> => {
  const state = createState({
    clock: options.clock ?? Date.now,
    seed: options.seed ?? randomUUID(),
    ...(options.usage === undefined ? {} : { usage: options.usage }),
    ...(options.volumeDrivers === undefined ? {} : { volumeDrivers: options.volumeDrivers }),
  })
  addBuiltInNetworks(state)
  const listeners = options.onJoin === undefined ? [] : [options.onJoin]
  const sockets = new Set<Duplex>()
  const server = createServer((request, response) => void serve(state, request, response))
  server.on('upgrade', (request, socket, head) => void hijack(state, request, socket, head))
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await rm(options.socketPath, { force: true })
  await listen(server, options.socketPath)
  return {
    socketPath: options.socketPath,
    joinNode: async (joining) => {
      const { ID } = addNode(state, joining)
      for (const listener of listeners) await listener()
      return ID
    },
    removeNode: async (reference) => {
      const found = [...state.nodes.values()].find(
        ({ ID, Description }) => ID === reference || Description.Hostname === reference,
      )
      if (found !== undefined) dropNode(state, found)
    },
    setNodeState: async (reference, reached, hardware) =>
      setNodeState(state, findNode(state, reference).ID, reached, hardware),
    nodes: async () => [...state.nodes.values()],
    whenJoined: (listener) => {
      listeners.push(listener)
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
