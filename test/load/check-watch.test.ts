import { describe, expect, it } from 'vitest'
import { fleetOf, issuesOf, nonprod, prod } from './fleet-of.ts'

const messagesWith = (change: object): string[] =>
  issuesOf(fleetOf([], [{ ...nonprod, ...change }, prod])).map(({ code, message }) => `${code} ${message}`)

const withNode = (node: object) => messagesWith({ watch: { node } })
const withCluster = (cluster: object) => messagesWith({ watch: { cluster } })
const paused = (pausedPercent: number) => ({
  ...nonprod.thresholds,
  cluster: { ...nonprod.thresholds.cluster, pausedPercent },
})

describe('what the watchers are told', () => {
  it.each([
    ['nothing', {}],
    ['an empty section', { watch: {} }],
    ['windows of its own', { watch: { node: { breachSeconds: 10 }, cluster: { maxStep: 1 } } }],
    ['a share of paused nodes that no default lies above', { thresholds: paused(100) }],
  ])('may be %s', (_name, change) => expect(messagesWith(change)).toEqual([]))

  it('cannot be that one late sample is one too many', () => {
    expect(withNode({ sampleSeconds: 20 })).toEqual([
      'cluster/watch A sample is stale after 30 s, and there is one every 20 s.',
    ])
    expect(withNode({ sampleSeconds: 15 })).toEqual([])
  })

  it('cannot be that pausing stops before the cluster grows', () => {
    const share = nonprod.thresholds.cluster.pausedPercent
    expect(withNode({ maxPausedPercent: share })).toEqual([
      `cluster/watch At most ${share} % of a pool are paused, and the cluster grows above ${share} %: it never would.`,
    ])
    expect(withNode({ maxPausedPercent: share + 1 })).toEqual([])
  })

  it('cannot be that VMs are removed while they may still join', () => {
    expect(withCluster({ graceSeconds: 900 })).toHaveLength(1)
    expect(withCluster({ graceSeconds: 901 })).toEqual([])
    expect(withCluster({ joinSeconds: 1800 })).toHaveLength(1)
  })

  it('cannot be a margin that leaves nothing below it', () => {
    const margin = (loadPercent: number) =>
      messagesWith({
        watch: { cluster: { shrinkMarginPercent: 30 } },
        thresholds: { ...nonprod.thresholds, cluster: { ...nonprod.thresholds.cluster, loadPercent } },
      })
    expect(margin(30)).toHaveLength(1)
    expect(margin(31)).toEqual([])
  })

  it('cannot be one account for two offers', () => {
    expect(withNode({ accounts: { 'run/std': 'svc-watch', 'build/std': 'svc-watch' } })).toEqual([
      "cluster/watch The account 'svc-watch' watches the nodes of two offers.",
    ])
    expect(withNode({ accounts: { 'run/std': 'svc-watch-std', 'build/std': 'svc-watch-build' } })).toEqual([])
    expect(withNode({ accounts: { 'run/other': 'svc-watch' } })).toHaveLength(1)
  })

  it('is refused where a field is unknown', () => {
    expect(withNode({ breachSecond: 5 })[0]).toContain('breachSecond')
  })
})
