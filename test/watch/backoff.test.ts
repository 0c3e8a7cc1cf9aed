import fc from 'fast-check'
import { expect, it } from 'vitest'
import { backoffMilliseconds } from '../../src/watch/backoff.ts'

const five = { firstSeconds: 5, mostSeconds: 300 }

it('doubles with every failure, up to its bound', () => {
  expect([1, 2, 3, 6, 7, 8, 1000].map((failures) => backoffMilliseconds(failures, five, 1))).toEqual([
    5_000, 10_000, 20_000, 160_000, 300_000, 300_000, 300_000,
  ])
})

it('is spread over its upper half', () => {
  fc.assert(
    fc.property(fc.nat(2000), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      const wait = backoffMilliseconds(failures, five, random)
      const whole = backoffMilliseconds(failures, five, 1)
      expect(wait).toBeGreaterThanOrEqual(whole / 2)
      expect(wait).toBeLessThanOrEqual(whole)
      expect(wait).toBeGreaterThanOrEqual(2_500)
    }),
  )
})
