import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeSample } from '../../../src/watch/node/judge-sample.ts'

const moment = { now: 100_000, lastAt: 90_000, staleSeconds: 30 }
const sample = { at: 95_000, loadPercent: 50, memoryPercent: 50 }

describe('a sample', () => {
  it('is sound where its figures can be and it is new', () => {
    expect(judgeSample(sample, moment)).toBeUndefined()
    expect(judgeSample({ at: 100_000, loadPercent: 0, memoryPercent: 0 }, moment)).toBeUndefined()
    expect(judgeSample({ ...sample, loadPercent: 4000, memoryPercent: 100 }, moment)).toBeUndefined()
    expect(judgeSample({ ...sample, at: 70_000 }, { ...moment, lastAt: undefined })).toBeUndefined()
  })

  it.each([
    ['none at all', undefined, 'sample-missing'],
    ['a load that is no number', { ...sample, loadPercent: Number.NaN }, 'sample-not-a-number'],
    ['memory that is no number', { ...sample, memoryPercent: Number.NaN }, 'sample-not-a-number'],
    ['a load without end', { ...sample, loadPercent: Number.POSITIVE_INFINITY }, 'sample-not-a-number'],
    ['a time that is no number', { ...sample, at: Number.NaN }, 'sample-not-a-number'],
    ['a negative load', { ...sample, loadPercent: -0.1 }, 'sample-negative'],
    ['negative memory', { ...sample, memoryPercent: -1 }, 'sample-negative'],
    ['more memory than there is', { ...sample, memoryPercent: 100.1 }, 'sample-impossible'],
    ['a load of no host', { ...sample, loadPercent: 1e7 }, 'sample-impossible'],
    ['a time that has not come', { ...sample, at: 100_001 }, 'sample-future'],
    ['a time long ago', { ...sample, at: 69_999 }, 'sample-stale'],
    ['the time of the one before', { ...sample, at: 90_000 }, 'sample-repeated'],
    ['a time before the one before', { ...sample, at: 89_000 }, 'sample-repeated'],
  ] as const)('is refused with %s', (_name, one, reason) => {
    expect(judgeSample(one, moment)).toBe(reason)
  })

  it('is never taken where one of its figures is wrong, whatever the others are', () => {
    const wrong = fc.constantFrom(Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -1, -1e-9)
    const field = fc.constantFrom('loadPercent', 'memoryPercent')
    fc.assert(
      fc.property(field, wrong, fc.double({ min: 0, max: 100, noNaN: true }), (name, value, other) => {
        const broken = { at: 95_000, loadPercent: other, memoryPercent: other, [name]: value }
        expect(judgeSample(broken, moment)).not.toBeUndefined()
      }),
    )
  })
})
