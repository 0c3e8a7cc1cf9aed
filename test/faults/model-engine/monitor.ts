import providerPb from '@pulumi/pulumi/proto/provider_pb.js'
import type * as Resources from '@pulumi/pulumi/proto/resource_pb.js'
import resourcePb from '@pulumi/pulumi/proto/resource_pb.js'
import { isProviderType } from '../../../src/engine/provider-type.ts'
import { fromStruct, toStruct } from './provider-host.ts'
import type { Bag, ResourceState } from './resource-state.ts'
import type { Answer } from './step-executor.ts'
import type { Goal } from './step-generator.ts'

type Callback = (
  error: { readonly code: number; readonly details: string } | null,
  response?: unknown,
) => void

/** What the monitor hands on to the run. */
export interface Registrations {
  /** Never answers where the run is cancelled or dead. */
  readonly register: (goal: Goal, answer: (state: ResourceState, answer: Answer) => void) => void
  readonly invoke: (provider: string, token: string, args: Bag) => Promise<Bag>
}

const bag = (struct: unknown): Bag => fromStruct(struct as { toJavaScript: () => Bag } | undefined)

/** A provider's version stands among its inputs. Source: `SetProviderVersion` of providers/registry.go. */
const inputsOf = (request: Resources.RegisterResourceRequest): Bag => {
  const inputs = bag(request.getObject())
  const version = request.getVersion()
  return isProviderType(request.getType()) && version !== '' ? { ...inputs, __internal: {}, version } : inputs
}

const goalOf = (request: Resources.RegisterResourceRequest): Goal => ({
  type: request.getType(),
  name: request.getName(),
  custom: request.getCustom(),
  parent: request.getParent(),
  inputs: inputsOf(request),
  protect: request.getProtect() ?? false,
  retainOnDelete: request.getRetainondelete() ?? false,
  deleteBeforeReplace: request.getDeletebeforereplacedefined() ? request.getDeletebeforereplace() : undefined,
  provider: request.getProvider(),
  dependencies: request.getDependenciesList(),
  propertyDependencies: Object.fromEntries(
    [...request.getPropertydependenciesMap().entries()].map(([name, urns]) => [name, urns.getUrnsList()]),
  ),
  additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
  ignoreChanges: request.getIgnorechangesList(),
})

const results: Readonly<Record<Answer, number>> = { done: 0, failed: 1, skipped: 2 }

const invalidArgument = 3

/** The engine's side of `pulumirpc.ResourceMonitor`, called in process as the SDK calls its client. */
export class Monitor {
  readonly #registrations: Registrations

  constructor(registrations: Registrations) {
    this.#registrations = registrations
  }

  registerResource(request: Resources.RegisterResourceRequest, callback: Callback): void {
    this.#registrations.register(goalOf(request), (state, answer) => {
      const response = new resourcePb.RegisterResourceResponse()
      response.setUrn(state.urn)
      response.setId(state.id)
      response.setObject(toStruct(state.outputs))
      response.setResult(results[answer] as Parameters<typeof response.setResult>[0])
      callback(null, response)
    })
  }

  registerResourceOutputs(_request: unknown, callback: Callback): void {
    callback(null, {})
  }

  invoke(request: Resources.ResourceInvokeRequest, callback: Callback): void {
    this.#registrations.invoke(request.getProvider(), request.getTok(), bag(request.getArgs())).then(
      (result) => {
        const response = new providerPb.InvokeResponse()
        response.setReturn(toStruct(result))
        callback(null, response)
      },
      (error: unknown) =>
        callback({ code: invalidArgument, details: error instanceof Error ? error.message : String(error) }),
    )
  }

  supportsFeature(_request: unknown, callback: Callback): void {
    callback(null, { getHassupport: () => true })
  }
}
