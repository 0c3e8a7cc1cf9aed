import { describe, expect, it } from 'vitest'
import { decideCluster } from '../../../src/watch/cluster/decide-cluster.ts'
import { emptyMemory, type PoolMemory } from '../../../src/watch/cluster/memory.ts'
import {
  decide,
  drained,
  lookFor,
  node,
  paused,
  pool,
  rules,
  sampledAt,
  service,
  start,
} from './pool-figures.ts'

const hour = 3600
const idle = { load: 20, memory: 20 }
const small = service('web', 1, 1)

/** After the window: the decision that follows half an hour of the same figures. */
const afterIdle = (figures: Parameters<typeof lookFor>[0], more: Parameters<typeof lookFor>[2] = {}) =>
  lookFor(figures, rules.watch.shrinkAfterSeconds, more).at(-1)

const memoryOf = (decision: { memory: PoolMemory } | undefined): PoolMemory => {
  if (decision === undefined) throw new Error('no decision')
  return decision.memory
}

describe('an idle pool', () => {
  it('drains its emptiest node after the window', () => {
    const nodes = [
      node(1, { ...idle, runs: [small, small] }),
      node(2, { ...idle, runs: [small] }),
      node(3, { ...idle, runs: [small, small] }),
    ]
    const decisions = lookFor(pool(nodes), 1800)
    expect(decisions.slice(0, -1).every(({ action }) => action.kind === 'nothing')).toBe(true)
    expect(decisions.at(-1)?.action).toEqual({ kind: 'drain', node: 'n2', hostname: 'vm-2' })
    expect(decisions.at(-1)?.reason.sentence).toContain('without one node load 30.0 % ≤ 65 %')
  })

  it('stays at its least', () => {
    expect(afterIdle(pool([node(1, idle), node(2, idle)]))?.reason.code).toBe('at-min')
  })

  it.each([
    [
      'a pause of the node watcher would be left to carry it',
      [node(1, idle), node(2, idle), node(3, { load: 100, ...paused })],
      'in-balance',
    ],
    [
      'the rest would be above the threshold less the margin',
      [node(1, { load: 44 }), node(2, { load: 44 }), node(3, { load: 44 })],
      'in-balance',
    ],
  ] as const)('does not shrink where %s', (_, nodes, code) => {
    expect(afterIdle(pool(nodes))?.reason.code).toBe(code)
  })

  it.each([
    ['load', { load: 50, memory: 20 }],
    ['memory', { load: 20, memory: 50 }],
  ])('goes by the %s of active nodes, which would take the tasks over, while others are paused', (_, use) => {
    const active = [1, 2, 3].map((one) => node(one, use))
    const calm = [4, 5].map((one) => node(one, { load: 5, memory: 5, ...paused }))
    expect(afterIdle(pool([...active, ...calm]))?.reason.code).toBe('in-balance')
  })

  it('does not take a node whose tasks have no place by reservations', () => {
    const half = service('db', 9, 9)
    const nodes = [1, 2, 3].map((one) => node(one, { ...idle, runs: [half] }))
    const decision = afterIdle(pool(nodes))
    expect(decision?.action.kind).toBe('nothing')
    expect(decision?.reason).toMatchObject({ code: 'would-not-fit' })
    expect(decision?.reason.sentence).toContain('has no place on the other active nodes')
  })

  it('keeps a margin of what can be reserved', () => {
    const nodes = [1, 2, 3].map((one) => node(one, { ...idle, runs: Array(10).fill(small) }))
    expect(afterIdle(pool(nodes))?.reason.sentence).toContain('93.8 % of the active nodes would be reserved')
  })

  it('does not take a node with one task a node that every other has as well', () => {
    const alone = service('alone', 1, 1, { maxPerNode: 1 })
    const nodes = [1, 2, 3].map((one) => node(one, { ...idle, runs: [alone] }))
    expect(afterIdle(pool(nodes))?.reason.code).toBe('would-not-fit')
  })

  it('does not take a node that a constraint names', () => {
    const pinned = service('pinned', 1, 1, { onlyOn: new Set(['n3']) })
    const nodes = [
      node(1, { ...idle, runs: [small, small, small] }),
      node(2, { ...idle, runs: [small, small] }),
      node(3, { ...idle, runs: [pinned] }),
    ]
    expect(afterIdle(pool(nodes))?.action).toMatchObject({ node: 'n2' })
  })

  it('does not take a node with work that must finish', () => {
    const build = service('build', 1, 1, { mustFinish: true })
    const nodes = [
      node(1, { ...idle, runs: [build] }),
      node(2, { ...idle, runs: [build] }),
      node(3, { ...idle, runs: [build] }),
    ]
    expect(afterIdle(pool(nodes))?.reason.sentence).toContain('work that must finish')
    const free = [...nodes, node(4, { ...idle, runs: [small, small] })]
    expect(afterIdle(pool(free))?.action).toMatchObject({ node: 'n4' })
  })

  it('takes a node that holds nothing but a global task', () => {
    const everywhere = service('agent', 1, 1, { isGlobal: true, maxPerNode: 1 })
    const nodes = [1, 2, 3].map((one) => node(one, { ...idle, runs: [everywhere] }))
    expect(afterIdle(pool(nodes))?.action.kind).toBe('drain')
  })

  it.each([
    ['a person drained', { availability: 'drain', heldBy: 'person' }],
    ['a person paused', { availability: 'pause', heldBy: 'person' }],
    ['is a manager', { isManager: true }],
    ['has no VM', { machine: undefined }],
  ] as const)('never takes a node that %s', (_, facts) => {
    const nodes = [
      node(1, { ...idle, ...facts }),
      ...[2, 3, 4].map((one) => node(one, { ...idle, runs: [small] })),
    ]
    const decision = afterIdle(pool(nodes))
    expect(decision?.action.kind).toBe('drain')
    expect(decision?.action).not.toMatchObject({ node: 'n1' })
  })

  it('waits while VMs join', () => {
    const nodeless = [{ name: 'vm-9', isOwned: true, isMarked: true }]
    const nodes = [1, 2, 3].map((one) => node(one, idle))
    const decisions = lookFor(pool(nodes, { nodeless }), 600)
    expect(decisions.at(-1)?.reason.code).toBe('joining')
  })

  it('waits while a change is applied', () => {
    const nodes = [1, 2, 3].map((one) => node(one, idle))
    const decision = afterIdle(pool(nodes, { change: 'up of nonprod.platform by ci-4711' }))
    expect(decision?.reason).toEqual({
      code: 'change-applied',
      sentence: 'A change is being applied (up of nonprod.platform by ci-4711): it goes first.',
    })
  })

  it('goes down to a most that was lowered, without a window', () => {
    const nodes = [1, 2, 3, 4].map((one) => node(one, { load: 70, memory: 30 }))
    expect(decide(pool(nodes), undefined, { ...rules, max: 3 }).reason.code).toBe('above-max')
  })
})

