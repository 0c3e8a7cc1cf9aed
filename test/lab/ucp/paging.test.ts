import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pageOf, pageRequest } from '../../../src/lab/ucp/paging.ts'

describe('paging', () => {
  it('shows every item once, in order, whatever the page size', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 })),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        (items, limit, descending) => {
          const seen: string[] = []
          for (let start = ''; ; ) {
            const page = pageOf(items, { start, limit }, (item) => item, descending)
            seen.push(...page.items)
            start = page.nextPageStart
            if (start === '') break
          }
          const sorted = [...items].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
          expect(seen).toEqual(descending ? sorted.reverse() : sorted)
        },
      ),
    )
  })

  it('is ten where nothing is said, and all for 0 where that is switched on', () => {
    expect(pageRequest(new URLSearchParams(), true)).toEqual({ start: '', limit: 10 })
    expect(pageRequest(new URLSearchParams('limit=0'), true).limit).toBe(Number.POSITIVE_INFINITY)
    expect(pageRequest(new URLSearchParams('limit=0'), false).limit).toBe(10)
  })

  it.each(['-1', '1.5', 'x'])('refuses the limit %s', (limit) => {
    expect(() => pageRequest(new URLSearchParams({ limit }), true)).toThrow(/limit/)
  })

  it('is empty beyond the last marker', () => {
    expect(pageOf(['a'], { start: 'b', limit: 1 }, (item) => item)).toEqual({
      items: [],
      nextPageStart: '',
      resourceCount: 1,
    })
  })
})
