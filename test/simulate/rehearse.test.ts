import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { run, scenario, settings, steadyLoad } from './small-scenario.ts'

const day = 86_400

const anyScenario = fc.record({
  seed: fc.nat(1000),
  containers: fc.integer({ min: 0, max: 400 }),
  cpuPercent: fc.integer({ min: 5, max: 100 }),
  memoryPercent: fc.integer({ min: 10, max: 100 }),
  policy: fc.constantFrom('safe' as const, 'optimized' as const, 'minimum' as const),
  min: fc.integer({ min: 1, max: 6 }),
  more: fc.nat(10),
})

describe('a rehearsal', () => {
  it('is the same for the same seed, and another for another', () => {
    const noisy = { noise: 0.1, load: [{ ...steadyLoad, spread: 0.3 }] }
    expect(run(noisy)).toEqual(run(noisy))
    expect(run(noisy).recording).not.toEqual(run({ ...noisy, seed: 2 }).recording)
  })

  it('settles: under a load that stays the same nothing is done after some hours', () => {
    fc.assert(
      fc.property(anyScenario, ({ seed, containers, cpuPercent, memoryPercent, policy, min, more }) => {
        const load = [
          { ...steadyLoad, cpuPercent, memoryPercent, containers: [[0, containers]] as [number, number][] },
        ]
        const { deeds } = run(
          { seed, load, seconds: 2 * day, stepSeconds: 120, initial: min + more },
          { policy, min, max: min + more },
        )
        expect(deeds.filter(({ second }) => second > 1.5 * day)).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  it('never has fewer VMs than the least, nor more than the most', () => {
    fc.assert(
      fc.property(anyScenario, fc.integer({ min: 600, max: 20_000 }), (some, periodSeconds) => {
        const load = [
          {
            ...steadyLoad,
            cpuPercent: some.cpuPercent,
            containers: [[0, some.containers]] as [number, number][],
            follows: 0.5,
            wave: { periodSeconds, low: 0.2, high: 1.4 },
          },
        ]
        const max = some.min + some.more
        const { totals } = run(
          { load, initial: some.min, boot: { seconds: 300, neverShare: 0.2, lateShare: 0.1 } },
          { min: some.min, max },
        )
        expect(totals.mostMachines).toBeLessThanOrEqual(max)
        expect(totals.fewestMachines).toBeGreaterThanOrEqual(some.min)
      }),
      { numRuns: 60 },
    )
  })

  it('pauses no node, whatever the load between the thresholds does', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 4000 }),
        fc.integer({ min: 76, max: 79 }),
        (periodSeconds, percent) => {
          // 32 containers of a CPU on each of four nodes of 16: half a CPU each is all of it.
          const load = [
            {
              ...steadyLoad,
              containers: [[0, 128]] as [number, number][],
              cpuPercent: percent / 2,
              wave: { periodSeconds, low: 0.995, high: 1.005 },
            },
          ]
          const { totals } = run({ load, initial: 4, stepSeconds: 5, seconds: 7200 }, { min: 4, max: 4 })
          expect(totals).toMatchObject({ pauses: 0, resumes: 0, unplacedHours: 0 })
        },
      ),
      { numRuns: 20 },
    )
  })

  it('makes a paused node active again once its load is gone', () => {
    const load = [
      {
        ...steadyLoad,
        containers: [[0, 128]] as [number, number][],
        cpuPercent: 45,
        changes: [{ fromSeconds: 7200, toSeconds: day, factor: 0.2 }],
      },
    ]
    const { totals, recording } = run({ load, initial: 4 }, { min: 4, max: 4 })
    expect(totals.pauses).toBeGreaterThan(0)
    expect(totals.resumes).toBe(totals.pauses)
    expect(recording.series.pausedPercent.most.at(-1)).toBe(0)
  })

  it('has no node paused once its jobs are over, however many came and went', () => {
    const jobs = {
      kind: 'jobs' as const,
      name: 'builds',
      limit: { cpu: '8', memory: '4Gi' },
      floor: { cpu: '1', memory: '1Gi' },
      cpuPercent: 85,
      memoryPercent: 50,
      spread: 0.3,
      perDay: 1000,
      minutes: 20,
      changes: [{ fromSeconds: 2 * day, toSeconds: 4 * day, factor: 0 }],
    }
    const { totals, recording } = run(
      { load: [jobs], initial: 12, noise: 0.05, seconds: 3 * day },
      { min: 12 },
    )
    expect(totals.pauses).toBeGreaterThan(100)
    expect(recording.series.pausedPercent.most.at(-1)).toBe(0)
    expect(recording.series.loadPercent.most.at(-1)).toBeCloseTo(0, 9)
  })

  it('never has all of a pool paused', () => {
    const load = [{ ...steadyLoad, containers: [[0, 128]] as [number, number][], cpuPercent: 60 }]
    const { recording } = run({ load, initial: 4 }, { min: 4, max: 4 })
    expect(Math.max(...recording.series.pausedPercent.most)).toBe(75)
  })

  it('costs as many VM-hours as there were VMs', () => {
    const { totals } = run({}, { min: 6, max: 6 })
    expect(totals.machineHours).toBeCloseTo(6 * 24, 6)
    expect(totals.cost).toBeCloseTo(6 * 24 * (16 * 0.03 + 64 * 0.004), 6)
  })

  it('grows for containers that wait, and places them', () => {
    const load = [
      {
        ...steadyLoad,
        containers: [
          [0, 60],
          [0.25, 60],
          [0.3, 300],
        ] as [number, number][],
      },
    ]
    const { totals, recording } = run({ load, initial: 2 })
    expect(totals.grown).toBeGreaterThanOrEqual(8)
    expect(totals.mostUnplaced).toBeGreaterThan(0)
    expect(recording.series.unplaced.most.at(-1)).toBe(0)
  })

  it('gives VMs up that are not needed, without leaving a container without a node', () => {
    const { totals } = run({ initial: 12 })
    expect(totals.shrunk).toBeGreaterThan(4)
    expect(totals.unplacedHours).toBe(0)
  })

  it('moves a host’s containers when it fails, and calls nobody for one of three', () => {
    const { totals } = run({ hostLosses: [{ atSeconds: 3600, forSeconds: 3600, host: 1 }] }, { min: 6 })
    expect(totals.calls).toBe(0)
    expect(totals.unplacedHours).toBeLessThan(10)
  })

  it('calls a person and changes nothing when two of three fail', () => {
    const hostLosses = [0, 1].map((host) => ({ atSeconds: 36_000, forSeconds: 7200, host }))
    const { totals, deeds } = run({ hostLosses }, { min: 6, max: 12 })
    expect(totals.calls).toBe(1)
    const during = deeds.filter(({ second }) => second > 36_120 && second < 43_200)
    expect(during.map(({ kind }) => kind)).toEqual([])
  })

  it('replaces a VM that never joins, and backs off', () => {
    const load = [
      {
        ...steadyLoad,
        containers: [
          [0, 60],
          [0.1, 60],
          [0.11, 100],
        ] as [number, number][],
      },
    ]
    const { totals, deeds } = run(
      { load, initial: 2, boot: { seconds: 300, neverShare: 1, lateShare: 0 } },
      { max: 3 },
    )
    expect(totals.replaced).toBeGreaterThan(0)
    expect(deeds.filter(({ kind }) => kind === 'grow').length).toBeLessThan(24)
  })

  it('does not lose a job to a drain', () => {
    const jobs = {
      kind: 'jobs' as const,
      name: 'builds',
      limit: { cpu: '2', memory: '4Gi' },
      floor: { cpu: '1', memory: '1Gi' },
      cpuPercent: 80,
      memoryPercent: 50,
      spread: 0.3,
      perDay: 500,
      minutes: 20,
    }
    const { totals } = run({ load: [jobs], initial: 12 })
    expect(totals.shrunk).toBeGreaterThan(3)
    expect(totals.lostJobs).toBe(0)
  })
})

describe('by use alone', () => {
  it('a pool is taken down below what its containers have reserved, which the watcher does not do', () => {
    const load = [
      { ...steadyLoad, cpuPercent: 10, memoryPercent: 20, containers: [[0, 90]] as [number, number][] },
    ]
    const alone = run({ load }, { policy: 'safe', looksAt: 'usage-only', min: 2 })
    const watcher = run({ load }, { policy: 'safe', min: 2 })
    expect(alone.totals.unplacedHours).toBeGreaterThan(100)
    expect(watcher.totals.unplacedHours).toBe(0)
  })
})

describe('a scenario', () => {
  it('with more load never needs fewer VM-hours', () => {
    const hours = [20, 40, 60, 80, 100].map(
      (cpuPercent) =>
        run({ load: [{ ...steadyLoad, cpuPercent, containers: [[0, 128]] }] }, settings).totals.machineHours,
    )
    expect(hours).toEqual([...hours].sort((a, b) => a - b))
    expect(hours.at(-1)).toBeGreaterThan(hours[0] ?? 0)
    expect(scenario.seconds).toBe(day)
  })
})
