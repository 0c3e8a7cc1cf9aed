import { credentials, type ServiceError, status } from '@grpc/grpc-js'
import providerGrpc from '@pulumi/pulumi/proto/provider_grpc_pb.js'
import providerPb from '@pulumi/pulumi/proto/provider_pb.js'
import statusPb from '@pulumi/pulumi/proto/status_pb.js'
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import { diffInputs } from '../../src/provider/diff-inputs.ts'
import { type Plugin, type Properties, SecretValue, Unfinished, unknown } from '../../src/provider/plugin.ts'
import { type RunningPlugin, startPlugin } from '../../src/provider/server.ts'
import { fromStruct, toStruct } from '../../src/provider/struct.ts'

interface Store {
  readonly config: Properties
  readonly things: Map<string, Properties>
}

const urn = 'urn:pulumi:nonprod.acme::tenantry::parent:index:Part$demo:index:Thing::one'

const demo: Plugin<Store> = {
  name: 'demo',
  version: '1.2.3',
  checkConfig: (inputs) => ({
    inputs,
    failures: inputs.endpoint === undefined ? [{ property: 'endpoint', reason: 'is missing' }] : [],
  }),
  configure: (config) => ({ config, things: new Map() }),
  resources: {
    'demo:index:Thing': {
      secretOutputs: ['token'],
      check: (inputs) => ({ inputs: { size: 1, ...inputs }, failures: [] }),
      diff: (olds, news) => diffInputs(olds.inputs, news, { replaceOn: ['name'] }),
      create: async (client, inputs, context) => {
        if (inputs.name === 'half')
          throw new Unfinished('half', { token: 't-half' }, new Fault('timeout', 'The node did not join.'))
        if (inputs.name === 'foreign')
          throw new Fault('foreign', `It exists, password was ${client.config.password}.`, {
            details: { resource: 'thing foreign', endpoint: 'https://x', hint: 'Import it.' },
          })
        if (inputs.name === 'slow')
          await new Promise((_, reject) =>
            context.signal.addEventListener('abort', () => reject(new Fault('cancelled', 'Cancelled.'))),
          )
        client.things.set(String(inputs.name), inputs)
        return { id: String(inputs.name), outputs: { token: 't-1', password: inputs.password ?? null } }
      },
      read: async (client, id) => {
        const thing = client.things.get(id)
        return thing === undefined ? undefined : { id, inputs: thing, outputs: { ...thing, token: 't-1' } }
      },
      update: async (client, id, _olds, news) => {
        client.things.set(id, news)
        return { token: 't-2' }
      },
      delete: async (client, id) => {
        client.things.delete(id)
      },
    },
  },
  functions: { 'demo:index:echo': async (_client, args) => args },
}

let running: RunningPlugin
let client: InstanceType<typeof providerGrpc.ResourceProviderClient>

type Answer<T> = (error: ServiceError | null, response: T) => void
const ask = <T>(call: (answer: Answer<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    call((error, response) => (error === null ? resolve(response) : reject(error)))
  })
const refusal = async (call: Promise<unknown>): Promise<ServiceError> =>
  call.then(
    () => {
      throw new Error('it was expected to fail')
    },
    (error: ServiceError) => error,
  )

const configure = () => {
  const request = new providerPb.ConfigureRequest()
  request.setArgs(toStruct({ endpoint: 'https://x', password: new SecretValue('hunter22') }))
  return ask<InstanceType<typeof providerPb.ConfigureResponse>>((answer) => client.configure(request, answer))
}
const create = (properties: Properties, preview = false, type = urn) => {
  const request = new providerPb.CreateRequest()
  request.setUrn(type)
  request.setProperties(toStruct(properties))
  request.setPreview(preview)
  return ask<InstanceType<typeof providerPb.CreateResponse>>((answer) => client.create(request, answer))
}

