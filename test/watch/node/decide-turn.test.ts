import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mostUnusable } from '../../../src/watch/node/decide-node.ts'
import { decideTurn, type Peer } from '../../../src/watch/node/decide-turn.ts'

const peer = (id: string, more: Partial<Peer> = {}): Peer => ({
  id,
  isUsable: true,
  hasTurn: false,
  isOfPool: true,
  ...more,
})
const told = { hasTurn: true }
const half = { maxPausedPercent: 50 }

describe('a turn', () => {
  it('is taken where nobody else wants one', () => {
    expect(decideTurn('a', [peer('a', told), peer('b')], half)).toBe('go')
  })

  it('is given up where those before it leave no room', () => {
    const both = [peer('a', told), peer('b', told)]
    expect(decideTurn('b', both, half)).toBe('withdraw')
    expect(decideTurn('a', both, half)).toBe('wait')
  })

  it('is given up where the pool has no room at all', () => {
    expect(decideTurn('a', [peer('a', told), peer('b', { isUsable: false })], half)).toBe('withdraw')
  })

  it('leaves one of the collection, whatever the share', () => {
    const all = { maxPausedPercent: 100 }
    expect(decideTurn('a', [peer('a', told)], all)).toBe('withdraw')
    expect(decideTurn('a', [peer('a', told), peer('b', { isUsable: false })], all)).toBe('withdraw')
    expect(decideTurn('a', [peer('a', told), peer('b', { isOfPool: false })], all)).toBe('go')
  })

  it('counts the pool’s own nodes for its share', () => {
    const others = ['c', 'd', 'e'].map((id) => peer(id, { isOfPool: false, isUsable: false }))
    expect(decideTurn('a', [peer('a', told), peer('b'), ...others], half)).toBe('go')
  })
})

interface Node {
  isUsable: boolean
  hasTurn: boolean
  step: 'idle' | 'told' | 'decided'
  /** Steps that it lets pass after it gave its turn up, as a watcher lets many looks of others pass. */
  rest: number
}

/** Many watchers that all want to pause, each a step at a time, in any order; a read is what stands at that moment. */
const race = (count: number, order: readonly number[], maxPausedPercent: number) => {
  const nodes: Node[] = Array.from({ length: count }, () => ({
    isUsable: true,
    hasTurn: false,
    step: 'idle',
    rest: 0,
  }))
  const peers = (): Peer[] => nodes.map((node, index) => peer(String(index).padStart(3, '0'), node))
  const act = (index: number): void => {
    const node = nodes[index]
    if (node === undefined || !node.isUsable) return
    if (node.rest > 0) node.rest -= 1
    else if (node.step === 'idle') Object.assign(node, { hasTurn: true, step: 'told' })
    else if (node.step === 'decided') Object.assign(node, { isUsable: false, hasTurn: false })
    else {
      const turn = decideTurn(String(index).padStart(3, '0'), peers(), { maxPausedPercent })
      if (turn === 'go') node.step = 'decided'
      if (turn === 'withdraw') Object.assign(node, { hasTurn: false, step: 'idle', rest: 3 * count })
    }
  }
  const most = Math.min(mostUnusable(count, maxPausedPercent), count - 1)
  const paused = () => nodes.filter(({ isUsable }) => !isUsable).length
  const peaks = order.map((index) => {
    act(index % count)
    return paused()
  })
  return { peak: Math.max(0, ...peaks), most, act, paused }
}

describe('many turns at once', () => {
  const count = fc.integer({ min: 1, max: 12 })
  const share = fc.integer({ min: 1, max: 100 })
  const order = fc.array(fc.nat({ max: 11 }), { maxLength: 200 })

  it('never pause more than may be, in any order of their steps', () => {
    fc.assert(
      fc.property(count, order, share, (nodes, steps, percent) => {
        const { peak, most } = race(nodes, steps, percent)
        expect(peak).toBeLessThanOrEqual(most)
      }),
      { numRuns: 500 },
    )
  })

  it('pause as many as may be in the end', () => {
    fc.assert(
      fc.property(count, order, share, (nodes, steps, percent) => {
        const { act, paused, most } = race(nodes, steps, percent)
        for (let round = 0; round < 10 * nodes * nodes; round++)
          for (let index = 0; index < nodes; index++) act(index)
        expect(paused()).toBe(most)
      }),
    )
  })
})
