import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Docker } from '../../src/clients/docker.ts'
import { isFault } from '../../src/core/fault.ts'
import { Secret } from '../../src/core/secret.ts'
import { type DockerEngine, startDockerEngine } from '../../src/lab/docker/engine.ts'
import { type DockerClient, withClock } from '../../src/lab/plugins/docker-inputs.ts'
import { dockerPlugin } from '../../src/lab/plugins/docker-plugin.ts'
import type { Ucp as Emulator } from '../../src/lab/ucp/server.ts'
import { type Properties, type ResourceContext, Unfinished } from '../../src/provider/plugin.ts'
import { serviceError } from '../../src/provider/status.ts'
import { type FaultTally, tallyFaults } from '../faults/record-row.ts'
import { seed } from '../seed.ts'
import { type FaultKind, faultKinds } from './provider-fault-cases.ts'
import { fastClock, startEmulator } from './provider-harness.ts'

interface Life {
  readonly token: string
  readonly named: string
  readonly inputs: Properties
  /** Absent where every change replaces. */
  readonly changed?: Properties
}

const owned = [
  { label: 'com.docker.ucp.access.label', value: '/Shared' },
  { label: 'tenantry.owner', value: 'nonprod.acme' },
]
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const jenkins = (replicas: number, image: string): Properties => ({
  name: 'acme-jenkins',
  mode: { replicated: { replicas } },
  taskSpec: {
    containerSpec: { image },
    resources: { limits: { nanoCpus: 1e9, memoryBytes: 2 ** 28 } },
  },
  labels: owned,
})

const lives: readonly Life[] = [
  {
    token: 'docker:index/network:Network',
    named: 'acme-backend',
    inputs: {
      name: 'acme-backend',
      driver: 'overlay',
      attachable: true,
      ipamConfigs: [{ subnet: '10.64.9.0/24' }],
      labels: owned,
    },
  },
  {
    token: 'docker:index/volume:Volume',
    named: 'acme-data',
    inputs: {
      name: 'acme-data',
      driver: 'local',
      driverOpts: { type: 'nfs', device: ':/exports/acme', o: 'addr=192.0.2.1,rw' },
      labels: owned,
    },
  },
  {
    token: 'docker:index/secret:Secret',
    named: 'acme-role-id',
    inputs: { name: 'acme-role-id', data: base64('role'), labels: owned },
  },
  {
    token: 'docker:index/serviceConfig:ServiceConfig',
    named: 'acme-casc',
    inputs: { name: 'acme-casc', data: base64('jenkins: {}'), labels: owned },
  },
  {
    token: 'docker:index/service:Service',
    named: 'acme-jenkins',
    inputs: jenkins(1, 'nginx:1.25'),
    changed: jenkins(2, 'nginx:1.27'),
  },
]

type Operation = 'create' | 'update' | 'delete'
const operations: readonly Operation[] = ['create', 'update', 'delete']

interface Stored {
  readonly id: string
  readonly inputs: Properties
  readonly outputs: Properties
}

interface Known {
  readonly state: Stored | undefined
  readonly open?: Operation
  readonly error?: unknown
}

let folder: string
let engine: DockerEngine
let emulator: Emulator
let bundle: Awaited<ReturnType<Emulator['issueBundle']>>
let bare: readonly string[]

const context: ResourceContext = { urn: 'urn', signal: new AbortController().signal, log: () => {} }
const patientMilliseconds = 20_000
const shortMilliseconds = 500

/** A plugin's process of its own: through UCP's door with a client bundle, as the plugin comes. */
const withClient = async <T>(
  act: (client: DockerClient) => Promise<T>,
  timeoutMilliseconds = patientMilliseconds,
): Promise<T> => {
  const docker = new Docker({
    host: bundle.host,
    tls: { ca: bundle.certificateAuthority, cert: bundle.certificate, key: new Secret(bundle.key) },
    timeoutMilliseconds,
    retries: { attempts: 4, baseMilliseconds: 12, totalMilliseconds: 2_000 },
  })
  try {
    return await act(withClock(docker, fastClock()))
  } finally {
    await docker.close()
  }
}

const typeOf = ({ token }: Life) => {
  const type = dockerPlugin.resources[token]
  if (type === undefined) throw new Error(`no ${token}`)
  return type
}

