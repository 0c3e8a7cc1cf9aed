import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server as HttpServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { credentials, type ServiceError, status } from '@grpc/grpc-js'
import providerGrpc from '@pulumi/pulumi/proto/provider_grpc_pb.js'
import providerPb from '@pulumi/pulumi/proto/provider_pb.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { setChangeGate } from '../../src/clients/change-gate.ts'
import { Http } from '../../src/clients/http.ts'
import { Fault, isFault } from '../../src/core/fault.ts'
import { diffInputs } from '../../src/provider/diff-inputs.ts'
import { leaseGuard } from '../../src/provider/lease-guard.ts'
import type { Plugin } from '../../src/provider/plugin.ts'
import { type RunningPlugin, startPlugin } from '../../src/provider/server.ts'
import { toStruct } from '../../src/provider/struct.ts'

const urn = 'urn:pulumi:nonprod.acme::tenantry::demo:index:Thing::one'

/** What was done to the world. */
let effects: string[]
/** Called when a slow create is under way. */
let begin: () => void

const demo: Plugin<undefined> = {
  name: 'demo',
  version: '1.2.3',
  checkConfig: (inputs) => ({ inputs, failures: [] }),
  configure: () => undefined,
  resources: {
    'demo:index:Thing': {
      check: (inputs) => ({ inputs, failures: [] }),
      diff: (olds, news) => diffInputs(olds.inputs, news, { replaceOn: [] }),
      create: async (_client, inputs, { signal }) => {
        if (inputs.name === 'slow') {
          begin()
          await new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(new Fault('cancelled', 'Cancelled.'))),
          )
        }
        effects.push(`create ${inputs.name}`)
        return { id: 'one', outputs: {} }
      },
      read: async (_client, id) => ({ id, inputs: {}, outputs: {} }),
      update: async () => {
        effects.push('update')
        return {}
      },
      delete: async () => {
        effects.push('delete')
      },
    },
  },
}

let folder: string
let path: string
let running: RunningPlugin
let client: InstanceType<typeof providerGrpc.ResourceProviderClient>

type Answer<T> = (error: ServiceError | null, response: T) => void
const ask = <T>(call: (answer: Answer<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    call((error, response) => (error === null ? resolve(response) : reject(error)))
  })

const create = (name: string) => {
  const request = new providerPb.CreateRequest()
  request.setUrn(urn)
  request.setProperties(toStruct({ name }))
  return ask((answer) => client.create(request, answer))
}
const update = () => {
  const request = new providerPb.UpdateRequest()
  request.setUrn(urn)
  request.setId('one')
  request.setNews(toStruct({ name: 'two' }))
  return ask((answer) => client.update(request, answer))
}
const remove = () => {
  const request = new providerPb.DeleteRequest()
  request.setUrn(urn)
  request.setId('one')
  return ask((answer) => client.delete(request, answer))
}
const read = () => {
  const request = new providerPb.ReadRequest()
  request.setUrn(urn)
  request.setId('one')
  return ask<InstanceType<typeof providerPb.ReadResponse>>((answer) => client.read(request, answer))
}

const changes = { create: () => create('one'), update, delete: remove }

const leaseText = (token: number): string =>
  `${JSON.stringify({ stack: 'nonprod.acme', token })}\n000000000000007\n`
const leaseOf = (token: number): Promise<void> => writeFile(path, leaseText(token))

const refusal = (call: Promise<unknown>): Promise<ServiceError> =>
  call.then(
    () => Promise.reject(new Error('it was expected to fail')),
    (error: ServiceError) => error,
  )

