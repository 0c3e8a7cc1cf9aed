import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decidePool } from '../../../src/watch/cluster/decide-pool.ts'
import type { PoolAction } from '../../../src/watch/cluster/decision.ts'
import type { PoolFigures, PoolNode, ServiceNeeds } from '../../../src/watch/cluster/figures.ts'
import { emptyMemory, type PoolMemory, takeOver } from '../../../src/watch/cluster/memory.ts'
import { node, pool, rules, service, start } from './pool-figures.ts'

/** VMs more or fewer after an action. */
const change = (action: PoolAction): number =>
  action.kind === 'grow' ? action.machines.length : action.kind === 'drain' ? -1 : 0

const services: fc.Arbitrary<ServiceNeeds> = fc.oneof(
  fc
    .record({ cpus: fc.integer({ min: 0, max: 8 }), gib: fc.integer({ min: 0, max: 32 }) })
    .map(({ cpus, gib }) => service(`s-${cpus}-${gib}`, cpus, gib)),
  fc.constant(service('alone', 1, 1, { maxPerNode: 1 })),
  fc.constant(service('build', 2, 4, { mustFinish: true })),
  fc.constant(service('everywhere', 0, 1, { isGlobal: true })),
)

const figure = fc.double({ min: 0, max: 150, noNaN: true })

const anyNode = fc.record({
  load: fc.oneof(figure, fc.constantFrom(Number.NaN, -1, Number.POSITIVE_INFINITY)),
  memory: fc.double({ min: 0, max: 100, noNaN: true }),
  runs: fc.array(services, { maxLength: 6, size: 'max' }),
  stands: fc.constantFrom<Partial<PoolNode>>(
    {},
    {},
    {},
    { availability: 'pause', heldBy: 'node-watcher' },
    { availability: 'drain', heldBy: 'person' },
    { availability: 'pause', heldBy: 'person' },
    { availability: 'drain', heldBy: 'joining' },
    { state: 'down' },
    { state: 'unknown' },
    { isManager: true },
    { machine: undefined },
  ),
})

const anyMemory: fc.Arbitrary<PoolMemory> = fc
  .record({
    pressedSince: fc.option(fc.integer({ min: 0, max: start }), { nil: undefined }),
    idleSince: fc.option(fc.integer({ min: 0, max: start }), { nil: undefined }),
    grownAt: fc.option(fc.integer({ min: 0, max: start }), { nil: undefined }),
    shrunkAt: fc.option(fc.integer({ min: 0, max: start }), { nil: undefined }),
    vainDrains: fc.nat(6),
    failures: fc.nat(6),
  })
  .map((some) => ({ ...emptyMemory, ...JSON.parse(JSON.stringify(some)) }))

const anyPool: fc.Arbitrary<PoolFigures> = fc
  .record({
    nodes: fc.array(anyNode, { minLength: 1, maxLength: 12, size: 'max' }),
    pending: fc.array(
      fc.record({ service: services, count: fc.integer({ min: 1, max: 20 }), onNewNodes: fc.boolean() }),
      {
        maxLength: 2,
      },
    ),
    change: fc.constantFrom(undefined, undefined, 'up of nonprod.platform'),
    lost: fc.nat(2),
  })
  .map(({ nodes, pending, change: applied, lost }) =>
    pool(
      nodes.map(({ load, memory, runs, stands }, at) => node(at + 1, { load, memory, runs, ...stands })),
      {
        pending,
        nodeless: Array.from({ length: lost }, (_, at) => ({
          name: `lost-${at}`,
          isOwned: at === 0,
          isMarked: true,
        })),
        ...(applied === undefined ? {} : { change: applied }),
      },
    ),
  )

const limits = fc
  .record({ min: fc.integer({ min: 1, max: 8 }), more: fc.nat(8) })
  .map(({ min, more }) => ({ ...rules, min, max: min + more }))

const decideOn = (figures: PoolFigures, under: typeof rules, memory: PoolMemory) =>
  decidePool(figures, under, { now: start, shrinking: undefined, memory })

