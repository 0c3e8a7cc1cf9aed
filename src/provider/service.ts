import { setMaxListeners } from 'node:events'
import {
  type ServerUnaryCall,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type * as PluginMessages from '@pulumi/pulumi/proto/plugin_pb.js'
import pluginPb from '@pulumi/pulumi/proto/plugin_pb.js'
import type * as Messages from '@pulumi/pulumi/proto/provider_pb.js'
import providerPb from '@pulumi/pulumi/proto/provider_pb.js'
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js'
import type { Struct } from 'google-protobuf/google/protobuf/struct_pb.js'
import { redact } from '../core/redact.ts'
import { diffInputs } from './diff-inputs.ts'
import type { EngineLog } from './engine-log.ts'
import type { LeaseGuard } from './lease-guard.ts'
import {
  type CheckFailure,
  type DiffResult,
  type Plugin,
  type Properties,
  type ResourceContext,
  type ResourceType,
  Unfinished,
} from './plugin.ts'
import { hasUnknown, markSecrets, reveal, revealAll, secretStrings } from './properties.ts'
import { Refusal, serviceError, unfinishedError } from './status.ts'
import { fromStruct, toStruct } from './struct.ts'

/** Parts of a provider's inputs that are the engine's own (provider_registry.go of 3.245.0). */
const engineConfigKeys = new Set([
  'version',
  'pluginDownloadURL',
  'pluginChecksums',
  '__internal',
  '__defaults',
])

const diffKinds: Readonly<Record<DiffResult['details'][string], Messages.PropertyDiff.Kind>> = {
  add: 0,
  'add-replace': 1,
  delete: 2,
  'delete-replace': 3,
  update: 4,
  'update-replace': 5,
}

/** A provider's gRPC handlers, and how to stop what they wait for. */
export interface Service {
  readonly implementation: UntypedServiceImplementation
  /** Aborts everything under way. Idempotent. */
  readonly cancel: () => void
}

export interface ServiceOptions {
  readonly log: EngineLog
  /** Asked before every call that changes something; none allows all. */
  readonly lease?: LeaseGuard
  /** Called once after a Cancel was answered. */
  readonly onCancel?: () => void
}

/** The type token in a URN: the last part of its type chain. Undefined where the text is no URN. Never throws. */
export const typeOfUrn = (urn: string): string | undefined =>
  urn.startsWith('urn:pulumi:') ? urn.split('::')[2]?.split('$').at(-1) : undefined

const checkFailure = ({ property, reason }: CheckFailure): Messages.CheckFailure => {
  const message = new providerPb.CheckFailure()
  message.setProperty(property)
  message.setReason(reason)
  return message
}

const checkResponse = (result: {
  inputs: Properties
  failures: readonly CheckFailure[]
}): Messages.CheckResponse => {
  const response = new providerPb.CheckResponse()
  response.setInputs(toStruct(result.inputs))
  response.setFailuresList(result.failures.map(checkFailure))
  return response
}

const diffResponse = (result: DiffResult): Messages.DiffResponse => {
  const response = new providerPb.DiffResponse()
  const { DIFF_SOME, DIFF_NONE } = providerPb.DiffResponse.DiffChanges
  response.setChanges(result.changes ? DIFF_SOME : DIFF_NONE)
  response.setReplacesList([...result.replaces])
  response.setDiffsList([...new Set(Object.keys(result.details).map(topLevel))])
  response.setDeletebeforereplace(result.deleteBeforeReplace ?? false)
  response.setHasdetaileddiff(true)
  for (const [path, kind] of Object.entries(result.details)) {
    const detail = new providerPb.PropertyDiff()
    detail.setKind(diffKinds[kind])
    detail.setInputdiff(true)
    response.getDetaileddiffMap().set(path, detail)
  }
  return response
}

const topLevel = (path: string): string => {
  const quoted = /^\["((?:[^"\\]|\\.)*)"\]/.exec(path)
  return quoted?.[1] ?? path.split(/[.[]/, 1)[0] ?? path
}

const part = (inputs: Properties, isOurs: boolean): Properties =>
  Object.fromEntries(Object.entries(inputs).filter(([name]) => !engineConfigKeys.has(name) === isOurs))

