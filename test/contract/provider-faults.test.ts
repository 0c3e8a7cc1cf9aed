import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isFault } from '../../src/core/fault.ts'
import { type DockerEngine, startDockerEngine } from '../../src/lab/docker/engine.ts'
import type { FaultedCall, Faults } from '../../src/lab/faults.ts'
import { type Registry as RegistryEmulator, startRegistry } from '../../src/lab/registry/server.ts'
import type { Ucp as Emulator } from '../../src/lab/ucp/server.ts'
import { type Properties, Unfinished } from '../../src/provider/plugin.ts'
import { serviceError } from '../../src/provider/status.ts'
import { type FaultTally, tallyFaults } from '../faults/record-row.ts'
import { seed } from '../seed.ts'
import { type FaultKind, faultKinds, type Life, lives, surroundings } from './provider-fault-cases.ts'
import { type Drive, driveFor, type State, startEmulator } from './provider-harness.ts'
import { type ProviderWorld, readProviderWorld, worldDifferences } from './provider-world.ts'

let folder: string
let engine: DockerEngine
let emulator: Emulator
let registry: RegistryEmulator
/** As the surroundings leave it. */
let bare: ProviderWorld

type Operation = 'create' | 'update' | 'delete'
const operations: readonly Operation[] = ['create', 'update', 'delete']

/** Long enough for a machine with much else to do; what waits for nothing waits for the short one. */
const patientMilliseconds = 20_000
const shortMilliseconds = 500

/** A process of its own for each run of the engine, as after a crash. */
const newDrive = (timeoutMilliseconds: number): Drive =>
  driveFor(
    emulator,
    { registryEndpoint: registry.address, registryCaCertificate: registry.caCertificate },
    {
      timeoutMilliseconds,
      retries: { attempts: 4, baseMilliseconds: 12, totalMilliseconds: 2_000 },
    },
  )

const withDrive = async <T>(
  act: (drive: Drive) => Promise<T>,
  timeoutMilliseconds = patientMilliseconds,
): Promise<T> => {
  const drive = newDrive(timeoutMilliseconds)
  try {
    return await act(drive)
  } finally {
    await drive.close()
  }
}

const world = (): Promise<ProviderWorld> => withDrive((drive) => readProviderWorld(drive, ['ada']))

const changesSomething = ({ method, url = '' }: FaultedCall): boolean =>
  method !== 'GET' && method !== 'HEAD' && !/\/auth\/|\/id\/login/.test(url)

const doors = (): readonly Faults[] => [emulator.faults, registry.faults]

/** Counts calls that change something at both doors; those that `meets` picks meet the fault. */
const watchDoors = (meets: (nth: number) => FaultKind | undefined): { readonly calls: () => string[] } => {
  const seen: string[] = []
  for (const door of doors())
    door.next = (call) => {
      if (!changesSomething(call)) return undefined
      seen.push(`${call.method} ${call.url}`)
      return meets(seen.length)?.fault
    }
  return { calls: () => [...seen] }
}

const unwatchDoors = (): void => {
  for (const door of doors()) door.next = () => undefined
}

/** What the engine knows of a resource after a call. */
interface Known {
  /** Undefined where the state does not hold it. */
  readonly state: State | undefined
  /** The inputs that a later call still has to bring about. */
  readonly open?: Operation
  readonly error?: unknown
}

const kept = (life: Life, error: Unfinished, inputs: Properties): State => ({
  token: life.token,
  id: error.id,
  inputs,
  outputs: { ...inputs, ...error.outputs },
})

/** One call of the engine, and what the engine keeps of it. */
const call = (
  life: Life,
  { operation, before, kind }: { operation: Operation; before: State | undefined; kind?: FaultKind },
): Promise<Known> =>
  withDrive(
    async (drive) => {
      const wanted = operation === 'update' ? (life.changed ?? life.inputs) : life.inputs
      try {
        if (operation === 'create') return { state: await drive.create(life.token, wanted) }
        if (before === undefined) throw new Error('nothing to change')
        if (operation === 'update') return { state: await drive.update(before, wanted) }
        await drive.delete(before)
        return { state: undefined }
      } catch (error) {
        const { inputs } = drive.check(life.token, wanted)
        if (error instanceof Unfinished && operation !== 'delete')
          return { state: kept(life, error, inputs), open: 'update', error }
        return { state: before, open: operation, error }
      }
    },
    kind?.fault.kind.startsWith('timeout') ? shortMilliseconds : patientMilliseconds,
  )