/** Everything that the plugin can make, by name, without what differs between two makings. */
const world = (): Promise<readonly string[]> =>
  withClient(async ({ docker }) => [
    ...(await docker.networks()).map(({ Name, Driver, Labels, IPAM, Attachable }) =>
      JSON.stringify(['network', Name, Driver, Labels, IPAM.Config, Attachable]),
    ),
    ...(await docker.volumes()).map(({ Name, Driver, Labels, Options }) =>
      JSON.stringify(['volume', Name, Driver, Labels, Options]),
    ),
    ...(await docker.payloads('secrets')).map(({ Spec }) =>
      JSON.stringify(['secret', Spec.Name, Spec.Labels]),
    ),
    ...(await docker.payloads('configs')).map(({ Spec }) =>
      JSON.stringify(['config', Spec.Name, Spec.Labels, Spec.Data]),
    ),
    ...(await docker.services()).map(({ Spec }) => JSON.stringify(['service', Spec])),
  ]).then((lines) => [...lines].sort())

const watchDoor = (meets: (nth: number) => FaultKind | undefined): { readonly calls: () => string[] } => {
  const seen: string[] = []
  emulator.faults.next = ({ method, url }) => {
    if (method === 'GET' || method === 'HEAD') return undefined
    seen.push(`${method} ${url}`)
    return meets(seen.length)?.fault
  }
  return { calls: () => [...seen] }
}

const unwatchDoor = (): void => {
  emulator.faults.next = () => undefined
}

