import { credentials, type ServiceError, status } from '@grpc/grpc-js'
import providerGrpc from '@pulumi/pulumi/proto/provider_grpc_pb.js'
import providerPb from '@pulumi/pulumi/proto/provider_pb.js'
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Ucp as Emulator } from '../../src/lab/ucp/server.ts'
import { type Properties, SecretValue, unknown } from '../../src/provider/plugin.ts'
import { type RunningPlugin, startPlugin } from '../../src/provider/server.ts'
import { fromStruct, toStruct } from '../../src/provider/struct.ts'
import { ucpPlugin } from '../../src/provider/ucp/plugin.ts'
import { adminPassword, fastClock, startEmulator } from './provider-harness.ts'

let emulator: Emulator
let running: RunningPlugin
let client: InstanceType<typeof providerGrpc.ResourceProviderClient>

type Answer<T> = (error: ServiceError | null, response: T) => void
const ask = <T>(call: (answer: Answer<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    call((error, response) => (error === null ? resolve(response) : reject(error)))
  })
const urn = (type: string) => `urn:pulumi:nonprod.acme::tenantry::tenantry:index:Tenant$${type}::one`
type Create = InstanceType<typeof providerPb.CreateResponse>

const create = (type: string, properties: Properties, preview = false): Promise<Create> => {
  const request = new providerPb.CreateRequest()
  request.setUrn(urn(type))
  request.setProperties(toStruct(properties))
  request.setPreview(preview)
  return ask<Create>((answer) => client.create(request, answer))
}

beforeAll(async () => {
  emulator = await startEmulator()
  running = await startPlugin(ucpPlugin({ clock: fastClock() }))
  client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${running.port}`, credentials.createInsecure())
  const request = new providerPb.ConfigureRequest()
  request.setArgs(
    toStruct({
      endpoint: emulator.address,
      username: 'svc-tenantry',
      password: new SecretValue(adminPassword.reveal()),
      caCertificate: emulator.caCertificate,
      registryEndpoint: 'https://127.0.0.1:1',
      registryUsername: 'svc-tenantry',
      registryToken: new SecretValue('a-token-nobody-uses'),
      owner: 'nonprod.acme',
      adopt: 'false',
    }),
  )
  await ask((answer) => client.configure(request, answer))
})
afterAll(async () => {
  client.close()
  await running.stop()
  await emulator.stop()
})

test('the plugin says its version and its schema', async () => {
  const info = await ask<{ getVersion(): string }>((answer) =>
    client.getPluginInfo(new emptyPb.Empty(), answer),
  )
  expect(info.getVersion()).toBe('0.1.0')
  const schema = await ask<{ getSchema(): string }>((answer) =>
    client.getSchema(new providerPb.GetSchemaRequest(), answer),
  )
  expect(JSON.parse(schema.getSchema())).toMatchObject({ name: 'ucp', version: '0.1.0' })
})

test('a check has failures by path', async () => {
  const request = new providerPb.CheckRequest()
  request.setUrn(urn('ucp:index:Role'))
  request.setNews(toStruct({ name: 'r', operations: { Service: { 'Service Veiw': [] } } }))
  const response = await ask<InstanceType<typeof providerPb.CheckResponse>>((answer) =>
    client.check(request, answer),
  )
  expect(response.getFailuresList().map((one) => one.getProperty())).toEqual([
    'operations.Service["Service Veiw"]',
  ])
})

test('a preview needs no server and keeps unknowns', async () => {
  const before = emulator.log.calls().length
  const response = await create(
    'ucp:index:Team',
    { organization: unknown, name: 'dev', description: '' },
    true,
  )
  expect(fromStruct(response.getProperties())).toMatchObject({ organization: unknown, name: 'dev' })
  expect(emulator.log.calls().length).toBe(before)
})

test('many resources at once are made with one login', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `org${index}`)
  const made = await Promise.all(
    names.map((name) => create('ucp:index:Organization', { name, fullName: name })),
  )
  expect(made.map((response) => response.getId())).toEqual(names)
  expect(emulator.log.calls().filter(({ path }) => path === '/auth/login')).toHaveLength(1)
  expect(fromStruct(made[0]?.getProperties())).toEqual({
    name: 'org0',
    fullName: 'org0',
    accountId: expect.any(String),
    marked: true,
  })
})

test('a failure is one sentence with the resource, the endpoint and the way out', async () => {
  const error = await create('ucp:index:Collection', { path: '/No/such' }).catch((one: ServiceError) => one)
  expect(error).toMatchObject({
    code: status.NOT_FOUND,
    details: `The collection /No does not exist. (at ${emulator.address}) Collections are never made on the way: apply the stack that declares it first.`,
  })
})

test('a registry that is down is told with its address', async () => {
  const inputs = {
    namespace: 'acme',
    name: 'api',
    shortDescription: '',
    visibility: 'private',
    scanOnPush: true,
    immutableTags: false,
  }
  const error = await create('ucp:registry:Repository', inputs).catch((one: ServiceError) => one)
  expect(error).toMatchObject({
    code: status.ABORTED,
    details: expect.stringMatching(/https:\/\/127\.0\.0\.1:1 cannot be reached .*\(ECONNREFUSED\)/),
  })
})
