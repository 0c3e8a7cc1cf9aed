import providerPb from '@pulumi/pulumi/proto/provider_pb.js'
import type { StepMetadata } from '../../../src/engine/engine-event.ts'
import { fromStruct, type Provider, toStruct } from './provider-host.ts'
import type { Bag, ResourceState } from './resource-state.ts'

type Message<Name extends keyof typeof providerPb> =
  (typeof providerPb)[Name] extends new () => infer Instance ? Instance : never

const bagOf = (struct: unknown): Bag => fromStruct(struct as { toJavaScript: () => Bag } | undefined)

/** What a plugin says of new inputs. */
export interface DiffFound {
  readonly isChanged: boolean
  readonly replaces: readonly string[]
  readonly deleteBeforeReplace: boolean
  readonly detailed: NonNullable<StepMetadata['detailedDiff']>
}

export const noDiff: DiffFound = { isChanged: false, replaces: [], deleteBeforeReplace: false, detailed: {} }

const diffKinds = ['add', 'add-replace', 'delete', 'delete-replace', 'update', 'update-replace'] as const

const toDiff = (response: Message<'DiffResponse'>): DiffFound => ({
  isChanged: response.getChanges() === providerPb.DiffResponse.DiffChanges.DIFF_SOME,
  replaces: response.getReplacesList(),
  deleteBeforeReplace: response.getDeletebeforereplace(),
  detailed: Object.fromEntries(
    [...response.getDetaileddiffMap().entries()].map(([path, diff]) => [
      path,
      { diffKind: diffKinds[diff.getKind()] ?? 'update' },
    ]),
  ),
})

export interface Checked {
  readonly inputs: Bag
  readonly failures: readonly string[]
}

const checkOf = async (
  provider: Provider,
  method: 'check' | 'checkConfig',
  { urn, olds, news }: { readonly urn: string; readonly olds: Bag | undefined; readonly news: Bag },
): Promise<Checked> => {
  const request = new providerPb.CheckRequest()
  request.setUrn(urn)
  if (olds !== undefined) request.setOlds(toStruct(olds))
  request.setNews(toStruct(news))
  const response = await provider.call<Message<'CheckResponse'>>(method, request)
  return {
    inputs: bagOf(response.getInputs()),
    failures: response.getFailuresList().map((one) => `${one.getProperty()}: ${one.getReason()}`),
  }
}

export const check = (provider: Provider, asked: { urn: string; olds: Bag | undefined; news: Bag }) =>
  checkOf(provider, 'check', asked)

export const checkConfig = (provider: Provider, asked: { urn: string; olds: Bag | undefined; news: Bag }) =>
  checkOf(provider, 'checkConfig', asked)

/** A resource as it is to be. */
type Wanted = Pick<ResourceState, 'inputs' | 'ignoreChanges'>

const diffOf = async (
  provider: Provider,
  method: 'diff' | 'diffConfig',
  old: ResourceState,
  { inputs, ignoreChanges }: Wanted,
): Promise<DiffFound> => {
  const request = new providerPb.DiffRequest()
  request.setId(old.id)
  request.setUrn(old.urn)
  request.setOlds(toStruct(old.outputs))
  request.setOldInputs(toStruct(old.inputs))
  request.setNews(toStruct(inputs))
  request.setIgnorechangesList([...ignoreChanges])
  return toDiff(await provider.call<Message<'DiffResponse'>>(method, request))
}

export const diff = (provider: Provider, old: ResourceState, wanted: Wanted) =>
  diffOf(provider, 'diff', old, wanted)

export const diffConfig = (provider: Provider, old: ResourceState, wanted: Wanted) =>
  diffOf(provider, 'diffConfig', old, wanted)

export const create = async (
  provider: Provider,
  wanted: ResourceState,
  isPreview: boolean,
): Promise<{ id: string; outputs: Bag }> => {
  const request = new providerPb.CreateRequest()
  request.setUrn(wanted.urn)
  request.setProperties(toStruct(wanted.inputs))
  request.setPreview(isPreview)
  const response = await provider.call<Message<'CreateResponse'>>('create', request)
  return { id: response.getId(), outputs: bagOf(response.getProperties()) }
}

export const update = async (
  provider: Provider,
  { old, wanted, isPreview }: { old: ResourceState; wanted: ResourceState; isPreview: boolean },
): Promise<Bag> => {
  const request = new providerPb.UpdateRequest()
  request.setId(old.id)
  request.setUrn(old.urn)
  request.setOlds(toStruct(old.outputs))
  request.setOldInputs(toStruct(old.inputs))
  request.setNews(toStruct(wanted.inputs))
  request.setIgnorechangesList([...wanted.ignoreChanges])
  request.setPreview(isPreview)
  return bagOf((await provider.call<Message<'UpdateResponse'>>('update', request)).getProperties())
}

export const remove = async (provider: Provider, old: ResourceState): Promise<void> => {
  const request = new providerPb.DeleteRequest()
  request.setId(old.id)
  request.setUrn(old.urn)
  request.setProperties(toStruct(old.outputs))
  request.setOldInputs(toStruct(old.inputs))
  await provider.call('delete', request)
}

export interface ReadFound {
  /** Empty where it is gone. */
  readonly id: string
  readonly inputs: Bag | undefined
  readonly outputs: Bag
}

export const read = async (provider: Provider, old: ResourceState): Promise<ReadFound> => {
  const request = new providerPb.ReadRequest()
  request.setId(old.id)
  request.setUrn(old.urn)
  request.setProperties(toStruct(old.outputs))
  request.setInputs(toStruct(old.inputs))
  const response = await provider.call<Message<'ReadResponse'>>('read', request)
  const inputs = response.getInputs()
  return {
    id: response.getId(),
    inputs: inputs === undefined ? undefined : bagOf(inputs),
    outputs: bagOf(response.getProperties()),
  }
}

export const invoke = async (provider: Provider, token: string, args: Bag): Promise<Bag> => {
  const request = new providerPb.InvokeRequest()
  request.setTok(token)
  request.setArgs(toStruct(args))
  return bagOf((await provider.call<Message<'InvokeResponse'>>('invoke', request)).getReturn())
}