describe('whatever the figures and whatever is remembered', () => {
  it('a pool never goes out of its limits by a step, and a step is never larger than allowed', () => {
    fc.assert(
      fc.property(anyPool, limits, anyMemory, (figures, under, memory) => {
        const { action, seen } = decideOn(figures, under, memory)
        const after = seen.size + change(action)
        if (change(action) > 0) expect(after).toBeLessThanOrEqual(under.max)
        if (change(action) < 0) expect(after).toBeGreaterThanOrEqual(under.min)
        expect(change(action)).toBeLessThanOrEqual(under.watch.maxStep)
      }),
      { numRuns: 500 },
    )
  })

  it('nothing of a stack is touched and no node is drained while a change is applied', () => {
    fc.assert(
      fc.property(anyPool, limits, anyMemory, (figures, under, memory) => {
        const { action } = decideOn({ ...figures, change: 'up' }, under, memory)
        expect(['nothing', 'give-back', 'call']).toContain(action.kind)
      }),
      { numRuns: 300 },
    )
  })

  it('a node that is drained is open, no manager, on a VM of ours, without work that must finish, and not the last', () => {
    let drains = 0
    fc.assert(
      fc.property(anyPool, limits, (figures, under) => {
        const { action } = decideOn({ ...figures, pending: [] }, under, { ...emptyMemory, idleSince: 0 })
        if (action.kind !== 'drain') return
        drains += 1
        const leaving = figures.nodes.find(({ id }) => id === action.node)
        expect(leaving).toMatchObject({ state: 'ready', heldBy: 'nobody', isManager: false })
        expect(leaving?.machine).toBeDefined()
        expect(leaving?.tasks.some(({ service: { mustFinish } }) => mustFinish === true)).toBe(false)
        expect(
          figures.nodes.some((one) => one !== leaving && one.state === 'ready' && one.heldBy === 'nobody'),
        ).toBe(true)
      }),
      { numRuns: 1000, seed: 7 },
    )
    expect(drains).toBeGreaterThan(10)
  })

  it('there is always a reason, and what is remembered is plain data', () => {
    fc.assert(
      fc.property(anyPool, limits, anyMemory, (figures, under, memory) => {
        const decision = decideOn(figures, under, memory)
        expect(decision.reason.sentence).toMatch(/\.$/)
        expect(decision.reason.sentence).not.toMatch(/NaN|undefined|Infinity/)
        expect(JSON.parse(JSON.stringify(decision.memory))).toEqual(decision.memory)
      }),
      { numRuns: 500 },
    )
  })

  it('decides alike on another clock', () => {
    fc.assert(
      fc.property(
        anyPool,
        anyMemory,
        fc.integer({ min: -5_000_000, max: 5_000_000 }),
        (figures, memory, by) => {
          const now = start + by
          const moved = takeOver(memory, { savedAt: start, awaySeconds: 0, now })
          const begun = takeOver(memory, { savedAt: start, awaySeconds: 0, now: start })
          const nodes = figures.nodes.map((one) =>
            one.sample ? { ...one, sample: { ...one.sample, at: now } } : one,
          )
          const there = decidePool({ ...figures, nodes }, rules, { now, shrinking: undefined, memory: moved })
          const here = decidePool(figures, rules, { now: start, shrinking: undefined, memory: begun })
          expect([there.action, there.reason]).toEqual([here.action, here.reason])
        },
      ),
    )
  })
})

describe('more load', () => {
  it('never leads to fewer VMs', () => {
    const loads = fc.array(fc.tuple(figure, fc.double({ min: 0, max: 80, noNaN: true })), {
      minLength: 1,
      maxLength: 12,
      size: 'max',
    })
    fc.assert(
      fc.property(loads, limits, anyMemory, (nodes, under, memory) => {
        const low = pool(nodes.map(([load], at) => node(at + 1, { load })))
        const high = pool(nodes.map(([load, more], at) => node(at + 1, { load: load + more })))
        const before = decideOn(low, under, memory)
        const after = decideOn(high, under, memory)
        expect(change(after.action)).toBeGreaterThanOrEqual(change(before.action))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('a node that was drained', () => {
  it('leaves nobody homeless: placed largest first, each where the fewest tasks are, all its tasks have a place', () => {
    const runs = fc.array(fc.array(services, { maxLength: 5 }), { minLength: 2, maxLength: 8, size: 'max' })
    let drains = 0
    fc.assert(
      fc.property(runs, (all) => {
        const nodes = all.map((one, at) =>
          node(at + 1, { load: 5, memory: 5, runs: one.filter(({ mustFinish }) => mustFinish !== true) }),
        )
        const { action } = decideOn(pool(nodes), { ...rules, min: 1 }, { ...emptyMemory, idleSince: 0 })
        if (action.kind !== 'drain') return
        drains += 1
        const leaving = nodes.find(({ id }) => id === action.node)
        const rest = nodes.filter((one) => one !== leaving)
        const tasks = (leaving?.tasks ?? []).filter(({ service: { isGlobal } }) => isGlobal !== true)
        const largestFirst = tasks.sort(
          (a, b) => b.service.reserved.memoryBytes - a.service.reserved.memoryBytes,
        )
        const free = rest.map((one) => ({
          cpus: one.capacity.cpuMillis - one.reserved.cpuMillis,
          bytes: one.capacity.memoryBytes - one.reserved.memoryBytes,
          count: one.taskCount,
          ids: one.tasks.map((task) => task.service.id),
        }))
        let homeless = 0
        for (const { service: needs } of largestFirst) {
          const [to] = free
            .filter(
              ({ cpus, bytes, ids }) =>
                cpus >= needs.reserved.cpuMillis &&
                bytes >= needs.reserved.memoryBytes &&
                (needs.maxPerNode === undefined || !ids.includes(needs.id)),
            )
            .sort((a, b) => a.count - b.count)
          if (to === undefined) homeless += 1
          else {
            to.cpus -= needs.reserved.cpuMillis
            to.bytes -= needs.reserved.memoryBytes
            to.count += 1
            to.ids.push(needs.id)
          }
        }
        expect(homeless).toBe(0)
      }),
      { numRuns: 1000, seed: 3 },
    )
    expect(drains).toBeGreaterThan(50)
  })
})
