import { describe, expect, it } from 'vitest'
import { emptyMemory, takeOver } from '../../../src/watch/cluster/memory.ts'
import { decide, lookFor, node, paused, pool, rules, start } from './pool-figures.ts'

const lost = (name: string) => ({ name, isOwned: true, isMarked: true })
const three = [1, 2, 3].map((one) => node(one, { load: 60 }))

const kinds = (decisions: readonly { action: { kind: string } }[]) =>
  decisions.map(({ action }) => action.kind).filter((kind) => kind !== 'nothing')

describe('a VM that does not join', () => {
  const figures = pool(three, { nodeless: [lost('vm-9')] })

  it('is replaced once after its time, then deleted, and no VM is asked for in a while', () => {
    const decisions = lookFor(figures, 1860)
    const at = decisions.findIndex(({ action }) => action.kind === 'replace')
    expect(decisions[at]?.action).toEqual({ kind: 'replace', machine: 'vm-9' })
    expect(at * 30).toBe(930)
    expect(kinds(decisions).slice(0, 2)).toEqual(['replace', 'reap-machine'])
    const last = decisions.at(-1)
    expect(last?.memory.failures).toBe(1)
    const pending = [
      {
        service: { id: 'a', reserved: { cpuMillis: 16_001 / 2, memoryBytes: 1 } },
        count: 9,
        onNewNodes: true,
      },
    ]
    const wants = decide(pool(three, { pending }), last?.memory, rules, start + 1_890_000)
    expect(wants.reason.code).toBe('backed-off')
  })

  it('stays where the pool is at its least, and is tried again after the wait', () => {
    const least = pool([node(1, { load: 60 })], { nodeless: [lost('vm-9')] })
    const decisions = lookFor(least, 5400, {
      rules: { ...rules, watch: { ...rules.watch, unusablePercent: 60 } },
    })
    expect(kinds(decisions)).toEqual(['replace', 'replace', 'replace'])
  })

  it('waits twice as long after each failure', () => {
    const failed = {
      ...emptyMemory,
      failures: 2,
      awaited: { 'vm-9': { since: start - 901_000, attempt: 2, isGivenUp: false } },
    }
    const { memory } = decide(figures, failed)
    expect(memory.blockedUntil).toBe(start + 2_400_000)
  })

  it('is awaited no more once its node is in its place, and ends the failures', () => {
    const awaited = { 'vm-9': { since: start - 60_000, attempt: 2, isGivenUp: false } }
    const joined = pool([...three, node(9, { load: 60 })])
    const { memory } = decide(joined, { ...emptyMemory, failures: 2, blockedUntil: start + 1, awaited })
    expect(memory).toMatchObject({ awaited: {}, failures: 0 })
    expect(memory.blockedUntil).toBeUndefined()
  })

  it('is decided on afresh where the stack was never asked for it', () => {
    const memory = {
      ...emptyMemory,
      grownAt: start - 60_000,
      awaited: { 'vm-9': { since: start - 60_000, attempt: 1, isGivenUp: false } },
    }
    const asked = decide(pool(three, { lost: ['vm-9'] }), memory)
    expect(asked.memory).toMatchObject({ grownAt: start - 60_000, awaited: memory.awaited })
    expect(asked.seen).toMatchObject({ size: 4, joining: 1 })
    const never = decide(pool(three, { lost: [] }), memory)
    expect(never.memory.awaited).toEqual({})
    expect(never.memory.grownAt).toBeUndefined()
    expect(never.seen).toMatchObject({ size: 3, joining: 0 })
  })

  it('counts once where it joined and is lost since', () => {
    const awaited = { 'vm-9': { since: start - 901_000, attempt: 1, isGivenUp: false } }
    const gone = node(9, { state: 'down', machine: undefined })
    const { seen } = decide(pool([...three, gone], { lost: ['vm-9'] }), { ...emptyMemory, awaited })
    expect(seen).toMatchObject({ unusable: 1, unusablePercent: 25, joining: 0 })
  })

  it('is awaited still while its node has no place yet', () => {
    const awaited = { 'vm-9': { since: start - 60_000, attempt: 1, isGivenUp: false } }
    const joining = pool([...three, node(9, { availability: 'drain', heldBy: 'joining' })])
    const decision = decide(joining, { ...emptyMemory, awaited })
    expect(decision.seen.joining).toBe(1)
    expect(decision.memory.awaited).toEqual(awaited)
  })
})

