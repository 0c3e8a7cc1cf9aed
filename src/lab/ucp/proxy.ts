import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import * as z from 'zod'
import type { Caller } from './access.ts'
import {
  ask,
  type Call,
  callOf,
  decoded,
  forward,
  headersOf,
  listed,
  parseJson,
  pinned,
  readBody,
  sendJson,
  sendReply,
  targetOf,
  withQuery,
} from './proxy-call.ts'
import type { PlacingProxy, ProxyOptions } from './proxy-contract.ts'
import { Denial, demand, type Need } from './proxy-denial.ts'
import { bytesOf, type EngineReply, type EngineSocket, messageOf } from './proxy-engine.ts'
import { passEvents } from './proxy-events.ts'
import { type HijackTarget, refuseUpgrade, splice } from './proxy-hijack.ts'
import { collectionIdOf, rootCollection } from './proxy-labels.ts'
import { Engines } from './proxy-members.ts'
import { engineForContainer, placeHomeless } from './proxy-nodes.ts'
import {
  collectionOf,
  entriesOf,
  type FoundObject,
  findObject,
  findObjects,
  isKeptByNodes,
  listObjects,
  placedObject,
  withoutRepeats,
} from './proxy-objects.ts'
import { ruleOf, type Subject, viewOperation } from './proxy-rules.ts'
import { type Accepted, creates, judgeUpdate, type Write } from './proxy-writes.ts'

/** How many whereabouts are remembered, for events of things that are gone. */
const mostRemembered = 10_000

const denialOf = (error: unknown): Denial =>
  error instanceof Denial ? error : new Denial(500, error instanceof Error ? error.message : String(error))

/** Newest first, as an engine lists containers: several engines' lists become one. */
const created = (entry: unknown): number =>
  z.looseObject({ Created: z.number() }).safeParse(entry).data?.Created ?? 0

const isFailure = ({ status }: EngineReply): boolean => status >= 400

const Made = z.looseObject({
  ID: z.string().optional(),
  Id: z.string().optional(),
  Name: z.string().optional(),
})
const ConnectForm = z.looseObject({ Container: z.string() })

class AccessProxy implements PlacingProxy {
  readonly #options: ProxyOptions
  readonly #engines: Engines
  /** Collection ids by `subject/id`. */
  readonly #seen = new Map<string, string>()
  #placing: Promise<number> = Promise.resolve(0)

  constructor(options: ProxyOptions) {
    this.#options = options
    this.#engines = new Engines(options)
  }

