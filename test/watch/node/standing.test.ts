import { describe, expect, it } from 'vitest'
import type { UcpNode } from '../../../src/clients/ucp-nodes.ts'
import { nodeMarks } from '../../../src/core/node-marks.ts'
import {
  announced,
  hasOldMarks,
  paused,
  peersOf,
  resumed,
  standingOf,
  takenOverBy,
  tidied,
} from '../../../src/watch/node/standing.ts'

const home = { 'com.docker.ucp.collection': 'c-std' }
const node = (id: string, more: Partial<UcpNode> = {}): UcpNode => ({
  id,
  hostname: `host-${id}`,
  state: 'ready',
  createdAt: '2026-01-01T00:00:00Z',
  version: 7,
  spec: {},
  role: 'worker',
  availability: 'active',
  ...more,
  labels: { ...home, ...more.labels },
})
const pausedAt = '2026-11-23T03:00:00.000Z'
const marked = (more: Partial<UcpNode> = {}) =>
  node('a', { availability: 'pause', labels: { [nodeMarks.pausedAt]: pausedAt }, ...more })
const at = '2026-11-23T04:00:00.000Z'
const figures = { loadPercent: 91, memoryPercent: 40, aboveSeconds: 61, belowSeconds: 0 }

describe('a pause', () => {
  it('is the watcher’s while its mark stands and nobody came between', () => {
    expect(standingOf(marked(), { peers: [], takenOver: undefined }).isOurs).toBe(true)
    expect(standingOf(node('a', { availability: 'pause' }), { peers: [], takenOver: undefined }).isOurs).toBe(
      false,
    )
  })

  it.each(['drain', 'active'])(
    'is somebody else’s once they made the node %s, also when they pause it again',
    (theirs) => {
      const before = takenOverBy(marked(), undefined)
      const between = takenOverBy(marked({ availability: theirs }), before)
      const after = takenOverBy(marked(), between)
      expect(before).toBeUndefined()
      expect(standingOf(marked(), { peers: [], takenOver: after }).isOurs).toBe(false)
      expect(resumed(after)(marked())).toBeUndefined()
    },
  )

  it('is the watcher’s again when it is a new one', () => {
    const later = marked({ labels: { [nodeMarks.pausedAt]: at } })
    const after = takenOverBy(later, pausedAt)
    expect(standingOf(later, { peers: [], takenOver: after }).isOurs).toBe(true)
  })
})

describe('what is counted', () => {
  const nodes = [
    node('a'),
    node('b', { availability: 'pause' }),
    node('c', { availability: 'drain' }),
    node('d', { state: 'down' }),
    node('e', { labels: { [nodeMarks.turn]: at } }),
    node('f', { labels: { 'com.docker.ucp.collection': 'c-other' } }),
    node('g', { role: 'manager' }),
    node('h', { labels: { [nodeMarks.pool]: 'large' } }),
    node('i', { state: 'down', hostname: 'host-h' }),
  ]

  it('are the workers of the collection, without what a host left behind when it joined again', () => {
    expect(peersOf(node('a'), nodes).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e', 'h'])
  })

  it('are unusable where they take no work, or soon will not', () => {
    const { collection, pool } = standingOf(node('a'), {
      peers: peersOf(node('a'), nodes),
      takenOver: undefined,
    })
    expect(collection).toEqual({ nodes: 6, othersUnusable: 4 })
    expect(pool).toEqual({ nodes: 5, othersUnusable: 4 })
  })
})

describe('a change', () => {
  it('announces, pauses with a reason, resumes without a trace', () => {
    expect(announced(at)(node('a'))).toEqual({ availability: 'active', labels: { [nodeMarks.turn]: at } })
    expect(paused(at, figures)(node('a', { labels: { [nodeMarks.turn]: at } }))).toEqual({
      availability: 'pause',
      labels: {
        [nodeMarks.pausedAt]: at,
        [nodeMarks.pausedFor]: 'load 91 %, memory 40 % for 61 s',
        [nodeMarks.turn]: undefined,
      },
    })
    expect(resumed(undefined)(marked())).toEqual({
      availability: 'active',
      labels: {
        [nodeMarks.pausedAt]: undefined,
        [nodeMarks.pausedFor]: undefined,
        [nodeMarks.turn]: undefined,
      },
    })
  })

  const turn = { [nodeMarks.turn]: at }
  const held = { [nodeMarks.hold]: 'INC-4711' }
  it.each([
    ['drained', node('a', { availability: 'drain', labels: turn })],
    ['paused by a person', node('a', { availability: 'pause', labels: turn })],
    ['held', node('a', { labels: { ...turn, ...held } })],
    ['made a manager', node('a', { role: 'manager', labels: turn })],
  ])('is not made of a node that was %s in between', (_name, theirs) => {
    expect(paused(at, figures)(theirs)).toBeUndefined()
    expect(announced(at)(theirs)).toBeUndefined()
  })

  it('is not made of a node whose announcement was taken away, or stands already', () => {
    expect(paused(at, figures)(node('a'))).toBeUndefined()
    expect(announced(at)(node('a', { labels: turn }))).toBeUndefined()
  })

  it('is not made of a node that is held, drained, active, or paused by somebody else, to resume it', () => {
    expect(
      resumed(undefined)(marked({ labels: { [nodeMarks.pausedAt]: pausedAt, ...held } })),
    ).toBeUndefined()
    for (const availability of ['drain', 'active'])
      expect(resumed(undefined)(marked({ availability }))).toBeUndefined()
    expect(resumed(undefined)(node('a', { availability: 'pause' }))).toBeUndefined()
  })
})

describe('old marks', () => {
  it('are taken off a node that is active, and left on any other', () => {
    expect(tidied(node('a', { labels: { [nodeMarks.turn]: at } }))?.availability).toBe('active')
    expect(hasOldMarks(marked({ availability: 'active' }))).toBe(true)
    for (const availability of ['pause', 'drain']) expect(hasOldMarks(marked({ availability }))).toBe(false)
    expect(tidied(node('a'))).toBeUndefined()
  })
})
