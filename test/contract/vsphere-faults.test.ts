import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Vsphere } from '../../src/clients/vsphere.ts'
import { Fault } from '../../src/core/fault.ts'
import type { FaultProxy, ProxiedCall } from '../../src/lab/fault-proxy.ts'
import type { FaultedCall } from '../../src/lab/faults.ts'
import { behindFaultProxy } from '../../src/lab/lab-vcenter.ts'
import type { LabVcenter } from '../../src/lab/vcenter/lab-vcenter.ts'
import { type Properties, Unfinished } from '../../src/provider/plugin.ts'
import { serviceError } from '../../src/provider/status.ts'
import { recordRow } from '../faults/record-row.ts'
import { seed } from '../seed.ts'
import { type Inventory, VcenterByHand } from './vcenter-by-hand.ts'
import { clientOf, vcenters } from './vcenters.ts'
import { type FaultKind, faultKinds, isChange } from './vsphere-fault-kinds.ts'
import { context, type Scenario, setStage, typeOf } from './vsphere-scenarios.ts'

const operations = ['create', 'update', 'delete'] as const
type Operation = (typeof operations)[number]

const types = [
  'virtualMachine',
  'folder',
  'resourcePool',
  'tag',
  'tagCategory',
  'computeClusterVmAntiAffinityRule',
  'distributedPortGroup',
] as const

/** What the engine holds of a resource. */
interface Held {
  readonly id: string
  readonly outputs: Properties
  /** What it was asked to be last; undefined after a delete. */
  readonly inputs: Properties | undefined
}

/** Without what differs between two makings of the same thing. */
const comparable = (inventory: Inventory): unknown =>
  JSON.parse(
    JSON.stringify(inventory, (key, value: unknown) =>
      ['id', 'uuid', 'host', 'key'].includes(key) ? undefined : value,
    ),
  )

interface Count {
  cases: number
  sameState: number
  sentAgain: number
  milliseconds: number
}

const counts = new Map<FaultKind, Count>(
  faultKinds.map((kind) => [kind, { cases: 0, sameState: 0, sentAgain: 0, milliseconds: 0 }]),
)

afterAll(async () => {
  for (const [{ row, name }, { cases, sameState, sentAgain, milliseconds }] of counts)
    await recordRow(`vcenter-${row}`, {
      fault: `vCenter: ${name}`,
      step: 'every changing call of create, update and delete of 7 resource types',
      cases,
      sameState,
      retried: sentAgain === 0 ? 'nothing' : `${sentAgain} calls, by the client or the next run`,
      seconds: milliseconds / 1000,
    })
})

/** Short, because a timeout is waited for; an innocent call that takes longer on a busy machine is one more fault. */
const impatienceMilliseconds = 500

const isTimeout = ({ row }: FaultKind): boolean => row.startsWith('timeout')

/** Every nth case, by place and seed; all of them on demand. */
const stride = process.env.TENANTRY_FAULTS === 'full' ? 1 : 4

