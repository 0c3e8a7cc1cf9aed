import { generatedLoad } from '../../src/simulate/generated-load.ts'
import { type Rehearsed, rehearse } from '../../src/simulate/rehearse.ts'
import type { Scenario, Settings } from '../../src/simulate/scenario.ts'

export const settings: Settings = {
  policy: 'optimized',
  machine: { cpus: 16, memory: '64Gi' },
  min: 2,
  max: 12,
  pause: { loadPercent: 80, memoryPercent: 80 },
  resume: { loadPercent: 75, memoryPercent: 75 },
  cluster: { pausedPercent: 75, loadPercent: 75, memoryPercent: 75 },
  watch: {},
  looksAt: 'everything',
}

/** Services that use all day the same: 100 containers of half a CPU and one GiB, on six nodes, for a day. */
export const steadyLoad = {
  kind: 'services',
  name: 'web',
  limit: { cpu: '1', memory: '2Gi' },
  floor: { cpu: '100m', memory: '256Mi' },
  cpuPercent: 50,
  memoryPercent: 50,
  spread: 0,
  containers: [[0, 100]],
  follows: 0,
  replicas: 4,
  deploysPerDay: 0,
} satisfies Scenario['load'][number]

/** A day of a steady load. */
export const scenario: Scenario = {
  name: 'small',
  title: 'A small pool',
  about: 'A day.',
  seed: 1,
  seconds: 86_400,
  stepSeconds: 60,
  initial: 6,
  hosts: 3,
  noise: 0,
  boot: { seconds: 300, neverShare: 0, lateShare: 0 },
  prices: { currency: 'EUR', cpuHour: 0.03, memoryGiBHour: 0.004 },
  hostLosses: [],
  load: [steadyLoad],
  settings,
  variants: [],
}

/** A run of a scenario under its own settings. */
export const run = (changes: Partial<Scenario> = {}, other: Partial<Settings> = {}): Rehearsed => {
  const changed = { ...scenario, ...changes }
  return rehearse(changed, { ...changed.settings, ...other }, generatedLoad(changed.load))
}