/** The same again until nothing is open, as the next runs would; a bounded number of times. */
const finish = async (life: Life, operation: Operation, first: Known): Promise<Known> => {
  let known = first
  for (let again = 0; known.open !== undefined && again < 3; again++) {
    const target = operation === 'create' && known.open === 'update' ? 'create' : operation
    known =
      target === 'create' && known.open === 'update'
        ? await settle(life, known.state)
        : await call(life, { operation, before: known.state })
  }
  return known
}

/** A create that ended unfinished is finished by an update with the same inputs. */
const settle = (life: Life, state: State | undefined): Promise<Known> =>
  withDrive(async (drive) => {
    if (state === undefined) throw new Error('nothing to settle')
    try {
      return { state: await drive.update(state, life.inputs) }
    } catch (error) {
      return { state, open: 'update', error }
    }
  })

const createdFor = async (life: Life, operation: Operation): Promise<State | undefined> => {
  if (operation === 'create') return undefined
  const { state, error } = await call(life, { operation: 'create', before: undefined })
  if (state === undefined) throw error
  if (operation === 'update') await withDrive(async (drive) => life.beforeChange?.(drive, state))
  return state
}

/** Takes everything of a life away, so that the next one finds the surroundings as they were. */
const clearUp = async (life: Life, operation: Operation, state: State | undefined): Promise<void> => {
  if (state === undefined) return
  await withDrive(async (drive) => {
    const now = (await drive.read(state)) ?? state
    if (operation === 'update') await life.afterChange?.(drive, now)
    await drive.delete({ ...now, outputs: { ...now.outputs, ...revived(state) } })
  })
}

/** What only the state knows. */
const revived = ({ outputs }: State): Properties =>
  Object.fromEntries(
    ['wasGranted', 'requiredBefore', 'signersBefore'].flatMap((name) =>
      outputs[name] === undefined ? [] : [[name, outputs[name]]],
    ),
  )

interface Undisturbed {
  readonly world: ProviderWorld
  readonly calls: readonly string[]
}

const undisturbed = async (life: Life, operation: Operation): Promise<Undisturbed> => {
  const before = await createdFor(life, operation)
  const watched = watchDoors(() => undefined)
  const { state, error } = await call(life, { operation, before })
  const calls = watched.calls()
  unwatchDoors()
  if (error !== undefined) throw error
  const after = await world()
  await clearUp(life, operation, state)
  expect(worldDifferences(bare, await world())).toEqual([])
  return { world: after, calls }
}

/** What is wrong with the message of a failed call; nothing where it says what, where and what to do. */
const badMessage = (life: Life, error: unknown): readonly string[] => {
  const text = String(serviceError(error, []).details)
  const fault = error instanceof Unfinished ? error.cause : error
  return [
    ...(text.includes('127.0.0.1') ? [] : [`names no endpoint: ${text}`]),
    ...(text.includes(life.named) ? [] : [`does not name ${life.named}: ${text}`]),
    ...(isFault(fault) && (fault.details.hint ?? '') !== '' ? [] : [`says no way out: ${text}`]),
  ]
}

