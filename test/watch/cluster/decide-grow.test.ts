import { describe, expect, it } from 'vitest'
import { emptyMemory } from '../../../src/watch/cluster/memory.ts'
import { decide, lookFor, node, paused, pool, rules, service, start } from './pool-figures.ts'

const waiting = (count: number, cpus: number, gib = 1, onNewNodes = true) => ({
  service: service('web', cpus, gib),
  count,
  onNewNodes,
})

describe('tasks that wait', () => {
  it('ask for VMs at once, as many as their reservations need', () => {
    const full = [node(1, { runs: [service('a', 16, 1)] }), node(2, { runs: [service('a', 16, 1)] })]
    const { action, reason } = decide(pool(full, { pending: [waiting(9, 4)] }))
    expect(action).toEqual({ kind: 'grow', machines: ['vm-101', 'vm-102', 'vm-103'] })
    expect(reason).toEqual({
      code: 'tasks-wait',
      sentence: '9 tasks cannot be placed: grows by 3 VMs; now 2 VMs of 2 to 10.',
    })
  })

  it('fill the room of active nodes and of joining VMs first', () => {
    const nodes = [node(1, { runs: [service('a', 12, 1)] }), node(2)]
    const figures = pool(nodes, { pending: [waiting(9, 4)] })
    const first = decide(figures)
    expect(first.action).toEqual({ kind: 'grow', machines: ['vm-101'] })
    const second = decide(figures, first.memory)
    expect(second.reason.code).toBe('joining')
    expect(second.action.kind).toBe('nothing')
  })

  it('do not count the room of paused nodes, where nothing is placed', () => {
    const figures = pool([node(1, paused), node(2, paused)], { pending: [waiting(1, 1)] })
    expect(decide(figures).action).toEqual({ kind: 'grow', machines: ['vm-101'] })
  })

  it('ask for nothing that would not take them, and say so', () => {
    const figures = pool([node(1), node(2)], { pending: [waiting(2, 17), waiting(1, 1, 1, false)] })
    const { action, reason } = decide(figures)
    expect(action.kind).toBe('nothing')
    expect(reason.code).toBe('tasks-fit-nowhere')
    expect(reason.sentence).toContain('3 tasks')
  })

  it('get as many VMs as tasks where one node takes one', () => {
    const alone = service('alone', 1, 1, { maxPerNode: 1 })
    const nodes = [node(1, { runs: [alone] }), node(2, { runs: [alone] })]
    const { action } = decide(pool(nodes, { pending: [{ service: alone, count: 2, onNewNodes: true }] }))
    expect(action).toMatchObject({ kind: 'grow', machines: ['vm-101', 'vm-102'] })
  })

  it('do not grow a pool beyond its most', () => {
    const nodes = [1, 2, 3].map((one) => node(one, { runs: [service('a', 16, 1)] }))
    const { action, reason } = decide(pool(nodes, { pending: [waiting(9, 4)] }), undefined, {
      ...rules,
      max: 3,
    })
    expect(action.kind).toBe('nothing')
    expect(reason.code).toBe('at-max')
    expect(reason.sentence).toContain('Raise `max`')
  })
})

