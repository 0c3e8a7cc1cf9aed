import { expect, test } from 'vitest'
import { atOnce, eachOf, inTurns, type Work } from '../../src/core/work.ts'

function* sums(lists: readonly (readonly number[])[]): Work<number[]> {
  const totals: number[] = []
  for (const list of lists) {
    const squares = yield* eachOf(list, (one) => one * one)
    totals.push(squares.reduce((sum, one) => sum + one, 0))
  }
  return totals
}

const lists = [[1, 2], [], [3]]

test('work comes to the same at once and in turns', async () => {
  expect(atOnce(sums(lists))).toEqual([5, 0, 9])
  expect(await inTurns(sums(lists))).toEqual([5, 0, 9])
})

test('an error of a part is the error of the work', async () => {
  const broken = () =>
    eachOf([1], () => {
      throw new Error('no')
    })
  expect(() => atOnce(broken())).toThrow('no')
  await expect(inTurns(broken())).rejects.toThrow('no')
})

/** Longer than anybody has to wait for a turn. */
const busy = (): void => {
  for (const until = performance.now() + 10; performance.now() < until; );
}

test('others get their turn between the parts of long work', async () => {
  const order: string[] = []
  setImmediate(() => order.push('another'))
  await inTurns(
    eachOf(['first', 'last'], (part) => {
      busy()
      order.push(part)
    }),
  )
  expect(order).toEqual(['first', 'another', 'last'])
})