describe('what belongs to nobody', () => {
  it('is reaped after the grace time where it carries our tag, and never otherwise', () => {
    const stray = { name: 'vm-7', isOwned: false, isMarked: true }
    const foreign = { name: 'somebody-else', isOwned: false, isMarked: false }
    const decisions = lookFor(pool(three, { nodeless: [foreign, stray] }), 3600)
    const reaped = decisions.filter(({ action }) => action.kind === 'reap-machine')
    expect(new Set(reaped.map(({ action }) => JSON.stringify(action)))).toEqual(
      new Set([JSON.stringify({ kind: 'reap-machine', machine: 'vm-7' })]),
    )
    expect(decisions.findIndex(({ action }) => action.kind === 'reap-machine') * 30).toBe(1830)
  })

  it('is begun with anew where it was gone in between', () => {
    const stray = [{ name: 'vm-7', isOwned: false, isMarked: true }]
    const before = lookFor(pool(three, { nodeless: stray }), 1500).at(-1)
    const gone = decide(pool(three), before?.memory, rules, start + 1_530_000)
    const after = lookFor(pool(three, { nodeless: stray }), 600, {
      memory: gone.memory,
      at: start + 1_560_000,
    })
    expect(kinds(after)).toEqual([])
  })

  it('takes a node out of the swarm whose VM is gone, where it is down', () => {
    const ghost = node(8, { state: 'down', machine: undefined })
    expect(kinds(lookFor(pool([...three, ghost]), 1860))[0]).toBe('reap-node')
    const alive = node(8, { load: 60, machine: undefined })
    const decisions = lookFor(pool([...three, alive]), 3600)
    expect(kinds(decisions)).toEqual([])
    expect(decisions.at(-1)?.reason.sentence).toContain('not ours and left alone: node vm-8')
  })

  it('never takes a manager out', () => {
    const manager = node(8, { state: 'down', machine: undefined, isManager: true })
    expect(kinds(lookFor(pool([...three, manager]), 3600))).toEqual([])
  })
})

describe('a pool of which too much is unusable', () => {
  const half = pool([
    node(1, { load: 99 }),
    node(2, { load: 99 }),
    node(3, { state: 'down' }),
    node(4, { state: 'unknown' }),
  ])

  it('is left alone, and a person is called once', () => {
    const decisions = lookFor(half, 7200)
    expect(kinds(decisions)).toEqual(['call'])
    expect(decisions[0]?.reason).toMatchObject({ code: 'too-many-unusable' })
    expect(decisions.findIndex(({ action }) => action.kind === 'call') * 30).toBe(120)
  })

  it('goes on by itself once it is usable again, and calls again the next time', () => {
    const called = lookFor(half, 300).at(-1)
    const well = decide(
      pool([1, 2, 3, 4].map((one) => node(one, { load: 60 }))),
      called?.memory,
      rules,
      start + 330_000,
    )
    expect(well.memory.calledFor).toBeUndefined()
    expect(kinds(lookFor(half, 300, { memory: well.memory, at: start + 360_000 }))).toEqual(['call'])
  })

  it('is not one of which less is', () => {
    const nodes = [1, 2, 3, 4, 5].map((one) =>
      node(one, { load: 60, ...(one < 3 ? { state: 'down' as const } : {}) }),
    )
    expect(decide(pool(nodes)).reason.code).not.toBe('too-many-unusable')
  })
})

