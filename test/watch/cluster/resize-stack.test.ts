import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePlatform } from '../../../src/compile/compile.ts'
import { keys } from '../../../src/compile/keys.ts'
import { nodePool } from '../../../src/compile/node-pool.ts'
import { platformPools } from '../../../src/compile/nodes.ts'
import { machinesIn, placedIn, resizeStack } from '../../../src/watch/cluster/resize-stack.ts'
import { nonprod } from '../../compile/fixtures/clusters.ts'

const pool = platformPools(nonprod).find(({ name }) => name === 'std') ?? expect.fail('no pool std')
const resourcePool = keys.resourcePool('std')
const name = (number: number) => `nonprod-std-${String(number).padStart(2, '0')}`
const applied = compilePlatform(nonprod)

const resized = (live: readonly string[], joined: readonly string[] = live, from = applied) =>
  resizeStack(from, {
    resourcePool,
    compiled: nodePool({ ...pool, min: 0, live }),
    joined: new Set(joined),
  })

describe('a stack with other VMs', () => {
  it('is what it was where the VMs are the same', () => {
    const live = machinesIn(applied, resourcePool)
    expect(resized(live)).toEqual({ state: applied, touched: [] })
  })

  it('has a VM more, and its node’s place once that has joined', () => {
    const live = [name(1), name(2), name(3)]
    const first = resized(live, [name(1), name(2)])
    expect(first.touched).toEqual(['anti-affinity/std', `vm/${name(3)}`])
    expect([...placedIn(first.state)]).not.toContain(name(3))
    const second = resized(live, live, first.state)
    expect(second.touched).toEqual([`node/${name(3)}`])
    expect(second.state).toEqual(compilePlatform(nonprod, { std: live }))
  })

  it('loses just the VM that goes, with its place', () => {
    const { state, touched } = resized([name(2)])
    expect(touched).toEqual(['anti-affinity/std', `node/${name(1)}`, `vm/${name(1)}`])
    expect(machinesIn(state, resourcePool)).toEqual([name(2)])
  })

  it('keeps VMs that stay as they were applied, whatever the files say by now', () => {
    const { state, touched } = resizeStack(applied, {
      resourcePool,
      compiled: nodePool({ ...pool, machine: 'large', min: 0, live: [name(1), name(2), name(3)] }),
      joined: new Set(),
    })
    expect(touched).toEqual(['anti-affinity/std', `vm/${name(3)}`])
    const cpus = state.resources.flatMap((one) =>
      one.kind === 'VirtualMachine' && one.resourcePool === resourcePool ? [one.cpus] : [],
    )
    expect(cpus).toEqual([8, 8, 16])
  })

  it('comes to what the files compile with those VMs, by whichever way, and touches nothing else', () => {
    const names = fc
      .uniqueArray(fc.integer({ min: 1, max: 8 }), { minLength: 2 })
      .map((numbers) => numbers.map(name))
    fc.assert(
      fc.property(names, names, (one, other) => {
        const live = [...other].sort()
        const { state, touched } = resized(live, live, resized([...one].sort()).state)
        expect(state).toEqual(compilePlatform(nonprod, { std: live }))
        const own = /^(?:vm|node)\/nonprod-std-\d\d$|^anti-affinity\/std$/
        expect(touched.filter((key) => !own.test(key))).toEqual([])
      }),
      { numRuns: 30 },
    )
  })
})