describe.each(vcenters)('every call that fails at %s', (_kind, start) => {
  let vcenter: LabVcenter
  let front: LabVcenter
  let proxy: FaultProxy
  let hand: VcenterByHand
  /** Past the proxy. */
  let calm: Vsphere
  /** Through the proxy, with all the time in the world and with little. */
  let patient: Vsphere
  let impatient: Vsphere
  let scenarios: ReadonlyMap<string, Scenario>
  let base: unknown

  beforeAll(async () => {
    vcenter = await start()
    front = await behindFaultProxy(vcenter)
    proxy = front.proxy ?? expect.fail('no proxy')
    hand = new VcenterByHand(vcenter)
    calm = clientOf(vcenter)
    const throughProxy = {
      server: front.address,
      user: front.user,
      password: front.password,
      tls: { ca: front.caCertificate },
      sleep: () => new Promise<void>((resolve) => setImmediate(resolve)),
    }
    patient = new Vsphere(throughProxy)
    impatient = new Vsphere({ ...throughProxy, timeoutMilliseconds: impatienceMilliseconds })
    scenarios = new Map((await setStage(calm)).map((scenario) => [scenario.type, scenario]))
    base = comparable(await hand.inventory())
  })
  afterAll(async () => {
    await Promise.allSettled([calm?.close(), patient?.close(), impatient?.close(), hand?.close()])
    await front?.stop()
  })

  const scenarioOf = (type: string): Scenario => scenarios.get(type) ?? expect.fail(`no ${type}`)

  /** What is there before the operation. */
  const begin = async ({ type, inputs }: Scenario, operation: Operation): Promise<Held | undefined> => {
    if (operation === 'create') return undefined
    const { id, outputs } = await typeOf(type).create(calm, inputs, context)
    return { id, outputs, inputs }
  }

  /** What the engine does: an interrupted create that is known is brought on by an update. */
  const run = async (
    vsphere: Vsphere,
    { type, inputs, changed }: Scenario,
    operation: Operation,
    held: Held | undefined,
  ): Promise<Held | undefined> => {
    if (operation === 'create' && held === undefined)
      return { ...(await typeOf(type).create(vsphere, inputs, context)), inputs }
    const { id, outputs } = held ?? expect.fail('nothing is held')
    if (operation === 'delete') {
      await typeOf(type).delete(vsphere, id, outputs, context)
      return undefined
    }
    const news = operation === 'create' ? inputs : changed
    return { id, inputs: news, outputs: await typeOf(type).update(vsphere, id, outputs, news, context) }
  }

  /** Away with what a failed case left, so that it fails alone. */
  const sweep = async ({ type, name }: Scenario): Promise<void> => {
    const left = await hand.idsNamed(type, name)
    for (const id of left)
      await typeOf(type)
        .delete(calm, id, {}, context)
        .catch(() => undefined)
  }

  const clean = async ({ type }: Scenario, held: Held | undefined): Promise<void> => {
    if (held !== undefined) await typeOf(type).delete(calm, held.id, held.outputs, context)
  }

  /** The port is shut for a moment after a refusal. */
  const reachable = (): Promise<void> =>
    expect
      .poll(
        () =>
          new Promise<boolean>((resolve) => {
            const socket = connect(Number(front.address.split(':')[1]), '127.0.0.1')
            socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
            socket.once('connect', () => socket.destroy())
          }),
        { timeout: 30_000, interval: 10 },
      )
      .toBe(true)

  const changesSeen = (): readonly ProxiedCall[] =>
    proxy.calls().filter(({ path, ...call }) => isChange({ ...call, url: path }))

  /** The operation without a fault: the changing calls that it sends, and the world after it. */
  const undisturbed = async (scenario: Scenario, operation: Operation) => {
    const held = await begin(scenario, operation)
    proxy.forget()
    const after = await run(patient, scenario, operation, held)
    const calls = changesSeen().map(({ path, ...call }): FaultedCall => ({ ...call, url: path }))
    const world = comparable(await hand.inventory())
    await clean(scenario, after)
    return { calls, world }
  }

  /** What an error must tell whoever is called at night. */
  const expectTold = (error: unknown, { name }: Scenario): void => {
    const cause = error instanceof Unfinished ? error.cause : error
    expect(cause).toBeInstanceOf(Fault)
    const said = serviceError(error, []).details ?? ''
    expect(said).toContain(front.address)
    expect(said).toContain(name)
    expect(said).not.toContain(front.password.reveal())
    expect(cause instanceof Fault ? cause.details.hint : undefined, said).toBeDefined()
  }

  const disturb = (kind: FaultKind, nth: number): { readonly hits: () => number } => {
    const script = kind.script()
    let seen = 0
    let hits = 0
    proxy.faults.next = (call) => {
      if (isChange(call)) seen += 1
      const isChosen = isChange(call) && seen === nth
      if (isChosen) hits += 1
      return seen < nth ? undefined : script(call, isChosen)
    }
    return { hits: () => hits }
  }

  interface Case {
    readonly scenario: Scenario
    readonly operation: Operation
    readonly kind: FaultKind
    /** Which of the changing calls, from 1. */
    readonly nth: number
    readonly calls: readonly FaultedCall[]
    readonly world: unknown
  }

  /** One fault at one call, then the same operation again; how many calls more than undisturbed that took. */
  const tryOne = async ({ scenario, operation, kind, nth, calls, world }: Case): Promise<number> => {
    let held = await begin(scenario, operation)
    await reachable()
    proxy.forget()
    const armed = disturb(kind, nth)
    let error: unknown
    try {
      held = await run(isTimeout(kind) ? impatient : patient, scenario, operation, held)
    } catch (thrown) {
      error = thrown
    } finally {
      proxy.faults.next = () => undefined
    }
    // Only a call that took too long by itself can come before.
    if (!isTimeout(kind) || error === undefined) expect(armed.hits()).toBe(1)
    if (error !== undefined) {
      // A read that took too long by itself, on a busy machine, is not the call that was chosen.
      if (armed.hits() === 1) expectTold(error, scenario)
      expect(kind.isOvercome, String(error)).toBe(false)
      if (error instanceof Unfinished)
        held = { id: error.id, outputs: { ...scenario.inputs, ...error.outputs }, inputs: undefined }
      await reachable()
      held = await run(patient, scenario, operation, held)
    }
    expect(comparable(await hand.inventory())).toEqual(world)
    const sent = changesSeen().length
    await clean(scenario, held)
    return Math.max(0, sent - calls.length)
  }

  describe.each(types)('of %s', (type) => {
    it.each(operations)('%s', { timeout: 1_200_000 }, async (operation) => {
      const scenario = scenarioOf(type)
      const { calls, world } = await undisturbed(scenario, operation)
      expect(calls.length).toBeGreaterThan(0)
      const failures: string[] = []
      for (const [index, call] of calls.entries())
        for (const [place, kind] of faultKinds.entries()) {
          if (!kind.meets(call) || (index + place + seed) % stride !== operations.indexOf(operation) % stride)
            continue
          const count = counts.get(kind) ?? expect.fail(kind.name)
          const started = performance.now()
          count.cases += 1
          try {
            const given = { scenario, operation, kind, nth: index + 1, calls, world }
            count.sentAgain += await tryOne(given)
            count.sameState += 1
          } catch (error) {
            await sweep(scenario)
            failures.push(
              `${kind.name} at ${call.operation ?? `${call.method} ${call.url}`}: ${error instanceof Error ? error.message : error}`,
            )
          } finally {
            count.milliseconds += performance.now() - started
          }
        }
      expect(failures).toEqual([])
      expect(comparable(await hand.inventory())).toEqual(base)
    })
  })
})
