import { describe, expect, it } from 'vitest'
import { poolRules } from '../../../src/watch/cluster/pool-rules.ts'
import nonprod from '../../../stacks/nonprod.ts'

describe('poolRules', () => {
  it('takes limits from the pool and everything else from the cluster', () => {
    const cluster = { ...nonprod, watch: { cluster: { maxStep: 7 }, node: { staleSeconds: 45 } } }
    expect(poolRules(cluster, { machine: 'large', min: 2, max: 6 })).toMatchObject({
      min: 2,
      max: 6,
      machine: { cpuMillis: 32_000, memoryBytes: 256 * 1024 ** 3 },
      thresholds: nonprod.thresholds,
      watch: { maxStep: 7, joinSeconds: 900 },
      staleSeconds: 45,
    })
  })

  it('knows no machine that the cluster lacks', () => {
    expect(() => poolRules(nonprod, { machine: 'huge', min: 1, max: 2 })).toThrow('unchecked')
  })
})
