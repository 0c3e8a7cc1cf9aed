import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideNode, type NodeStanding } from '../../../src/watch/node/decide-node.ts'
import { type NodeRules, noWindows, observeSample } from '../../../src/watch/node/decide-windows.ts'
import { judgeSample } from '../../../src/watch/node/judge-sample.ts'
import { standing } from './node-rules.ts'

/** Load and memory at a moment, in percent; both may be what no kernel says. */
type Point = readonly [load: number, memory: number]

/** A node that does what is decided at once, as the loop does it with a cluster that always answers. */
const lived = (points: readonly Point[], rules: NodeRules, start: NodeStanding = standing) => {
  let windows = noWindows
  let now = start
  return points.map(([loadPercent, memoryPercent], index) => {
    const at = index * 5000
    const sample = { at, loadPercent, memoryPercent }
    const unsound = judgeSample(sample, { now: at, lastAt: windows.lastAt, staleSeconds: rules.staleSeconds })
    if (unsound === undefined) windows = observeSample(windows, sample, rules)
    const decision = decideNode({ sample, windows, unsound, standing: now, now: at, rules })
    if (decision.action === 'pause') now = { ...now, availability: 'pause', isOurs: true }
    if (decision.action === 'resume') now = { ...now, availability: 'active', isOurs: false }
    return { ...decision, availability: now.availability }
  })
}

const percent = fc.double({ min: 1, max: 99, noNaN: true })
const limits = fc.record({ loadPercent: percent, memoryPercent: percent })

/** Rules that a cluster file may hold: resume beneath pause. */
const arbitraryRules: fc.Arbitrary<NodeRules> = fc
  .record({
    pause: limits,
    share: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
    breachSeconds: fc.integer({ min: 1, max: 60 }),
    calmSeconds: fc.integer({ min: 1, max: 60 }),
  })
  .map(({ pause, share, ...rest }) => ({
    ...rest,
    pause,
    resume: { loadPercent: pause.loadPercent * share, memoryPercent: pause.memoryPercent * share },
    staleSeconds: 30,
    maxPausedPercent: 80,
  }))

const load = fc.double({ min: 0, max: 400, noNaN: true })
const memory = fc.double({ min: 0, max: 100, noNaN: true })
const point: fc.Arbitrary<Point> = fc.tuple(load, memory)
const points = fc.array(point, { minLength: 1, maxLength: 120 })

describe('a watched node', () => {
  it('is never touched by a load that stays between the thresholds', () => {
    const inside = fc.array(fc.tuple(memory, memory), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(arbitraryRules, inside, fc.boolean(), (rules, shares, isPaused) => {
        const at = (low: number, high: number, share: number) => low + ((high - low) * share) / 100
        const steady = shares.map(
          ([a, b]): Point => [
            at(rules.resume.loadPercent, rules.pause.loadPercent, a),
            at(rules.resume.memoryPercent, rules.pause.memoryPercent, b),
          ],
        )
        const start: NodeStanding = isPaused ? { ...standing, availability: 'pause', isOurs: true } : standing
        expect(lived(steady, rules, start).every(({ action }) => action === 'nothing')).toBe(true)
      }),
    )
  })

  it('is always active again once its load is gone, whatever it was before', () => {
    fc.assert(
      fc.property(arbitraryRules, points, (rules, before) => {
        const rest = Array.from({ length: Math.ceil(rules.calmSeconds / 5) + 1 }, (): Point => [0, 0])
        expect(lived([...before, ...rest], rules).at(-1)?.availability).toBe('active')
      }),
    )
  })

  it('is paused in the end by a load that stays above', () => {
    fc.assert(
      fc.property(arbitraryRules, points, (rules, before) => {
        const above = Array.from({ length: Math.ceil(rules.breachSeconds / 5) + 1 }, (): Point => [399, 0])
        expect(lived([...before, ...above], rules).at(-1)?.availability).toBe('pause')
      }),
    )
  })

  it('is paused under more load whenever it is under less', () => {
    const pair = fc.array(fc.tuple(point, load, fc.double({ min: 0, max: 1, noNaN: true })), {
      maxLength: 150,
    })
    fc.assert(
      fc.property(arbitraryRules, pair, (rules, pairs) => {
        const less = lived(
          pairs.map(([one]) => one),
          rules,
        )
        const more = lived(
          pairs.map(([[a, b], extra, share]): Point => [a + extra, b + (100 - b) * share]),
          rules,
        )
        for (const [index, { availability }] of less.entries())
          if (availability === 'pause') expect(more[index]?.availability).toBe('pause')
      }),
    )
  })

  it('changes no faster than its windows', () => {
    fc.assert(
      fc.property(arbitraryRules, points, (rules, path) => {
        const changes = lived(path, rules).flatMap(({ action }, index) =>
          action === 'nothing' ? [] : [{ action, at: index * 5 }],
        )
        for (const [index, { action, at }] of changes.entries()) {
          const before = changes[index - 1]
          if (before === undefined) continue
          expect(action).not.toBe(before.action)
          expect(at - before.at).toBeGreaterThanOrEqual(
            action === 'pause' ? rules.breachSeconds : rules.calmSeconds,
          )
        }
      }),
    )
  })

  it('is never touched on figures that cannot be, and never made to drain', () => {
    const wrong = fc.constantFrom<Point>(
      [Number.NaN, 50],
      [50, Number.NaN],
      [-1, 99],
      [399, -1],
      [Number.POSITIVE_INFINITY, 1],
      [1, 101],
    )
    fc.assert(
      fc.property(
        arbitraryRules,
        fc.array(wrong, { minLength: 1, maxLength: 60 }),
        points,
        (rules, broken, good) => {
          expect(lived(broken, rules).every(({ action }) => action === 'nothing')).toBe(true)
          const mixed = lived([...good, ...broken], rules)
          expect(mixed.slice(good.length).every(({ action }) => action === 'nothing')).toBe(true)
          expect(mixed.every(({ availability }) => availability !== 'drain')).toBe(true)
        },
      ),
    )
  })

  it('is left alone where it is somebody else’s, whatever its load', () => {
    const theirs = fc.constantFrom<NodeStanding>(
      { ...standing, availability: 'drain' },
      { ...standing, availability: 'drain', isOurs: true },
      { ...standing, availability: 'pause', isOurs: false },
      { ...standing, isHeld: true },
      { ...standing, availability: 'pause', isOurs: true, isHeld: true },
    )
    fc.assert(
      fc.property(arbitraryRules, points, theirs, (rules, path, start) => {
        expect(lived(path, rules, start).every(({ action }) => action === 'nothing')).toBe(true)
      }),
    )
  })
})
