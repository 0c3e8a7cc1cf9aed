import { describe, expect, it } from 'vitest'
import { Faults } from '../../src/lab/faults.ts'

const get = (url: string) => ({ method: 'GET', url })

describe('faults', () => {
  it('meets the nth call that matches, and only that', () => {
    const faults = new Faults()
    const handle = faults.add({
      match: { method: 'GET', pathPattern: /roles/g, nth: 2 },
      fault: { kind: 'reset-before' },
    })
    const met = ['/roles', '/accounts', '/roles', '/roles'].map((url) => faults.next(get(url))?.kind)
    expect(met).toEqual([undefined, undefined, 'reset-before', undefined])
    expect(handle.hits()).toBe(1)
  })

  it('stops after its number of times, and when it is removed', () => {
    const faults = new Faults()
    faults.add({ match: {}, fault: { kind: 'status', status: 429 }, times: 2 })
    const handle = faults.add({ match: {}, fault: { kind: 'timeout-before' } })
    const met = [1, 2, 3].map(() => faults.next(get('/'))?.kind)
    expect(met).toEqual(['status', 'status', 'timeout-before'])
    handle.remove()
    expect(faults.next(get('/'))).toBeUndefined()
  })
})
