import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { poolHostnames } from '../../src/compile/live-machines.ts'

const nameAt = (index: number): string => `vm-${index + 1}`

describe('the VMs of a pool', () => {
  it('are its first ones where nothing is live, and the live ones else', () => {
    expect(poolHostnames(undefined, { min: 2, nameAt })).toEqual(['vm-1', 'vm-2'])
    expect(poolHostnames(['vm-4', 'vm-2', 'vm-7'], { min: 2, nameAt })).toEqual(['vm-2', 'vm-4', 'vm-7'])
    expect(poolHostnames(['vm-2'], { min: 3, nameAt })).toEqual(['vm-1', 'vm-2', 'vm-3'])
  })

  it('are never fewer than the least, never one less than live, each once', () => {
    const live = fc.array(fc.integer({ min: 0, max: 20 }).map(nameAt))
    fc.assert(
      fc.property(live, fc.integer({ min: 0, max: 20 }), (there, min) => {
        const names = poolHostnames(there, { min, nameAt })
        expect(names).toHaveLength(Math.max(min, new Set(there).size))
        expect(new Set(names).size).toBe(names.length)
        for (const name of there) expect(names).toContain(name)
      }),
    )
  })
})
