import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import * as z from 'zod'
import { NodeSpec } from '../../clients/docker-objects.ts'
import { withoutVersion } from '../docker/routes.ts'
import type { Caller } from './access.ts'
import type { PlacingProxy, ProxyOptions } from './proxy-contract.ts'
import { Denial, demand, type Need } from './proxy-denial.ts'
import { bytesOf, EngineSocket, forwardable, messageOf } from './proxy-engine.ts'
import { passEvents } from './proxy-events.ts'
import { collectionIdOf, collectionLabel, joinedNodeLabels, rootCollection } from './proxy-labels.ts'
import {
  collectionOf,
  entriesOf,
  findObject,
  listObjects,
  type PlacedObject,
  placedObject,
} from './proxy-objects.ts'
import { ruleOf, type Subject, viewOperation } from './proxy-rules.ts'
import { creates, judgeUpdate, nodePolicyOf } from './proxy-writes.ts'

/** Largest body the proxy reads to judge it: swarm's largest config is 1 MB, base64 makes it a third more. */
const mostBodyBytes = 8 * 1024 ** 2

/** How many whereabouts are remembered, for events of things that are gone. */
const mostRemembered = 10_000

interface Call {
  readonly caller: Caller
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly method: string
  /** Without version prefix and query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly reference: string
}

const withQuery = (path: string, query: URLSearchParams): string =>
  query.size === 0 ? path : `${path}?${query}`

/** The path with the reference replaced by the id of what was checked, so that the engine touches that very thing. */
const pinned = (path: string, reference: string, id: string): string =>
  path.replace(`/${reference}`, `/${encodeURIComponent(id)}`)

const decoded = (reference: string): string => {
  try {
    return decodeURIComponent(reference)
  } catch {
    throw new Denial(400, `bad reference: ${reference}`)
  }
}

const denialOf = (error: unknown): Denial =>
  error instanceof Denial ? error : new Denial(500, error instanceof Error ? error.message : String(error))

const sendJson = (response: ServerResponse, status: number, json: unknown): void => {
  if (response.headersSent) {
    response.destroy()
    return
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(json)}\n`)
}

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  if (Number(request.headers['content-length'] ?? 0) > mostBodyBytes)
    throw new Denial(413, 'the body is too large')
  const body = await bytesOf(request)
  if (body.length > mostBodyBytes) throw new Denial(413, 'the body is too large')
  return body
}

const Joined = z.looseObject({ ID: z.string(), Version: z.object({ Index: z.number() }), Spec: NodeSpec })
const Made = z.looseObject({
  ID: z.string().optional(),
  Id: z.string().optional(),
  Name: z.string().optional(),
})
const ConnectForm = z.looseObject({ Container: z.string() })

class AccessProxy implements PlacingProxy {
  readonly #options: ProxyOptions
  readonly #engine: EngineSocket
  /** Collection ids by `subject/id`. */
  readonly #seen = new Map<string, string>()
  #placing: Promise<number> = Promise.resolve(0)

  constructor(options: ProxyOptions) {
    this.#options = options
    this.#engine = new EngineSocket(options.engineSocket)
  }

  async handle(caller: Caller, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(this.#callOf(caller, request, response))
    } catch (error) {
      const { status, message } = denialOf(error)
      sendJson(response, status, { message })
    }
  }

  async upgrade(caller: Caller, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    try {
      const path = await this.#hijackPath(caller, request)
      this.#splice(request, path, socket, head)
    } catch (error) {
      const { status, message } = denialOf(error)
      const body = `${JSON.stringify({ message })}\n`
      socket.end(
        `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      )
    }
  }

  readonly census = async (collectionId: string): Promise<{ nodes: number; resources: number }> => {
    const count = async (subject: Parameters<typeof listObjects>[1]): Promise<number> =>
      (await listObjects(this.#engine, subject)).filter(
        (object) =>
          collectionIdOf(object.labels) === collectionId &&
          !(subject === 'container' && 'com.docker.swarm.task.id' in (object.labels ?? {})),
      ).length
    const counts = await Promise.all(
      (['service', 'secret', 'config', 'network', 'volume', 'container'] as const).map(count),
    )
    return { nodes: await count('node'), resources: counts.reduce((sum, one) => sum + one, 0) }
  }

  placeNodes(): Promise<number> {
    this.#placing = this.#placing.catch(() => 0).then(() => this.#placeNow())
    return this.#placing
  }

  async close(): Promise<void> {
    this.#engine.close()
  }

  #callOf(caller: Caller, request: IncomingMessage, response: ServerResponse): Call {
    const url = new URL(request.url ?? '/', 'http://ucp')
    const { path } = withoutVersion(url.pathname)
    const method = request.method ?? 'GET'
    return {
      caller,
      request,
      response,
      method,
      path,
      query: url.searchParams,
      reference: ruleOf(method, path).reference,
    }
  }

  async #route(call: Call): Promise<void> {
    const { rule } = ruleOf(call.method, call.path)
    if (/^\/(?:nodes|services\/create)/.test(call.path)) await this.placeNodes()
    switch (rule.kind) {
      case 'anyone':
        return this.#forward(call)
      case 'admin':
        if (!call.caller.isAdmin) throw new Denial(403, 'access denied')
        return this.#forward(call)
      case 'unsupported':
        throw new Denial(501, `${call.path} is not supported by UCP`)
      case 'events':
        return this.#events(call)
      case 'image':
        this.#demandImage(call, rule)
        return this.#forward(call)
      case 'list':
        return this.#list(call, rule.subject, rule.operation)
      case 'object':
        return this.#object(call, rule)
      case 'create':
        return this.#create(call, rule.subject, rule.operation)
      case 'update':
        return this.#update(call, rule.subject, rule.operations)
    }
  }

  #demandImage(call: Call, { operation, forced }: { operation: string; forced?: string }): void {
    const isForced = ['1', 'true'].includes(call.query.get('force') ?? '')
    demand(this.#options.access, call.caller, [
      { operation, collectionId: rootCollection },
      ...(forced !== undefined && isForced
        ? [{ operation, collectionId: rootCollection, variant: forced }]
        : []),
    ])
  }

  /** Sends the call on as it is, its body and answer as streams. */
  async #forward(call: Call, path = call.path, body: Buffer | IncomingMessage = call.request): Promise<void> {
    const answer = await this.#engine.open({
      method: call.method,
      path: withQuery(path, call.query),
      headers: this.#headers(call.request, body),
      ...(call.method === 'GET' || call.method === 'HEAD' ? {} : { body }),
    })
    const { connection: _c, 'transfer-encoding': _t, 'keep-alive': _k, ...headers } = answer.headers
    call.response.writeHead(answer.statusCode ?? 502, headers)
    call.response.flushHeaders()
    call.response.once('close', () => answer.destroy())
    answer.once('error', () => call.response.destroy())
    answer.pipe(call.response)
  }

  #headers(request: IncomingMessage, body: Buffer | IncomingMessage): Record<string, string> {
    const length = request.headers['content-length']
    return {
      ...forwardable(request.headers),
      ...(Buffer.isBuffer(body) || length === undefined ? {} : { 'content-length': length }),
    }
  }

  async #events(call: Call): Promise<void> {
    if (call.caller.isAdmin) return this.#forward(call)
    const answer = await this.#engine.open({ method: 'GET', path: withQuery('/events', call.query) })
    if (answer.statusCode !== 200)
      throw new Denial(answer.statusCode ?? 502, messageOf((await bytesOf(answer)).toString('utf8')))
    const { access } = this.#options
    const whereabouts = (subject: Subject, id: string) => this.#whereabouts(subject, id)
    await passEvents({ access, caller: call.caller, whereabouts }, answer, call.response)
  }

  async #whereabouts(subject: Subject, id: string): Promise<string | undefined> {
    const object = await findObject(this.#engine, subject, id).catch(() => undefined)
    if (object === undefined) return this.#seen.get(`${subject}/${id}`)
    this.#remember(subject, object.id, collectionOf(object))
    return collectionOf(object)
  }

  #remember(subject: Subject, id: string, collectionId: string): void {
    const key = `${subject}/${id}`
    this.#seen.delete(key)
    this.#seen.set(key, collectionId)
    const [oldest] = this.#seen.keys()
    if (this.#seen.size > mostRemembered && oldest !== undefined) this.#seen.delete(oldest)
  }

  async #list(call: Call, subject: Subject, operation: string): Promise<void> {
    if (call.caller.isAdmin) return this.#forward(call)
    const limit = Number(call.query.get('limit') ?? 0)
    call.query.delete('limit')
    const answer = await this.#engine.call({ method: 'GET', path: withQuery(call.path, call.query) })
    if (answer.status !== 200) throw new Denial(answer.status, messageOf(answer.text))
    const json: unknown = JSON.parse(answer.text)
    const visible = entriesOf(json).filter((entry) => this.#isVisible(call.caller, subject, operation, entry))
    const shown = limit > 0 ? visible.slice(0, limit) : visible
    sendJson(call.response, 200, Array.isArray(json) ? shown : { ...(json as object), Volumes: shown })
  }

  #isVisible(caller: Caller, subject: Subject, operation: string, entry: unknown): boolean {
    const object = placedObject(subject, entry)
    this.#remember(subject, object.id, collectionOf(object))
    return this.#options.access.may(caller, operation, collectionOf(object))
  }

  /** The object of a call, checked; undefined where there is none, which the engine then says itself. */
  async #checked(
    caller: Caller,
    subject: Subject,
    reference: string,
    operations: readonly string[],
  ): Promise<PlacedObject | undefined> {
    const object = await findObject(this.#engine, subject, decoded(reference))
    if (object === undefined) return undefined
    const collectionId = collectionOf(object)
    this.#remember(subject, object.id, collectionId)
    const isHidden = !this.#options.access.may(caller, viewOperation[subject], collectionId)
    if (isHidden && this.#options.hiddenStatus === 404 && !caller.isAdmin)
      throw new Denial(404, `${subject} ${reference} not found`)
    demand(
      this.#options.access,
      caller,
      operations.map((operation): Need => ({ operation, collectionId })),
    )
    return object
  }

  async #object(call: Call, rule: { subject: Subject; operation: string; inBody?: string }): Promise<void> {
    const object = await this.#checked(call.caller, rule.subject, call.reference, [rule.operation])
    const path = object === undefined ? call.path : pinned(call.path, call.reference, object.id)
    if (rule.inBody === undefined) return this.#forward(call, path)
    const body = await readBody(call.request)
    await this.#checkContainerInBody(call.caller, body, rule.inBody)
    return this.#forward(call, path, body)
  }

  async #checkContainerInBody(caller: Caller, body: Buffer, operation: string): Promise<void> {
    const form = ConnectForm.safeParse(parseJson(body))
    if (!form.success) throw new Denial(400, 'Container: a container is needed')
    await this.#checked(caller, 'container', encodeURIComponent(form.data.Container), [operation])
  }

  async #create(call: Call, subject: Subject, operation: string): Promise<void> {
    const judge = creates[subject]
    if (judge === undefined) throw new Denial(501, `${call.path} is not supported by UCP`)
    const write = await this.#write(call)
    const { body, collectionId } = await judge(write, operation)
    const answer = await this.#engine.call({
      method: 'POST',
      path: withQuery(call.path, call.query),
      body,
      headers: this.#headers(call.request, body),
    })
    const made = Made.safeParse(parseJson(answer.text)).data
    const id = made?.ID ?? made?.Id ?? made?.Name
    if (answer.status < 300 && id !== undefined) this.#remember(subject, id, collectionId)
    call.response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.text)
  }

  async #update(call: Call, subject: Subject, operations: readonly string[]): Promise<void> {
    const object = await findObject(this.#engine, subject, decoded(call.reference))
    if (object === undefined) return this.#forward(call)
    const write = await this.#write(call)
    const isRollback = call.query.get('rollback') === 'previous'
    const { body, collectionId } = await judgeUpdate(write, subject, object, { operations, isRollback })
    this.#remember(subject, object.id, collectionId)
    return this.#forward(call, pinned(call.path, call.reference, object.id), body)
  }

  async #write(call: Call) {
    return {
      caller: call.caller,
      options: this.#options,
      engine: this.#engine,
      body: await readBody(call.request),
    }
  }

  /** The path a hijacked connection may be opened to. */
  async #hijackPath(caller: Caller, request: IncomingMessage): Promise<string> {
    const url = new URL(request.url ?? '/', 'http://ucp')
    const { path } = withoutVersion(url.pathname)
    const { rule, reference } = ruleOf(request.method ?? 'GET', path)
    if (rule.kind !== 'object' || (rule.subject !== 'exec' && rule.subject !== 'container'))
      throw new Denial(400, 'this call does not upgrade its connection')
    const object = await this.#checked(caller, rule.subject, reference, [rule.operation])
    if (object === undefined) throw new Denial(404, `No such ${rule.subject}: ${reference}`)
    return withQuery(pinned(path, reference, object.id), url.searchParams)
  }

  /** Joins the caller's connection with one to the engine, from the request line on. */
  #splice(request: IncomingMessage, path: string, socket: Duplex, head: Buffer): void {
    const length = request.headers['content-length']
    const headers = {
      ...forwardable(request.headers),
      host: 'engine',
      connection: 'Upgrade',
      upgrade: request.headers.upgrade ?? 'tcp',
      ...(length === undefined ? {} : { 'content-length': length }),
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const engine = connect(this.#options.engineSocket)
    engine.write([`${request.method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n'))
    if (head.length > 0) engine.write(head)
    engine.on('error', () => socket.destroy())
    socket.on('close', () => engine.destroy())
    engine.pipe(socket)
    socket.pipe(engine)
  }

  async #placeNow(): Promise<number> {
    const nodes = z.array(Joined).parse((await this.#engine.read('/nodes')) ?? [])
    const homeless = nodes.filter(({ Spec }) => Spec.Labels?.[collectionLabel] === undefined)
    for (const node of homeless) await this.#placeNode(node)
    return homeless.length
  }

  async #placeNode({ ID, Version, Spec }: z.infer<typeof Joined>): Promise<void> {
    const { access } = this.#options
    const home = access.collectionByPath(Spec.Role === 'manager' ? '/System' : '/Shared')
    if (home === undefined) return
    const orchestrator = nodePolicyOf(access).defaultNodeOrchestrator
    const spec = { ...Spec, Labels: joinedNodeLabels(home, orchestrator, Spec.Labels) }
    const { status, text } = await this.#engine.call({
      method: 'POST',
      path: `/nodes/${ID}/update?version=${Version.Index}`,
      body: Buffer.from(JSON.stringify(spec)),
      headers: { 'content-type': 'application/json' },
    })
    // Out of sequence: somebody else has just changed it; the next call looks again.
    if (status >= 400 && !/out of sequence/.test(text)) throw new Denial(status, messageOf(text))
  }
}

const parseJson = (body: Buffer | string): unknown => {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

/** UCP's access layer in front of an engine's unix socket (reference §6 and §7). Opens no connection by itself. */
export const proxyEngine = (options: ProxyOptions): PlacingProxy => new AccessProxy(options)
