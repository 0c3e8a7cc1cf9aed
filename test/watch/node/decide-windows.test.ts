import { describe, expect, it } from 'vitest'
import { noWindows, observeSample, windowSeconds, wishOf } from '../../../src/watch/node/decide-windows.ts'
import { rules } from './node-rules.ts'

/** One sample every five seconds, memory at rest. */
const windowsOf = (loads: readonly number[], step = 5000) =>
  loads.reduce(
    (windows, loadPercent, index) =>
      observeSample(windows, { at: index * step, loadPercent, memoryPercent: 10 }, rules),
    noWindows,
  )
const times = (count: number, load: number): number[] => Array.from({ length: count }, () => load)

describe('the windows of a node', () => {
  it('ask for a pause when a breach has lasted, not a sample earlier', () => {
    expect(wishOf(windowsOf(times(12, 81)), rules)).toBe('nothing')
    expect(wishOf(windowsOf(times(13, 81)), rules)).toBe('pause')
  })

  it('ask to resume when a calm has lasted, not a sample earlier', () => {
    expect(wishOf(windowsOf(times(24, 74)), rules)).toBe('nothing')
    expect(wishOf(windowsOf(times(25, 74)), rules)).toBe('resume')
  })

  it('are above beyond a threshold and below beneath both, and neither on one', () => {
    expect(windowsOf([80.001]).aboveSince).toBe(0)
    expect(windowsOf([80]).aboveSince).toBeUndefined()
    expect(windowsOf([75]).belowSince).toBeUndefined()
    expect(windowsOf([74.999]).belowSince).toBe(0)
  })

  it('count memory like load', () => {
    const full = observeSample(noWindows, { at: 0, loadPercent: 0, memoryPercent: 81 }, rules)
    expect(full).toMatchObject({ aboveSince: 0, belowSince: undefined })
  })

  it('begin anew after one sample beneath', () => {
    expect(windowSeconds(windowsOf([...times(12, 90), 79, 90])).above).toBe(0)
    expect(wishOf(windowsOf([...times(12, 90), 79, ...times(12, 90)]), rules)).toBe('nothing')
    expect(wishOf(windowsOf([...times(12, 90), 79, ...times(13, 90)]), rules)).toBe('pause')
  })

  it('begin anew after a gap in which nobody looked', () => {
    const busy = windowsOf(times(20, 90))
    const late = observeSample(busy, { at: 95_000 + 30_001, loadPercent: 90, memoryPercent: 10 }, rules)
    expect(wishOf(late, rules)).toBe('nothing')
    const inTime = observeSample(busy, { at: 95_000 + 30_000, loadPercent: 90, memoryPercent: 10 }, rules)
    expect(wishOf(inTime, rules)).toBe('pause')
  })

  it('ask for nothing before anything was seen', () => {
    expect(wishOf(noWindows, rules)).toBe('nothing')
    expect(windowSeconds(noWindows)).toEqual({ above: 0, below: 0 })
  })
})