const waitForDoor = async (): Promise<void> => {
  for (let look = 0; look < 200; look++) {
    if (
      await withClient(({ docker }) => docker.volumes()).then(
        () => true,
        () => false,
      )
    )
      return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** One call of the engine, and what the engine keeps of it. */
const call = (
  life: Life,
  { operation, before, kind }: { operation: Operation; before: Stored | undefined; kind?: FaultKind },
): Promise<Known> =>
  withClient(
    async (client) => {
      const type = typeOf(life)
      const inputs = operation === 'update' ? (life.changed ?? life.inputs) : life.inputs
      try {
        if (operation === 'create') {
          const { id, outputs } = await type.create(client, inputs, context)
          return { state: { id, inputs, outputs: { ...inputs, ...outputs } } }
        }
        if (before === undefined) throw new Error('nothing to change')
        if (operation === 'update') {
          const outputs = await type.update(client, before.id, before.outputs, inputs, context)
          return { state: { id: before.id, inputs, outputs: { ...inputs, ...outputs } } }
        }
        await type.delete(client, before.id, before.outputs, context)
        return { state: undefined }
      } catch (error) {
        if (error instanceof Unfinished && operation !== 'delete')
          return { state: { id: error.id, inputs, outputs: error.outputs }, open: 'update', error }
        return { state: before, open: operation, error }
      }
    },
    kind?.fault.kind.startsWith('timeout') ? shortMilliseconds : patientMilliseconds,
  )

const finish = async (life: Life, first: Known): Promise<Known> => {
  let known = first
  for (let again = 0; known.open !== undefined && again < 3; again++)
    known = await call(life, { operation: known.open, before: known.state })
  return known
}

const expectWorld = async (wanted: readonly string[], when: string): Promise<void> => {
  const found = await world()
  const missing = wanted.filter((line) => !found.includes(line))
  const more = found.filter((line, at) => !wanted.includes(line) || found.indexOf(line) !== at)
  if (missing.length + more.length > 0)
    throw new Error(`${when}: missing ${missing.join('; ')}, too much ${more.join('; ')}`)
}

const createdFor = async (life: Life, operation: Operation): Promise<Stored | undefined> => {
  if (operation === 'create') return undefined
  const { state, error } = await call(life, { operation: 'create', before: undefined })
  if (state === undefined) throw error
  return state
}

const clearUp = async (life: Life, state: Stored | undefined): Promise<void> => {
  if (state !== undefined) await call(life, { operation: 'delete', before: state })
}

const badMessage = (life: Life, error: unknown): readonly string[] => {
  const text = String(serviceError(error, []).details)
  const fault = error instanceof Unfinished ? error.cause : error
  return [
    ...(text.includes('127.0.0.1') ? [] : [`names no endpoint: ${text}`]),
    ...(text.includes(life.named) || /\/[0-9a-z]{25}\b|\/[0-9a-f]{64}\b/.test(text)
      ? []
      : [`does not name ${life.named}: ${text}`]),
    ...(isFault(fault) && (fault.details.hint ?? '') !== '' ? [] : [`says no way out: ${text}`]),
  ]
}

interface Case {
  readonly operation: Operation
  readonly kind: FaultKind
  readonly nth: number
  readonly wanted: readonly string[]
  readonly usual: number
}

const runCase = async (life: Life, { operation, kind, nth, wanted, usual }: Case): Promise<number> => {
  const before = await createdFor(life, operation)
  const watched = watchDoor((count) =>
    count === nth || (kind.lasting === true && count > nth) ? kind : undefined,
  )
  const first = await call(life, { operation, before, kind })
  const sent = watched.calls().length
  unwatchDoor()
  if (kind.fault.kind === 'refused') await waitForDoor()
  expect(sent, 'the fault was met').toBeGreaterThanOrEqual(nth)
  if (kind.lasting === true) expect(first.error, 'a fault that lasts is told').toBeDefined()
  const bad = first.error === undefined ? [] : badMessage(life, first.error)
  if (bad.length > 0) throw new Error(bad.join('; '))
  const last = await finish(life, first)
  if (last.error !== undefined) throw last.error
  await expectWorld(wanted, 'after it')
  const { state } = last
  if (state !== undefined) {
    const seen = await withClient((client) =>
      typeOf(life).read(client, state.id, state.inputs, state.outputs, context),
    )
    expect(seen?.inputs).toEqual(state.inputs)
  }
  await clearUp(life, state)
  await expectWorld(bare, 'once it is deleted')
  return Math.max(0, sent - usual)
}

const tallies = new Map<string, FaultTally>()
const tallyOf = ({ name }: FaultKind): FaultTally => {
  const tally =
    tallies.get(name) ??
    tallyFaults(
      `docker-plugin-${name.replaceAll(/\W+/g, '-').toLowerCase()}`,
      { fault: name, step: 'every changing call of the docker plugin, through UCP' },
      (times) => (times === 0 ? 'by the next run' : `${times} calls, by the client; else by the next run`),
    )
  tallies.set(name, tally)
  return tally
}

const openStand = async (): Promise<void> => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-docker-faults-'))
  engine = await startDockerEngine({ socketPath: join(folder, 'engine.sock') })
  emulator = await startEmulator({}, { engineSocket: engine.socketPath })
  engine.whenJoined(emulator.placeNodes)
  await engine.joinNode({ hostname: 'manager', cpus: 2, memoryBytes: 4e9, role: 'manager' })
  await engine.joinNode({ hostname: 'one', cpus: 2, memoryBytes: 4e9 })
  bundle = await emulator.issueBundle('svc-tenantry')
  bare = await world()
}

const closeStand = async (): Promise<void> => {
  await emulator?.stop()
  await engine?.stop()
  await rm(folder, { recursive: true, force: true })
}

const isDue = (text: string): boolean =>
  process.env.TENANTRY_FAULTS === 'full' ||
  createHash('sha256').update(`${seed} ${text}`).digest().readUInt8(0) % 2 === 0

beforeAll(async () => {
  console.log(`faults at the docker plugin: seed ${seed}`)
  await openStand()
})
afterAll(async () => {
  for (const tally of tallies.values()) await tally.write()
  await closeStand()
})

test('every type of the plugin has a life', () => {
  expect(lives.map(({ token }) => token).sort()).toEqual(Object.keys(dockerPlugin.resources).sort())
})

describe.each(lives)('$token', (life) => {
  const possible = operations.filter((one) => one !== 'update' || life.changed !== undefined)
  test.each(possible)(
    '%s ends as an undisturbed one whatever goes wrong at any call',
    async (operation) => {
      const before = await createdFor(life, operation)
      const watched = watchDoor(() => undefined)
      const { state, error } = await call(life, { operation, before })
      const calls = watched.calls()
      unwatchDoor()
      expect(error).toBeUndefined()
      expect(calls.length).toBeGreaterThan(0)
      const wanted = await world()
      await clearUp(life, state)
      const failed: string[] = []
      for (const [index, at] of calls.entries())
        for (const kind of faultKinds.filter(({ name }) =>
          isDue(`${life.token} ${operation} ${index} ${name}`),
        ))
          await tallyOf(kind)
            .count(() => runCase(life, { operation, kind, nth: index + 1, wanted, usual: calls.length }))
            .catch(async (problem: unknown) => {
              failed.push(
                `${kind.name} at ${at}: ${problem instanceof Error ? problem.message : String(problem)}`,
              )
              // Whatever it left must not fail the next one.
              unwatchDoor()
              await closeStand()
              await openStand()
            })
      expect(failed).toEqual([])
    },
    300_000,
  )
})