describe('takeOver', () => {
  const memory = {
    ...emptyMemory,
    pressedSince: 100_000,
    grownAt: 90_000,
    awaited: { a: { since: 80_000, attempt: 1, isGivenUp: false } },
    strays: { 'vm/b': 70_000 },
  }

  it('keeps how long ago things were, on another clock', () => {
    const taken = takeOver(memory, { savedAt: 100_000, awaySeconds: 5, now: 1_000_000 })
    expect(taken).toMatchObject({
      grownAt: 985_000,
      awaited: { a: { since: 975_000 } },
      strays: { 'vm/b': 965_000 },
    })
    expect(taken.pressedSince).toBeUndefined()
  })

  it.each([-3600, Number.NaN])('takes a wall clock that went %s s for no time at all', (awaySeconds) => {
    expect(takeOver(memory, { savedAt: 100_000, awaySeconds, now: 1_000_000 }).grownAt).toBe(990_000)
  })
})

describe('a pool at its most with a VM that never joined', () => {
  it('gives the VM up, so that there is room for one that does', () => {
    const full = { id: 'full', reserved: { cpuMillis: 16_000, memoryBytes: 1 } }
    const nodes = three.map((one) => ({ ...one, reserved: full.reserved }))
    const figures = pool(nodes, {
      nodeless: [lost('vm-9')],
      pending: [{ service: full, count: 1, onNewNodes: true }],
    })
    const under = { ...rules, max: 4 }
    const decisions = lookFor(figures, 1860, { rules: under })
    expect(kinds(decisions).slice(0, 2)).toEqual(['replace', 'reap-machine'])
    const after = { ...figures, nodeless: [], ownedMachines: 3 }
    const next = lookFor(after, 660, { rules: under, at: start + 1_890_000, ...memoryAfter(decisions) })
    expect(kinds(next)).toEqual(['grow'])
  })
})

const memoryAfter = (decisions: ReturnType<typeof lookFor>) => {
  const memory = decisions.at(-1)?.memory
  return memory === undefined ? {} : { memory }
}

describe('a node that was lost after it had joined', () => {
  it('is told and left to a person: what is on its disk may be all there is', () => {
    const decisions = lookFor(pool([...three, node(4, { state: 'down' })]), 7200)
    expect(kinds(decisions)).toEqual([])
    expect(decisions.at(-1)?.reason.sentence).toBe(
      'In balance: load 60.0 %, memory 50.0 %, 0 of 3 nodes paused, 4 VMs, 1 unusable.',
    )
  })
})

describe('a VM of the stack that vCenter has no more', () => {
  it('leaves the stack after the grace time, unless it was just asked for', () => {
    const figures = pool(three, { lost: ['vm-7'] })
    const decisions = lookFor(figures, 1860)
    const at = decisions.findIndex(({ reason }) => reason.code === 'lost-machine')
    expect(decisions[at]?.action).toEqual({ kind: 'reap-machine', machine: 'vm-7' })
    expect(at * 30).toBe(1830)
    const asked = { ...emptyMemory, awaited: { 'vm-7': { since: start, attempt: 1, isGivenUp: false } } }
    expect(decide(figures, asked).memory.strays).toEqual({})
  })
})

describe('a node whose watcher is gone after it paused it', () => {
  const silent = node(4, { ...paused, sampledAt: start - 3_600_000 })
  const deaf = (number: number) => node(number, { load: 60, sampledAt: start - 3_600_000 })

  it('is made active once nothing was heard of it for ten times what is stale', () => {
    const fresh = (at: number) => [
      ...three.map(({ id }, index) => node(index + 1, { load: 60, sampledAt: at, id })),
      silent,
    ]
    const first = decide(pool(fresh(start)))
    expect(first.memory.silent).toEqual({ n4: start })
    const later = start + 301_000
    const second = decide(pool(fresh(later)), first.memory, rules, later)
    expect(second.action).toEqual({ kind: 'resume', node: 'n4' })
    expect(second.reason.code).toBe('watcher-silent')
  })

  it('is left alone while its watcher is heard, and where most of the pool is silent', () => {
    expect(decide(pool([...three, node(4, paused)])).memory.silent).toBeUndefined()
    expect(decide(pool([deaf(1), deaf(2), deaf(3), silent])).memory.silent).toBeUndefined()
  })
})