  async handle(caller: Caller, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(callOf(caller, request, response))
    } catch (error) {
      const { status, message } = denialOf(error)
      sendJson(response, status, { message })
    }
  }

  async upgrade(caller: Caller, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    try {
      splice(request, await this.#hijackTarget(caller, request), socket, head)
    } catch (error) {
      const { status, message } = denialOf(error)
      refuseUpgrade(socket, status, message)
    }
  }

  readonly census = async (collectionId: string): Promise<{ nodes: number; resources: number }> => {
    const count = async (subject: Parameters<typeof listObjects>[1]): Promise<number> =>
      (await listObjects(this.#engines, subject)).filter(
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
    this.#placing = this.#placing
      .catch(() => 0)
      .then(() => placeHomeless(this.#engines, this.#options.access))
    return this.#placing
  }

  async close(): Promise<void> {
    this.#engines.close()
  }

  async #route(call: Call): Promise<void> {
    const { rule } = ruleOf(call.method, call.path)
    if (/^\/(?:nodes|services\/create)/.test(call.path)) await this.placeNodes()
    switch (rule.kind) {
      case 'anyone':
        return forward(call, this.#engines.manager)
      case 'admin':
        if (!call.caller.isAdmin) throw new Denial(403, 'access denied')
        return forward(call, this.#engines.manager)
      case 'unsupported':
        throw new Denial(501, `${call.path} is not supported by UCP`)
      case 'events':
        return this.#events(call)
      case 'image':
        this.#demandImage(call, rule)
        return this.#image(call)
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

  /** Images are the nodes' own: all of them in a list, one where it is; what changes them goes to the manager's engine. */
  async #image(call: Call): Promise<void> {
    if (call.method !== 'GET') return forward(call, this.#engines.manager)
    if (call.path === '/images/json') {
      const entries = (await listed(call, this.#engines, await this.#engines.all())).flatMap(entriesOf)
      return sendJson(call.response, 200, withoutRepeats(entries))
    }
    const path = call.path.replace(/(?:history|get)$/, 'json')
    const has = async (engine: EngineSocket) => ((await engine.read(path)) === undefined ? undefined : engine)
    const [engine] = (await this.#engines.each(has)).filter((one) => one !== undefined)
    return forward(call, engine ?? this.#engines.manager)
  }

  async #events(call: Call): Promise<void> {
    const streams = await this.#engines.each((engine) => ask(call, engine))
    const [first] = streams
    if (first?.statusCode !== 200) {
      for (const stream of streams.slice(1)) stream?.destroy()
      const text = first === undefined ? '' : (await bytesOf(first)).toString('utf8')
      throw new Denial(first?.statusCode ?? 502, messageOf(text))
    }
    const { access } = this.#options
    const whereabouts = (subject: Subject, id: string) => this.#whereabouts(subject, id)
    const open = streams.filter((stream) => stream?.statusCode === 200)
    await passEvents(
      { access, caller: call.caller, whereabouts },
      open.filter((stream) => stream !== undefined),
      call.response,
    )
  }

  async #whereabouts(subject: Subject, id: string): Promise<string | undefined> {
    const object = await findObject(this.#engines, subject, id).catch(() => undefined)
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
    const engines = isKeptByNodes(subject) ? await this.#engines.all() : [this.#engines.manager]
    if (call.caller.isAdmin && engines.length === 1) return forward(call, this.#engines.manager)
    const limit = Number(call.query.get('limit') ?? 0)
    call.query.delete('limit')
    const answers = await listed(call, this.#engines, engines)
    const visible = answers
      .flatMap(entriesOf)
      .filter((entry) => this.#isVisible(call.caller, subject, operation, entry))
    const merged = engines.length === 1 ? visible : withoutRepeats(visible)
    if (subject === 'container' && engines.length > 1) merged.sort((a, b) => created(b) - created(a))
    const shown = limit > 0 ? merged.slice(0, limit) : merged
    const [json] = answers
    sendJson(call.response, 200, Array.isArray(json) ? shown : { ...(json as object), Volumes: shown })
  }

  #isVisible(caller: Caller, subject: Subject, operation: string, entry: unknown): boolean {
    const object = placedObject(subject, entry)
    this.#remember(subject, object.id, collectionOf(object))
    return this.#options.access.may(caller, operation, collectionOf(object))
  }

  /** The object of a call, on each node that has it, checked; none where there is none, which the engine then says itself. */
  async #checked(
    caller: Caller,
    subject: Subject,
    reference: string,
    operations: readonly string[],
  ): Promise<readonly FoundObject[]> {
    const found = await findObjects(this.#engines, subject, decoded(reference))
    for (const object of found) {
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
    }
    return found
  }

  async #object(call: Call, rule: { subject: Subject; operation: string; inBody?: string }): Promise<void> {
    const found = await this.#checked(call.caller, rule.subject, call.reference, [rule.operation])
    if (found.length > 1 && call.method === 'DELETE') return this.#removeAll(call, found)
    const [object] = found
    const engine = object?.engine ?? this.#engines.manager
    const path = object === undefined ? call.path : pinned(call.path, call.reference, object.id)
    if (rule.inBody === undefined) return forward(call, engine, { path })
    const body = await readBody(call.request)
    const container = await this.#checkContainerInBody(call.caller, body, rule.inBody)
    return forward(call, container?.engine ?? engine, { path, body })
  }

  /** Removes what several nodes keep under one name, the manager's last: a node that refuses is answered, and asked again by the next. */
  async #removeAll(call: Call, found: readonly FoundObject[]): Promise<void> {
    const path = withQuery(call.prefix + call.path, call.query)
    for (const { engine } of found.slice(1).reverse()) {
      const reply = await engine.call({ method: 'DELETE', path })
      if (isFailure(reply) && reply.status !== 404) return sendReply(call.response, reply)
    }
    const [last] = found
    return forward(call, last?.engine ?? this.#engines.manager)
  }

  async #checkContainerInBody(
    caller: Caller,
    body: Buffer,
    operation: string,
  ): Promise<FoundObject | undefined> {
    const form = ConnectForm.safeParse(parseJson(body))
    if (!form.success) throw new Denial(400, 'Container: a container is needed')
    const found = await this.#checked(caller, 'container', encodeURIComponent(form.data.Container), [
      operation,
    ])
    return found[0]
  }

  async #create(call: Call, subject: Subject, operation: string): Promise<void> {
    const judge = creates[subject]
    if (judge === undefined) throw new Denial(501, `${call.path} is not supported by UCP`)
    const accepted = await judge(await this.#write(call), operation)
    const reply = await this.#made(call, subject, accepted)
    const made = Made.safeParse(parseJson(reply.text)).data
    const id = made?.ID ?? made?.Id ?? made?.Name
    if (!isFailure(reply) && id !== undefined) this.#remember(subject, id, accepted.collectionId)
    sendReply(call.response, reply)
  }

  /** A volume is made on every node, a container on one that may run it, the rest by the manager. */
  async #made(
    call: Call,
    subject: Subject,
    { body, schedulingCollectionId }: Accepted,
  ): Promise<EngineReply> {
    const make = (engine: EngineSocket): Promise<EngineReply> =>
      engine.call({
        method: 'POST',
        path: withQuery(call.prefix + call.path, call.query),
        body,
        headers: headersOf(call.request, body),
      })
    if (schedulingCollectionId !== undefined) {
      // A name is one in the whole swarm: the node that has it refuses it.
      const name = call.query.get('name')
      const taken = name === null ? undefined : await findObject(this.#engines, 'container', name)
      return make(taken?.engine ?? (await engineForContainer(this.#engines, schedulingCollectionId)))
    }
    const first = await make(this.#engines.manager)
    if (subject !== 'volume' || isFailure(first)) return first
    const others = (await this.#engines.all()).slice(1)
    const replies = await Promise.all(others.map((engine) => make(engine).catch(() => undefined)))
    return replies.find((reply) => reply !== undefined && isFailure(reply)) ?? first
  }

  async #update(call: Call, subject: Subject, operations: readonly string[]): Promise<void> {
    const object = await findObject(this.#engines, subject, decoded(call.reference))
    if (object === undefined) return forward(call, this.#engines.manager)
    const write = await this.#write(call)
    const isRollback = call.query.get('rollback') === 'previous'
    const { body, collectionId } = await judgeUpdate(write, subject, object, { operations, isRollback })
    this.#remember(subject, object.id, collectionId)
    return forward(call, object.engine, { path: pinned(call.path, call.reference, object.id), body })
  }

  async #write(call: Call): Promise<Write> {
    return {
      caller: call.caller,
      options: this.#options,
      engines: this.#engines,
      body: await readBody(call.request),
    }
  }

  /** Where a hijacked connection may go. */
  async #hijackTarget(caller: Caller, request: IncomingMessage): Promise<HijackTarget> {
    const method = request.method ?? 'GET'
    const { prefix, path, query, reference } = targetOf(method, request)
    const { rule } = ruleOf(method, path)
    if (rule.kind !== 'object' || (rule.subject !== 'exec' && rule.subject !== 'container'))
      throw new Denial(400, 'this call does not upgrade its connection')
    const [object] = await this.#checked(caller, rule.subject, reference, [rule.operation])
    if (object === undefined) throw new Denial(404, `No such ${rule.subject}: ${reference}`)
    return {
      socketPath: object.engine.socketPath,
      path: withQuery(prefix + pinned(path, reference, object.id), query),
    }
  }
}

/** UCP's access layer in front of an engine's unix socket (reference §6 and §7). Opens no connection by itself. */
export const proxyEngine = (options: ProxyOptions): PlacingProxy => new AccessProxy(options)
