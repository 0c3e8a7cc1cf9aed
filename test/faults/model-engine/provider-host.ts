import type { Metadata } from '@grpc/grpc-js'
import providerPb from '@pulumi/pulumi/proto/provider_pb.js'
import statusPb from '@pulumi/pulumi/proto/status_pb.js'
import structPb from 'google-protobuf/google/protobuf/struct_pb.js'
import type { Plugin } from '../../../src/provider/plugin.ts'
import { providerService } from '../../../src/provider/service.ts'
import type { Bag } from './resource-state.ts'

export const toStruct = (bag: Bag) =>
  structPb.Struct.fromJavaScript(bag as Parameters<typeof structPb.Struct.fromJavaScript>[0])

export const fromStruct = (struct: { toJavaScript: () => Bag } | undefined): Bag =>
  struct?.toJavaScript() ?? {}

/** A provider's answer that its thing exists and is not as it should be. Source: `plugin.InitError`. */
export class InitFailure extends Error {
  readonly id: string
  readonly outputs: Bag
  readonly reasons: readonly string[]

  constructor(failed: InstanceType<typeof providerPb.ErrorResourceInitFailed>) {
    const reasons = failed.getReasonsList()
    super(`${reasons.length} error occurred:\n\t* ${reasons.join('\n\t* ')}\n\n`)
    this.name = 'InitFailure'
    this.id = failed.getId()
    this.outputs = fromStruct(failed.getProperties() as unknown as { toJavaScript: () => Bag })
    this.reasons = reasons
  }
}

interface RpcError {
  readonly details?: string
  readonly metadata?: Metadata
}

const initFailureOf = ({ metadata }: RpcError): InitFailure | undefined => {
  const [packed] = metadata?.get('grpc-status-details-bin') ?? []
  if (packed === undefined || typeof packed === 'string') return undefined
  for (const detail of statusPb.Status.deserializeBinary(packed).getDetailsList()) {
    if (!detail.getTypeUrl().endsWith('ErrorResourceInitFailed')) continue
    return new InitFailure(providerPb.ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8()))
  }
  return undefined
}

type Handler = (
  call: { readonly request: unknown },
  answer: (error: RpcError | null, response: unknown) => void,
) => void

/** A plugin as runs hold it, with what it was configured to. */
export interface HostedPlugin {
  readonly plugin: Plugin<unknown>
  /** Breaks the connections of what it was configured to, as the death of its process does. */
  readonly die: () => Promise<void>
}

export type HostedPlugins = Readonly<Record<string, HostedPlugin>>

/** One plugin's process: its service, called without a socket between. */
export class Provider {
  readonly #service: ReturnType<typeof providerService>
  readonly #underWay: Set<Promise<unknown>>
  #isDead = false

  constructor({ plugin }: HostedPlugin, underWay: Set<Promise<unknown>>) {
    this.#underWay = underWay
    const log = { attach: () => undefined, write: () => undefined, close: () => undefined }
    this.#service = providerService(plugin, { log })
  }

  /** @throws {Error} with the plugin's own words; {InitFailure} where the thing exists. */
  call<Response>(method: string, request: unknown): Promise<Response> {
    // Nobody hears a call to a process that is gone.
    if (this.#isDead) return new Promise(() => undefined)
    const handler = this.#service.implementation[method] as unknown as Handler
    const answered = new Promise<Response>((resolve, reject) => {
      handler({ request }, (error, response) => {
        if (error === null) resolve(response as Response)
        else reject(initFailureOf(error) ?? new Error(error.details ?? 'the plugin failed'))
      })
    })
    const settled = answered.catch(() => undefined).finally(() => this.#underWay.delete(settled))
    this.#underWay.add(settled)
    return answered
  }

  kill(): void {
    this.#isDead = true
    this.#service.cancel()
  }
}

/** The plugins of one run, by reference. */
export class ProviderHost {
  readonly #plugins: HostedPlugins
  readonly #loaded = new Map<string, Provider>()
  readonly #all = new Set<Provider>()
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(plugins: HostedPlugins) {
    this.#plugins = plugins
  }

  /** A process of the plugin of a provider's type that is not configured. */
  start(type: string): Provider {
    const hosted = this.#plugins[type.slice('pulumi:providers:'.length)]
    if (hosted === undefined) throw new Error(`no resource plugin for ${type}`)
    const provider = new Provider(hosted, this.#underWay)
    this.#all.add(provider)
    return provider
  }

  async load(reference: string, type: string, inputs: Bag): Promise<void> {
    if (this.#loaded.has(reference)) return
    const provider = this.start(type)
    this.#loaded.set(reference, provider)
    const request = new providerPb.ConfigureRequest()
    request.setArgs(toStruct(inputs))
    await provider.call('configure', request)
  }

  get(reference: string): Provider {
    const provider = this.#loaded.get(reference)
    if (provider === undefined) throw new Error(`unknown provider ${reference}`)
    return provider
  }

  has(reference: string): boolean {
    return this.#loaded.has(reference)
  }

  /** Aborts what is under way and waits until none of it does anything any more. */
  async kill(): Promise<void> {
    for (const provider of this.#all) provider.kill()
    await Promise.allSettled([...this.#underWay])
    await Promise.all(Object.values(this.#plugins).map(({ die }) => die()))
  }
}
