import { describe, expect, it } from 'vitest'
import { decideNode, figuresOf, mostUnusable, type NodeLook } from '../../../src/watch/node/decide-node.ts'
import { pausedByUs, rules, standing } from './node-rules.ts'

const at = 1_000_000
const busy: NodeLook = {
  sample: { at, loadPercent: 91.23, memoryPercent: 40 },
  windows: { lastAt: at, aboveSince: at - 60_000, belowSince: undefined },
  unsound: undefined,
  standing,
  now: at,
  rules,
}
const calm: NodeLook = {
  ...busy,
  sample: { at, loadPercent: 10, memoryPercent: 40 },
  windows: { lastAt: at, aboveSince: undefined, belowSince: at - 120_000 },
}
const between: NodeLook = {
  ...busy,
  sample: { at, loadPercent: 77, memoryPercent: 40 },
  windows: { lastAt: at, aboveSince: undefined, belowSince: undefined },
}
const text = (look: NodeLook): string => {
  const { action, reason } = decideNode(look)
  return `${action}: ${reason}`
}

describe('an active node', () => {
  it('is paused where it has been busy for long enough', () => {
    expect(text(busy)).toBe('pause: overloaded')
  })

  it.each([
    ['it is calm', calm, 'calm'],
    ['it is between the thresholds', between, 'between-thresholds'],
    [
      'the breach is young',
      { ...busy, windows: { ...busy.windows, aboveSince: at - 59_999 } },
      'not-busy-long-enough',
    ],
    ['it is a manager', { ...busy, standing: { ...standing, role: 'manager' } }, 'manager'],
    ['the managers do not hear from it', { ...busy, standing: { ...standing, isReady: false } }, 'not-ready'],
    ['a person holds it', { ...busy, standing: { ...standing, isHeld: true } }, 'held'],
    [
      'it is the last of its collection',
      { ...busy, standing: { ...standing, collection: { nodes: 10, othersUnusable: 9 } } },
      'last-active-node',
    ],
    [
      'it is the only one of its collection',
      { ...busy, standing: { ...standing, collection: { nodes: 1, othersUnusable: 0 } } },
      'last-active-node',
    ],
    [
      'enough of its pool is paused',
      { ...busy, standing: { ...standing, pool: { nodes: 10, othersUnusable: 8 } } },
      'too-many-paused',
    ],
    ['UCP has said nothing', { ...busy, standing: undefined }, 'standing-unknown'],
    ['there is no sample', { ...busy, sample: undefined, unsound: 'sample-missing' }, 'sample-missing'],
    ['its sample was refused', { ...busy, unsound: 'sample-negative' }, 'sample-negative'],
    ['its sample became stale since', { ...busy, now: at + 30_001 }, 'sample-stale'],
  ] as const satisfies readonly (readonly [string, NodeLook, string])[])(
    'stays active where %s',
    (_name, look, reason) => expect(text(look)).toBe(`nothing: ${reason}`),
  )

  it('is paused up to the share of its pool, and no further', () => {
    const with7 = { ...busy, standing: { ...standing, pool: { nodes: 10, othersUnusable: 7 } } }
    expect(text(with7)).toBe('pause: overloaded')
  })
})

describe('a paused node', () => {
  it('is made active again where its watcher paused it and it has been calm for long enough', () => {
    expect(text({ ...calm, standing: pausedByUs })).toBe('resume: recovered')
  })

  it('comes back whatever has become of its pool', () => {
    const worst = { nodes: 10, othersUnusable: 9 }
    const look = { ...calm, standing: { ...pausedByUs, isReady: false, pool: worst, collection: worst } }
    expect(text(look)).toBe('resume: recovered')
  })

  it.each([
    ['it is still busy', { ...busy, standing: pausedByUs }, 'busy'],
    ['it is between the thresholds', { ...between, standing: pausedByUs }, 'between-thresholds'],
    [
      'the calm is young',
      { ...calm, standing: pausedByUs, windows: { ...calm.windows, belowSince: at - 119_999 } },
      'not-calm-long-enough',
    ],
    ['somebody else paused it', { ...calm, standing: { ...pausedByUs, isOurs: false } }, 'paused-by-others'],
    ['a person holds it', { ...calm, standing: { ...pausedByUs, isHeld: true } }, 'held'],
  ] as const satisfies readonly (readonly [string, NodeLook, string])[])(
    'stays paused where %s',
    (_name, look, reason) => expect(text(look)).toBe(`nothing: ${reason}`),
  )
})

describe('a drained node', () => {
  it.each([
    ['busy', busy],
    ['calm', calm],
  ])('is left alone when it is %s, also where the watcher’s mark is on it', (_name, look) => {
    for (const isOurs of [true, false])
      expect(text({ ...look, standing: { ...standing, availability: 'drain', isOurs } })).toBe(
        'nothing: drained-by-others',
      )
  })
})

describe('how many may be unusable', () => {
  it.each([
    [10, 80, 8],
    [3, 80, 2],
    [1, 80, 0],
    [2, 80, 1],
    [600, 80, 480],
    [7, 100, 7],
  ])('of %i at %i percent is %i', (nodes, percent, most) => {
    expect(mostUnusable(nodes, percent)).toBe(most)
  })
})

describe('the figures of a decision', () => {
  it('are what it saw', () => {
    expect(figuresOf(busy)).toEqual({
      loadPercent: 91.2,
      memoryPercent: 40,
      aboveSeconds: 60,
      belowSeconds: 0,
      poolNodes: 10,
      poolUnusable: 0,
      collectionNodes: 10,
      collectionUnusable: 0,
    })
    expect(figuresOf({ ...calm, sample: undefined, standing: undefined })).toEqual({
      aboveSeconds: 0,
      belowSeconds: 120,
    })
  })
})