describe('a node that is taken out', () => {
  const others = [1, 2].map((one) => node(one, { ...idle, runs: [small] }))
  const started = () => memoryOf(afterIdle(pool([...others, node(3, idle)])))
  const at = start + 1_830_000

  it('is removed once it is empty, and its VM after that', () => {
    const memory = started()
    const draining = decide(
      sampledAt(pool([...others, node(3, { ...drained, runs: [small] })]), at),
      memory,
      rules,
      at,
    )
    expect(draining.reason.code).toBe('draining')
    const empty = decide(sampledAt(pool([...others, node(3, drained)]), at), draining.memory, rules, at)
    expect(empty.action).toEqual({ kind: 'remove', node: 'n3' })
    const nodeless = [{ name: 'vm-3', isOwned: true, isMarked: true }]
    const left = decide(sampledAt(pool(others, { nodeless }), at), empty.memory, rules, at)
    expect(left.action).toEqual({ kind: 'delete', machine: 'vm-3' })
    const over = decide(sampledAt(pool(others), at), left.memory, rules, at)
    expect(over).toMatchObject({ action: { kind: 'nothing' }, reason: { code: 'removed' } })
    expect(over.memory.shrink).toBeUndefined()
  })

  it('is given back where it will not drain, and not tried again for a while', () => {
    const stuck = pool([...others, node(3, { ...idle, ...drained, runs: [small] })])
    const decisions = lookFor(stuck, rules.watch.drainSeconds, { memory: started(), at: start + 1_800_000 })
    const last = decisions.at(-1)
    expect(last).toMatchObject({
      action: { kind: 'give-back', node: 'n3' },
      reason: { code: 'will-not-drain' },
    })
    const again = lookFor(pool([...others, node(3, idle)]), hour + 1200, {
      memory: memoryOf(last),
      at: start + 2_430_000,
    })
    const drains = again.filter(({ action }) => action.kind === 'drain')
    expect(drains).toHaveLength(1)
    expect(again.findIndex(({ action }) => action.kind === 'drain') * 30).toBeGreaterThanOrEqual(hour)
  })

  it('is given back at once where tasks wait', () => {
    const pending = [{ service: small, count: 1, onNewNodes: true }]
    const decision = decide(
      sampledAt(pool([...others, node(3, drained)], { pending }), at),
      started(),
      rules,
      at,
    )
    expect(decision).toMatchObject({ action: { kind: 'give-back' }, reason: { code: 'needed-again' } })
  })

  it('is left to a person who made it active or drained it', () => {
    for (const held of [
      { availability: 'active', heldBy: 'nobody' },
      { availability: 'drain', heldBy: 'person' },
    ] as const) {
      const decision = decide(sampledAt(pool([...others, node(3, held)]), at), started(), rules, at)
      expect(decision).toMatchObject({ action: { kind: 'nothing' }, reason: { code: 'drain-undone' } })
      expect(decision.memory.shrink).toBeUndefined()
    }
  })

  it('does not leave the swarm while a change is applied', () => {
    const figures = sampledAt(pool([...others, node(3, drained)], { change: 'up' }), at)
    expect(decide(figures, started(), rules, at).reason.code).toBe('change-applied')
  })

  it('is gone on with by a watcher that remembers nothing', () => {
    expect(decide(pool([...others, node(3, drained)])).action).toEqual({ kind: 'remove', node: 'n3' })
  })

  it('calls a person where its VM will not go, and keeps trying', () => {
    const nodeless = [{ name: 'vm-3', isOwned: true, isMarked: true }]
    const figures = pool(others, { nodeless })
    const decisions = lookFor(figures, 1200, { memory: started(), at })
    expect(decisions.filter(({ action }) => action.kind === 'call')).toHaveLength(1)
    expect(decisions.at(-1)?.action.kind).toBe('delete')
  })

  it('is the only one of all pools', () => {
    const idlePool = (name: string) => ({
      figures: { ...pool([1, 2, 3].map((one) => node(one, idle))), pool: name },
      rules,
    })
    let memories = new Map<string, PoolMemory>()
    let drains = 0
    for (let now = start; now <= start + 2_000_000; now += 30_000) {
      const pools = [idlePool('a'), idlePool('b')].map((one) => ({
        ...one,
        figures: sampledAt(one.figures, now),
      }))
      const decisions = decideCluster(pools, { memories, now })
      memories = new Map([...decisions].map(([name, { memory }]) => [name, memory]))
      const now2 = [...decisions.values()].filter(({ memory }) => memory.shrink !== undefined).length
      expect(now2).toBeLessThanOrEqual(1)
      drains += [...decisions.values()].filter(({ action }) => action.kind === 'drain').length
    }
    expect(drains).toBeGreaterThan(0)
  })
})