/** The state of a resource in a preview of its update: new inputs over old outputs, without the inputs that went away. */
const previewedUpdate = (outputs: Properties, oldInputs: Properties, news: Properties): Properties => ({
  ...Object.fromEntries(
    Object.entries(outputs).filter(([name]) => !Object.hasOwn(oldInputs, name) || Object.hasOwn(news, name)),
  ),
  ...news,
})

/** What a request says about the resource it is for. */
interface ResourceRequest {
  getUrn(): string
  getTimeout?(): number
}

class ProviderService<Client> {
  readonly #plugin: Plugin<Client>
  readonly #log: EngineLog
  readonly #lease: LeaseGuard | undefined
  readonly #stopping = new AbortController()
  #client: { readonly value: Client } | undefined
  #configSecrets: readonly string[] = []

  constructor(plugin: Plugin<Client>, { log, lease }: ServiceOptions) {
    this.#plugin = plugin
    this.#log = log
    this.#lease = lease
    // Every call under way listens; their number is the engine's to choose.
    setMaxListeners(0, this.#stopping.signal)
  }

  cancel(): void {
    this.#stopping.abort()
  }

  attach(request: PluginMessages.PluginAttach): void {
    this.#log.attach(request.getAddress())
  }

  handshake(request: Messages.ProviderHandshakeRequest): Messages.ProviderHandshakeResponse {
    this.#log.attach(request.getEngineAddress())
    const response = new providerPb.ProviderHandshakeResponse()
    response.setAcceptSecrets(true)
    response.setAcceptResources(true)
    response.setAcceptOutputs(true)
    return response
  }

  info(): PluginMessages.PluginInfo {
    const info = new pluginPb.PluginInfo()
    info.setVersion(this.#plugin.version)
    return info
  }

  schema(): Messages.GetSchemaResponse {
    const response = new providerPb.GetSchemaResponse()
    response.setSchema(this.#plugin.schema?.() ?? '{}')
    return response
  }

  checkConfig(request: Messages.CheckRequest): Messages.CheckResponse {
    const news = fromStruct(request.getNews())
    const { inputs, failures } = this.#plugin.checkConfig(part(news, true))
    return checkResponse({ inputs: { ...part(news, false), ...inputs }, failures })
  }

  diffConfig(request: Messages.DiffRequest): Messages.DiffResponse {
    const olds = fromStruct(request.getOldInputs() ?? request.getOlds())
    return diffResponse(diffInputs(part(olds, true), part(fromStruct(request.getNews()), true)))
  }

  configure(request: Messages.ConfigureRequest): Messages.ConfigureResponse {
    const inputs = part(fromStruct(request.getArgs()), true)
    this.#configSecrets = secretStrings(inputs)
    this.#client = { value: this.#plugin.configure(revealAll(inputs)) }
    const response = new providerPb.ConfigureResponse()
    response.setAcceptsecrets(true)
    response.setAcceptresources(true)
    response.setAcceptoutputs(true)
    response.setSupportspreview(true)
    return response
  }

  check(request: Messages.CheckRequest): Messages.CheckResponse {
    const olds = request.getOlds()
    const type = this.#type(request)
    return checkResponse(
      type.check(fromStruct(request.getNews()), olds === undefined ? undefined : fromStruct(olds)),
    )
  }

  diff(request: Messages.DiffRequest): Messages.DiffResponse {
    const type = this.#type(request)
    const outputs = revealAll(fromStruct(request.getOlds()))
    const oldInputs = request.getOldInputs()
    const inputs = oldInputs === undefined ? outputs : revealAll(fromStruct(oldInputs))
    return diffResponse(type.diff({ inputs, outputs }, revealAll(fromStruct(request.getNews()))))
  }

  async create(request: Messages.CreateRequest): Promise<Messages.CreateResponse> {
    const type = this.#type(request)
    const inputs = fromStruct(request.getProperties())
    const response = new providerPb.CreateResponse()
    if (request.getPreview()) {
      response.setProperties(toStruct(inputs))
      return response
    }
    const plain = this.#plain(request, inputs)
    await this.#lease?.verify()
    const { id, outputs } = await type.create(this.#configured(), plain, this.#context(request, inputs))
    response.setId(id)
    response.setProperties(toStruct(markSecrets({ ...plain, ...outputs }, inputs, type.secretOutputs)))
    return response
  }

  async read(request: Messages.ReadRequest): Promise<Messages.ReadResponse> {
    const type = this.#type(request)
    const inputs = fromStruct(request.getInputs())
    const outputs = fromStruct(request.getProperties())
    const isImport = Object.keys(inputs).length === 0
    const read = await type.read(
      this.#configured(),
      request.getId(),
      isImport ? undefined : revealAll(inputs),
      Object.keys(outputs).length === 0 ? undefined : revealAll(outputs),
      this.#context(request, inputs),
    )
    const response = new providerPb.ReadResponse()
    if (read === undefined) return response
    response.setId(read.id)
    response.setInputs(toStruct(markSecrets(read.inputs, inputs)))
    response.setProperties(toStruct(markSecrets(read.outputs, { ...outputs, ...inputs }, type.secretOutputs)))
    return response
  }

  async update(request: Messages.UpdateRequest): Promise<Messages.UpdateResponse> {
    const type = this.#type(request)
    const olds = fromStruct(request.getOlds())
    const news = fromStruct(request.getNews())
    const response = new providerPb.UpdateResponse()
    if (request.getPreview()) {
      response.setProperties(toStruct(previewedUpdate(olds, fromStruct(request.getOldInputs()), news)))
      return response
    }
    const plain = this.#plain(request, news)
    const context = this.#context(request, news)
    await this.#lease?.verify()
    const outputs = await type.update(this.#configured(), request.getId(), revealAll(olds), plain, context)
    response.setProperties(toStruct(markSecrets({ ...plain, ...outputs }, news, type.secretOutputs)))
    return response
  }

  async delete(request: Messages.DeleteRequest): Promise<void> {
    const outputs = fromStruct(request.getProperties())
    await this.#lease?.verify()
    await this.#type(request).delete(
      this.#configured(),
      request.getId(),
      revealAll(outputs),
      this.#context(request, outputs),
    )
  }

  async invoke(request: Messages.InvokeRequest): Promise<Messages.InvokeResponse> {
    const token = request.getTok()
    const run = this.#plugin.functions?.[token]
    if (run === undefined)
      throw new Refusal(status.UNIMPLEMENTED, `The plugin ${this.#plugin.name} has no function ${token}.`)
    const args = fromStruct(request.getArgs())
    if (hasUnknown(args))
      throw new Refusal(status.INVALID_ARGUMENT, `${token} was called with a value that is not known yet.`)
    const response = new providerPb.InvokeResponse()
    response.setReturn(toStruct(markSecrets(await run(this.#configured(), revealAll(args)), args)))
    return response
  }

  /** Texts of a request that no message may show. */
  secretsOf(request: unknown): readonly string[] {
    return [...this.#configSecrets, ...secretStrings(everythingIn(request))]
  }

  /** What a failed create or update leaves in the state. */
  kept(request: unknown, error: Unfinished): { inputs: Properties; outputs: Properties } {
    if (request instanceof providerPb.CreateRequest)
      return this.#keptOf(request, request.getProperties(), error)
    if (request instanceof providerPb.UpdateRequest) return this.#keptOf(request, request.getNews(), error)
    return { inputs: {}, outputs: error.outputs }
  }

  #keptOf(request: ResourceRequest, wanted: Struct | undefined, error: Unfinished) {
    const inputs = fromStruct(wanted)
    const { secretOutputs } = this.#type(request)
    return { inputs, outputs: markSecrets({ ...revealAll(inputs), ...error.outputs }, inputs, secretOutputs) }
  }

  #type(request: ResourceRequest): ResourceType<Client> {
    const token = typeOfUrn(request.getUrn())
    const type =
      token !== undefined && Object.hasOwn(this.#plugin.resources, token)
        ? this.#plugin.resources[token]
        : undefined
    if (type !== undefined) return type
    throw new Refusal(
      status.UNIMPLEMENTED,
      `The plugin ${this.#plugin.name} ${this.#plugin.version} has no resource type ${token ?? request.getUrn()}.`,
    )
  }

  #configured(): Client {
    if (this.#client !== undefined) return this.#client.value
    throw new Refusal(status.FAILED_PRECONDITION, `The plugin ${this.#plugin.name} was not configured.`)
  }

  #plain(request: ResourceRequest, inputs: Properties): Properties {
    const open = Object.keys(inputs).filter((name) => hasUnknown(inputs[name] ?? null))
    if (open.length === 0) return reveal(inputs) as Properties
    throw new Refusal(
      status.INVALID_ARGUMENT,
      `${request.getUrn()} was to be made with values that are not known yet: ${open.join(', ')}.`,
    )
  }

  #context(request: ResourceRequest, inputs: Properties): ResourceContext {
    const urn = request.getUrn()
    const seconds = request.getTimeout?.() ?? 0
    const secrets = [...this.#configSecrets, ...secretStrings(inputs)]
    const { signal } = this.#stopping
    return {
      urn,
      signal: seconds > 0 ? limited(signal, seconds) : signal,
      log: (severity, message) => this.#log.write(urn, severity, redact(message, secrets)),
    }
  }
}

const limited = (signal: AbortSignal, seconds: number): AbortSignal => {
  const both = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)])
  setMaxListeners(0, both)
  return both
}

const everythingIn = (request: unknown): Properties => {
  if (request instanceof providerPb.CreateRequest || request instanceof providerPb.DeleteRequest)
    return fromStruct(request.getProperties())
  if (request instanceof providerPb.UpdateRequest)
    return { olds: fromStruct(request.getOlds()), news: fromStruct(request.getNews()) }
  if (request instanceof providerPb.ReadRequest)
    return { inputs: fromStruct(request.getInputs()), outputs: fromStruct(request.getProperties()) }
  if (request instanceof providerPb.ConfigureRequest || request instanceof providerPb.InvokeRequest)
    return fromStruct(request.getArgs())
  if (request instanceof providerPb.CheckRequest || request instanceof providerPb.DiffRequest)
    return { olds: fromStruct(request.getOlds()), news: fromStruct(request.getNews()) }
  return {}
}

/** The handlers of `pulumirpc.ResourceProvider` for a plugin. Calls run side by side. */
export const providerService = <Client>(plugin: Plugin<Client>, options: ServiceOptions): Service => {
  const service = new ProviderService(plugin, options)
  const failure = (request: unknown, error: unknown) => {
    const secrets = service.secretsOf(request)
    return error instanceof Unfinished
      ? unfinishedError(error, service.kept(request, error), secrets)
      : serviceError(error, secrets)
  }
  const unary =
    <Request, Response>(handle: (request: Request) => Response | Promise<Response>) =>
    async (call: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>) => {
      try {
        answer(null, await handle(call.request))
      } catch (error) {
        answer(failure(call.request, error), null)
      }
    }
  const empty = <Request>(handle: (request: Request) => void | Promise<void>) =>
    unary(async (request: Request) => {
      await handle(request)
      return new emptyPb.Empty()
    })
  return {
    cancel: () => service.cancel(),
    implementation: {
      handshake: unary((request: Messages.ProviderHandshakeRequest) => service.handshake(request)),
      attach: empty((request: PluginMessages.PluginAttach) => service.attach(request)),
      getPluginInfo: unary(() => service.info()),
      getSchema: unary(() => service.schema()),
      checkConfig: unary((request: Messages.CheckRequest) => service.checkConfig(request)),
      diffConfig: unary((request: Messages.DiffRequest) => service.diffConfig(request)),
      configure: unary((request: Messages.ConfigureRequest) => service.configure(request)),
      check: unary((request: Messages.CheckRequest) => service.check(request)),
      diff: unary((request: Messages.DiffRequest) => service.diff(request)),
      create: unary((request: Messages.CreateRequest) => service.create(request)),
      read: unary((request: Messages.ReadRequest) => service.read(request)),
      update: unary((request: Messages.UpdateRequest) => service.update(request)),
      delete: empty((request: Messages.DeleteRequest) => service.delete(request)),
      invoke: unary((request: Messages.InvokeRequest) => service.invoke(request)),
      cancel: empty(() => {
        service.cancel()
        options.onCancel?.()
      }),
    },
  }
}