beforeEach(async () => {
  running = await startPlugin(demo)
  client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${running.port}`, credentials.createInsecure())
})

afterEach(async () => {
  client.close()
  await running.stop()
})

test('configuration arrives whole, and the engine hears what we can', async () => {
  const response = await configure()
  expect(response.getAcceptsecrets()).toBe(true)
  expect(response.getSupportspreview()).toBe(true)
})

test('the configuration check reports by property and keeps the engine’s own keys', async () => {
  const request = new providerPb.CheckRequest()
  request.setNews(toStruct({ version: '1.2.3', password: new SecretValue('p') }))
  const response = await ask<InstanceType<typeof providerPb.CheckResponse>>((answer) =>
    client.checkConfig(request, answer),
  )
  expect(response.getFailuresList().map((one) => one.toObject())).toEqual([
    { property: 'endpoint', reason: 'is missing' },
  ])
  expect(fromStruct(response.getInputs())).toEqual({ version: '1.2.3', password: new SecretValue('p') })
})

test('a changed configuration is a change and never a replacement', async () => {
  const request = new providerPb.DiffRequest()
  request.setOldInputs(toStruct({ endpoint: 'https://x', version: '1' }))
  request.setNews(toStruct({ endpoint: 'https://y', version: '2' }))
  const response = await ask<InstanceType<typeof providerPb.DiffResponse>>((answer) =>
    client.diffConfig(request, answer),
  )
  expect(response.getDiffsList()).toEqual(['endpoint'])
  expect(response.getReplacesList()).toEqual([])
})

test('a create keeps the inputs’ secrets and the outputs that always are', async () => {
  await configure()
  const response = await create({ name: 'one', password: new SecretValue('s3cret') })
  expect(response.getId()).toBe('one')
  expect(fromStruct(response.getProperties())).toEqual({
    name: 'one',
    password: new SecretValue('s3cret'),
    token: new SecretValue('t-1'),
  })
})

test('a preview of a create touches nothing and keeps what is unknown', async () => {
  await configure()
  const response = await create({ name: 'one', from: unknown }, true)
  expect(response.getId()).toBe('')
  expect(fromStruct(response.getProperties())).toEqual({ name: 'one', from: unknown })
})

test('a preview of an update keeps outputs and forgets inputs that went away', async () => {
  await configure()
  const request = new providerPb.UpdateRequest()
  request.setUrn(urn)
  request.setPreview(true)
  request.setOldInputs(toStruct({ name: 'one', note: 'x' }))
  request.setOlds(toStruct({ name: 'one', note: 'x', token: new SecretValue('t-1') }))
  request.setNews(toStruct({ name: 'one', size: unknown }))
  const response = await ask<InstanceType<typeof providerPb.UpdateResponse>>((answer) =>
    client.update(request, answer),
  )
  expect(fromStruct(response.getProperties())).toEqual({
    name: 'one',
    size: unknown,
    token: new SecretValue('t-1'),
  })
})

test('a diff names the property paths and what replaces', async () => {
  const request = new providerPb.DiffRequest()
  request.setUrn(urn)
  request.setOldInputs(toStruct({ name: 'one', labels: { 'a b': new SecretValue('1') } }))
  request.setOlds(toStruct({ name: 'one' }))
  request.setNews(toStruct({ name: 'two', labels: { 'a b': '2' } }))
  const response = await ask<InstanceType<typeof providerPb.DiffResponse>>((answer) =>
    client.diff(request, answer),
  )
  expect(response.getReplacesList()).toEqual(['name'])
  expect(response.getDetaileddiffMap().get('labels["a b"]')?.getKind()).toBe(
    providerPb.PropertyDiff.Kind.UPDATE,
  )
  expect(response.getDetaileddiffMap().get('name')?.getKind()).toBe(
    providerPb.PropertyDiff.Kind.UPDATE_REPLACE,
  )
})

test('a fault becomes one sentence with resource, endpoint and hint, and no secret', async () => {
  await configure()
  const error = await refusal(create({ name: 'foreign' }))
  expect(error.code).toBe(status.ALREADY_EXISTS)
  expect(error.details).toBe('It exists, password was [secret]. (thing foreign, at https://x) Import it.')
})

test('what exists but is not finished is kept in the state, with its secrets', async () => {
  await configure()
  const error = await refusal(create({ name: 'half', password: new SecretValue('s3cret') }))
  const [bytes] = error.metadata.get('grpc-status-details-bin')
  const [detail] = statusPb.Status.deserializeBinary(bytes as Buffer).getDetailsList()
  const failed = providerPb.ErrorResourceInitFailed.deserializeBinary(
    detail?.getValue_asU8() ?? new Uint8Array(),
  )
  expect(detail?.getTypeName()).toBe('pulumirpc.ErrorResourceInitFailed')
  expect(failed.getId()).toBe('half')
  expect(failed.getReasonsList()).toEqual(['The node did not join.'])
  expect(fromStruct(failed.getProperties())).toEqual({
    name: 'half',
    password: new SecretValue('s3cret'),
    token: new SecretValue('t-half'),
  })
})

test('an unknown type is refused with its name', async () => {
  await configure()
  const error = await refusal(create({}, false, 'urn:pulumi:s::p::demo:index:Other::x'))
  expect(error.code).toBe(status.UNIMPLEMENTED)
  expect(error.details).toContain('demo:index:Other')
})

test('without a configuration nothing is made', async () => {
  expect((await refusal(create({ name: 'one' }))).code).toBe(status.FAILED_PRECONDITION)
})

test('a read of what is gone has no id; one that is there has its inputs', async () => {
  await configure()
  await create({ name: 'one' })
  const read = (id: string) => {
    const request = new providerPb.ReadRequest()
    request.setUrn(urn)
    request.setId(id)
    return ask<InstanceType<typeof providerPb.ReadResponse>>((answer) => client.read(request, answer))
  }
  expect((await read('gone')).getId()).toBe('')
  expect(fromStruct((await read('one')).getInputs())).toEqual({ name: 'one' })
})

test('a function answers with its arguments’ secrets marked', async () => {
  await configure()
  const request = new providerPb.InvokeRequest()
  request.setTok('demo:index:echo')
  request.setArgs(toStruct({ a: new SecretValue('x'), b: 1 }))
  const response = await ask<InstanceType<typeof providerPb.InvokeResponse>>((answer) =>
    client.invoke(request, answer),
  )
  expect(fromStruct(response.getReturn())).toEqual({ a: new SecretValue('x'), b: 1 })
})

test('a cancel ends what waits, while other calls go on', async () => {
  await configure()
  const slow = refusal(create({ name: 'slow' }))
  await create({ name: 'other' })
  await ask((answer) => client.cancel(new emptyPb.Empty(), answer))
  expect((await slow).code).toBe(status.CANCELLED)
})