beforeEach(async () => {
  effects = []
  folder = await mkdtemp(join(tmpdir(), 'tenantry-lease-'))
  path = join(folder, 'nonprod.acme.json')
  await leaseOf(7)
  running = await startPlugin(demo, { lease: { path, token: 7 } })
  client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${running.port}`, credentials.createInsecure())
  const request = new providerPb.ConfigureRequest()
  request.setArgs(toStruct({}))
  await ask((answer) => client.configure(request, answer))
})

afterEach(async () => {
  client.close()
  await running.stop()
  await rm(folder, { recursive: true, force: true })
})

describe('a plugin of a run', () => {
  test('changes things while the run holds its stack', async () => {
    for (const change of Object.values(changes)) await change()
    expect(effects).toEqual(['create one', 'update', 'delete'])
  })

  test.each([
    ['another run has the lease', () => leaseOf(8)],
    ['nobody has the lease', () => rm(path)],
    ['the lease cannot be read', () => writeFile(path, '{"sta')],
  ])('changes nothing and says why once %s, and still reads', async (_, lose) => {
    await lose()
    for (const change of Object.values(changes)) {
      const error = await refusal(change())
      expect(error.code).toBe(status.FAILED_PRECONDITION)
      expect(error.details).toContain('This run no longer holds its stack: its lease 7 is over')
      expect(error.details).toContain('Another run took the stack over')
    }
    expect(effects).toEqual([])
    expect((await read()).getId()).toBe('one')
  })

  test('takes a lease that is moved aside for a moment for held', async () => {
    await rename(path, `${path}.aside`)
    const changed = create('one')
    await rename(`${path}.aside`, path)
    await changed
    expect(effects).toEqual(['create one'])
  })

  test('drops what is under way when the lease is lost', async () => {
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const slow = refusal(create('slow'))
    await begun
    await leaseOf(8)
    expect((await slow).code).toBe(status.CANCELLED)
    expect(effects).toEqual([])
  })
})

/** Of undici; told in the same breath. */
const handedOver = 'undici:request:create'

describe('a client', () => {
  const seen: string[] = []
  let server: HttpServer
  let http: Http

  const change = () => http.json({ method: 'POST', path: '/things', body: {} })

  beforeEach(async () => {
    seen.length = 0
    server = createServer((request, response) => {
      seen.push(request.method ?? '')
      response.end('{}')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    http = new Http({ system: 'demo', endpoint: `http://127.0.0.1:${address.port}` })
  })
  afterEach(async () => {
    setChangeGate(undefined)
    await http.close()
    server.close()
  })

  test('sends nothing that changes something past a closed gate, and reads', async () => {
    setChangeGate(leaseGuard({ path, token: 8 }))
    expect(isFault(await change().catch((thrown) => thrown), 'lease-lost')).toBe(true)
    await http.json({ method: 'GET', path: '/things' })
    await leaseOf(8)
    await http.json({ method: 'DELETE', path: '/things/1' })
    expect(seen).toEqual(['GET', 'DELETE'])
  })

  test.each([
    ['a new connection is made', false],
    ['an idle connection is tried', true],
  ])('sends nothing where the gate closes while %s', async (_, hasConnection) => {
    if (hasConnection) await change()
    setChangeGate(leaseGuard({ path, token: 7 }))
    // The call is handed over and not written yet: as if the process had slept there.
    const close = () => {
      unsubscribe(handedOver, close)
      writeFileSync(path, leaseText(8))
    }
    subscribe(handedOver, close)
    expect(isFault(await change().catch((thrown) => thrown), 'lease-lost')).toBe(true)
    expect(seen).toEqual(hasConnection ? ['POST'] : [])
  })

  test('sends once what the gate was closed to for a moment', async () => {
    let looks = 0
    setChangeGate({
      verify: async () => undefined,
      isOpenNow: () => {
        looks += 1
        return looks > 2
      },
    })
    await change()
    expect(seen).toEqual(['POST'])
    expect(looks).toBe(3)
  })
})

test('a plugin of a plain `pulumi` asks nobody', async () => {
  await rm(path)
  const plain = await startPlugin(demo)
  const other = new providerGrpc.ResourceProviderClient(
    `127.0.0.1:${plain.port}`,
    credentials.createInsecure(),
  )
  const configuration = new providerPb.ConfigureRequest()
  configuration.setArgs(toStruct({}))
  await ask((answer) => other.configure(configuration, answer))
  const request = new providerPb.CreateRequest()
  request.setUrn(urn)
  request.setProperties(toStruct({ name: 'one' }))
  await ask((answer) => other.create(request, answer))
  expect(effects).toEqual(['create one'])
  other.close()
  await plain.stop()
})