describe('a node that is taken out of a pool that breaks', () => {
  const broken = [node(1, idle), node(2, { state: 'down' }), node(4, { state: 'down' })]
  const shrink = { node: 'n3', machine: 'vm-3', since: start, step: 'draining' } as const
  const memory = { ...emptyMemory, shrink }

  it('is given back', () => {
    const decision = decide(pool([...broken, node(3, drained)]), memory)
    expect(decision).toMatchObject({
      action: { kind: 'give-back', node: 'n3' },
      reason: { code: 'needed-again' },
    })
    expect(decision.reason.sentence).toContain('unusable')
  })

  it('keeps its VM where it has left the swarm', () => {
    const nodeless = [{ name: 'vm-3', isOwned: true, isMarked: true }]
    const decision = decide(pool(broken, { nodeless }), {
      ...memory,
      shrink: { ...shrink, step: 'removing' },
    })
    expect(decision).toMatchObject({ action: { kind: 'nothing' }, reason: { code: 'too-many-unusable' } })
  })
})

describe('nodes of two pools that were drained and forgotten', () => {
  it('are taken out one after the other', () => {
    const forgotten = (name: string) => ({
      figures: { ...pool([node(1, idle), node(2, idle), node(3, drained)]), pool: name },
      rules,
    })
    const decisions = decideCluster([forgotten('a'), forgotten('b')], { memories: new Map(), now: start })
    expect([...decisions.values()].map(({ memory }) => memory.shrink?.node)).toEqual(['n3', undefined])
  })
})
