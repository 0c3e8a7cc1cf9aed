import { describe, expect, it } from 'vitest'
import { clusterWatchSettings, nodeWatchSettings } from '../../src/cluster/watch-settings.ts'
import { nonprod } from '../load/fleet-of.ts'

const { thresholds } = nonprod
const pausedAt = (pausedPercent: number) => ({
  thresholds: { ...thresholds, cluster: { ...thresholds.cluster, pausedPercent } },
})

describe('the watchers’ settings', () => {
  it('have a default each', () => {
    expect(nodeWatchSettings(pausedAt(75))).toEqual({
      sampleSeconds: 5,
      breachSeconds: 60,
      calmSeconds: 120,
      staleSeconds: 30,
      maxPausedPercent: 80,
    })
    expect(clusterWatchSettings({})).toMatchObject({ joinSeconds: 900, unusablePercent: 45 })
  })

  it('keep what a file says, field by field', () => {
    const watch = { node: { breachSeconds: 7, maxPausedPercent: 90 }, cluster: { maxStep: 9 } }
    expect(nodeWatchSettings({ ...pausedAt(75), watch })).toMatchObject({
      breachSeconds: 7,
      calmSeconds: 120,
      maxPausedPercent: 90,
    })
    expect(clusterWatchSettings({ watch })).toMatchObject({ maxStep: 9, tickSeconds: 30 })
  })

  it('leave the cluster watcher room to see that too much is paused, and never pause more than all', () => {
    expect(nodeWatchSettings(pausedAt(20)).maxPausedPercent).toBe(25)
    expect(nodeWatchSettings(pausedAt(98)).maxPausedPercent).toBe(100)
  })
})