/** Until the doors that were shut are open again; a bounded number of looks. */
const waitForDoors = async (): Promise<void> => {
  for (let look = 0; look < 200; look++) {
    const isOpen = await withDrive((drive) => drive.see('/roles').then(() => true)).catch(() => false)
    const isRegistryOpen = await withDrive((drive) =>
      drive.client.registry.json({ method: 'GET', path: '/repositories?pageSize=1' }).then(() => true),
    ).catch(() => false)
    if (isOpen && isRegistryOpen) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const expectWorld = async (wanted: ProviderWorld, when: string): Promise<void> => {
  const found = worldDifferences(wanted, await world())
  if (found.length > 0) throw new Error(`${when}: ${found.join('; ')}`)
}

/** Runs one life into one fault at its nth changing call and on to the end; answers how many calls were sent again. */
const runCase = async (
  life: Life,
  {
    operation,
    kind,
    nth,
    wanted,
  }: { operation: Operation; kind: FaultKind; nth: number; wanted: Undisturbed },
): Promise<number> => {
  const before = await createdFor(life, operation)
  const watched = watchDoors((count) =>
    count === nth || (kind.lasting === true && count > nth) ? kind : undefined,
  )
  const first = await call(life, { operation, before, kind })
  const sent = watched.calls().length
  unwatchDoors()
  if (kind.fault.kind === 'refused') await waitForDoors()
  expect(sent, 'the fault was met').toBeGreaterThanOrEqual(nth)
  if (kind.fails === true && kind.lasting === true)
    expect(first.error, 'a fault that lasts is told').toBeDefined()
  const bad = first.error === undefined ? [] : badMessage(life, first.error)
  if (bad.length > 0) throw new Error(bad.join('; '))
  const last = await finish(life, operation, first)
  if (last.error !== undefined) throw last.error
  await expectWorld(wanted.world, 'after it')
  const { state } = last
  if (state !== undefined)
    await withDrive(async (drive) => {
      const seen = await drive.read(state)
      expect(seen?.inputs).toEqual(state.inputs)
    })
  await clearUp(life, operation, state)
  await expectWorld(bare, 'once it is deleted')
  return Math.max(0, sent - wanted.calls.length)
}

const tallies = new Map<string, FaultTally>()

const tallyOf = (kind: FaultKind): FaultTally => {
  const known = tallies.get(kind.name)
  if (known !== undefined) return known
  const tally = tallyFaults(
    `provider-${kind.name.replaceAll(/\W+/g, '-').toLowerCase()}`,
    { fault: kind.name, step: 'every changing call of the ucp plugin’s 15 types' },
    (times) => (times === 0 ? 'by the next run' : `${times} calls, by the client; else by the next run`),
  )
  tallies.set(kind.name, tally)
  return tally
}

const openStand = async (): Promise<void> => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-provider-faults-'))
  engine = await startDockerEngine({ socketPath: join(folder, 'engine.sock') })
  emulator = await startEmulator({}, { engineSocket: engine.socketPath })
  registry = await startRegistry({ ucp: emulator })
  engine.whenJoined(emulator.placeNodes)
  await engine.joinNode({ hostname: 'manager', cpus: 2, memoryBytes: 4e9, role: 'manager' })
  await engine.joinNode({ hostname: 'one', cpus: 2, memoryBytes: 4e9 })
  await withDrive(async (drive) => {
    for (const [token, inputs] of surroundings) await drive.create(token, inputs)
    // A node's place and an account's collection are made explicit once, so that giving them back changes nothing.
    for (const token of ['ucp:index:NodePlacement', 'ucp:index:DefaultCollection', 'ucp:index:TeamMember']) {
      const life = lives.find((one) => one.token === token)
      if (life === undefined) throw new Error(`no life of ${token}`)
      await drive.delete(await drive.create(token, life.inputs))
    }
  })
  bare = await world()
}

const closeStand = async (): Promise<void> => {
  await registry?.stop()
  await emulator?.stop()
  await engine?.stop()
  await rm(folder, { recursive: true, force: true })
}

/** All of them on demand; else those that the seed picks, about one in four. */
const isDue = (text: string): boolean => {
  if (process.env.TENANTRY_FAULTS === 'full') return true
  const digest = createHash('sha256').update(`${seed} ${text}`).digest()
  return digest.readUInt8(0) % 4 === 0
}

beforeAll(async () => {
  console.log(`faults at the provider: seed ${seed}`)
  await openStand()
})
afterAll(async () => {
  for (const tally of tallies.values()) await tally.write()
  await closeStand()
})

test('every type of the plugin has a life', () => {
  const drive = newDrive(patientMilliseconds)
  expect(lives.map(({ token }) => token).sort()).toEqual(Object.keys(drive.plugin.resources).sort())
})

describe.each(lives)('$token', (life) => {
  const possible = operations.filter((one) => one !== 'update' || life.changed !== undefined)
  test.each(possible)(
    '%s ends as an undisturbed one whatever goes wrong at any call',
    async (operation) => {
      const wanted = await undisturbed(life, operation)
      expect(wanted.calls.length).toBeGreaterThan(0)
      const failed: string[] = []
      for (const [index, at] of wanted.calls.entries())
        for (const kind of faultKinds.filter(({ name }) =>
          isDue(`${life.token} ${operation} ${index} ${name}`),
        ))
          await tallyOf(kind)
            .count(() => runCase(life, { operation, kind, nth: index + 1, wanted }))
            .catch(async (error: unknown) => {
              failed.push(`${kind.name} at ${at}: ${error instanceof Error ? error.message : String(error)}`)
              // Whatever it left must not fail the next one.
              unwatchDoors()
              await closeStand()
              await openStand()
            })
      expect(failed).toEqual([])
    },
    300_000,
  )
})