describe('use above a threshold', () => {
  it('waits for the window, then asks for what brings it under', () => {
    const decisions = lookFor(pool([1, 2, 3].map((one) => node(one, { load: 95 }))), 120)
    expect(decisions.slice(0, 4).map(({ reason }) => reason.code)).toEqual(Array(4).fill('threshold-window'))
    expect(decisions[4]?.action).toMatchObject({ kind: 'grow', machines: ['vm-101'] })
    expect(decisions[4]?.reason.sentence).toContain('load 95.0 % > 75 %')
  })

  it('begins the window anew after a break', () => {
    const busy = pool([node(1, { load: 90 }), node(2, { load: 90 })])
    const calm = pool([node(1, { load: 60 }), node(2, { load: 60 })])
    const [, , , before] = lookFor(busy, 90)
    const between = lookFor(calm, 0, { at: start + 100_000, ...(before ? { memory: before.memory } : {}) })
    const after = lookFor(busy, 90, {
      at: start + 130_000,
      ...(between[0] ? { memory: between[0].memory } : {}),
    })
    expect(after.every(({ action }) => action.kind === 'nothing')).toBe(true)
  })

  it('counts memory and the share of paused nodes as well', () => {
    const memory = lookFor(pool([node(1, { memory: 90 }), node(2, { memory: 90 })]), 150).at(4)
    expect(memory?.reason.sentence).toContain('memory 90.0 % > 75 %')
    const nodes = [1, 2, 3, 4].map((one) => node(one, { load: 60, ...paused }))
    const held = lookFor(pool([...nodes, node(5, { load: 60 })]), 150).at(4)
    expect(held?.reason.sentence).toContain('4 of 5 nodes paused, 80.0 % > 75 %')
    expect(held?.action.kind).toBe('grow')
  })

  it('is left alone for the cooldown after the pool grew', () => {
    const busy = pool([1, 2, 3].map((one) => node(one, { load: 95 })))
    const memory = { ...emptyMemory, grownAt: start - 60_000 }
    const decisions = lookFor(busy, 600, { memory })
    const grew = decisions.findIndex(({ action }) => action.kind === 'grow')
    expect(grew * rules.watch.tickSeconds).toBe(540)
    expect(decisions[grew - 1]?.reason.code).toBe('cooldown')
  })

  it('never adds more at once than a step', () => {
    const nodes = Array.from({ length: 9 }, (_, at) => node(at + 1, { load: 200 }))
    const decisions = lookFor(pool(nodes), 120, { rules: { ...rules, max: 100 } })
    expect(decisions.at(-1)?.action).toMatchObject({ machines: { length: 3 } })
    expect(decisions.at(-1)?.reason.sentence).toContain('of 15 wanted')
  })

  it('is not judged where more than half of the nodes told nothing lately', () => {
    const old = { sample: { at: start - 31_000, loadPercent: 99, memoryPercent: 99 } }
    const decision = decide(pool([node(1, { load: 99 }), node(2, old), node(3, old)]))
    expect(decision.reason.code).toBe('few-samples')
  })

  it.each([
    ['not a number', Number.NaN],
    ['negative', -1],
    ['infinite', Number.POSITIVE_INFINITY],
  ])('does not believe a figure that is %s', (_, load) => {
    const { seen } = decide(pool([node(1, { load }), node(2, { load: 40 }), node(3, { load: 60 })]))
    expect(seen).toMatchObject({ unseen: 1, loadPercent: 50 })
  })

  it('does not believe a sample from the future', () => {
    const { seen } = decide(pool([node(1, { sampledAt: start + 1 }), node(2)]))
    expect(seen.unseen).toBe(1)
  })
})

describe('a pool below its least', () => {
  it('grows at once', () => {
    expect(decide(pool([node(1)])).action).toEqual({ kind: 'grow', machines: ['vm-101'] })
  })
})

describe('tasks that nothing helps', () => {
  const stuck = [waiting(2, 17)]

  it('do not keep an idle pool from shrinking', () => {
    const nodes = [1, 2, 3].map((one) => node(one, { load: 20, memory: 20 }))
    expect(lookFor(pool(nodes, { pending: stuck }), 1800).at(-1)?.action.kind).toBe('drain')
  })

  it('do not keep a busy pool from growing', () => {
    const nodes = [1, 2, 3].map((one) => node(one, { load: 95 }))
    expect(lookFor(pool(nodes, { pending: stuck }), 120).at(-1)?.reason.code).toBe('above-threshold')
  })

  it('keep the nodes that their constraints name', () => {
    const named = {
      service: service('named', 1, 1, { onlyOn: new Set(['n3']) }),
      count: 1,
      onNewNodes: false,
    }
    const nodes = [1, 2, 3].map((one) => node(one, { load: 20, memory: 20 }))
    expect(lookFor(pool(nodes, { pending: [named] }), 1800).at(-1)?.action).toMatchObject({
      kind: 'drain',
      node: 'n2',
    })
  })
})

describe('tasks that wait although there is room', () => {
  it('are told, and the pool is not made smaller', () => {
    const nodes = [1, 2, 3].map((one) => node(one, { load: 20, memory: 20 }))
    const decision = lookFor(pool(nodes, { pending: [waiting(1, 1)] }), 3600).at(-1)
    expect(decision).toMatchObject({ action: { kind: 'nothing' }, reason: { code: 'tasks-should-fit' } })
  })
})

describe('VMs that are joining', () => {
  it('count as there for use as well, so that no more are asked for than are needed', () => {
    const figures = pool(
      [1, 2, 3].map((one) => node(one, { load: 95 })),
      { nodeless: [{ name: 'vm-9', isOwned: true, isMarked: true }] },
    )
    const decisions = lookFor(figures, 800)
    expect(decisions.filter(({ action }) => action.kind === 'grow')).toEqual([])
    expect(decisions.at(-1)?.seen).toMatchObject({ joining: 1, loadPercent: 95 })
  })
})
