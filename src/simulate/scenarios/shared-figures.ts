import type { Load, Rhythm, Scenario, Settings } from '../scenario.ts'

/** People at their desks: from seven in the morning to seven in the evening, with a dip at lunch; more at the end of a month. */
export const office: Rhythm = {
  hours: [
    0.3, 0.28, 0.27, 0.27, 0.28, 0.32, 0.4, 0.58, 0.8, 0.97, 1, 0.99, 0.88, 0.9, 0.98, 0.97, 0.92, 0.82, 0.66,
    0.52, 0.46, 0.4, 0.36, 0.33,
  ],
  weekend: 0.55,
  monthEnd: 1.12,
}

/** Batch: settlement and reports after closing time; twice the work at the end of a month. */
export const night: Rhythm = {
  hours: [
    0.95, 1, 1, 0.95, 0.8, 0.6, 0.4, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.25, 0.35, 0.5, 0.65,
    0.75, 0.85, 0.9,
  ],
  weekend: 0.4,
  monthEnd: 1.5,
}

/** Source: `stacks/nonprod.ts`. */
export const prices: Scenario['prices'] = { currency: 'EUR', cpuHour: 0.031, memoryGiBHour: 0.004 }

export const boot: Scenario['boot'] = { seconds: 300, neverShare: 0.01, lateShare: 0.01 }

/** The thresholds of the shipped cluster files, and every default of the watchers. */
export const settings: Settings = {
  policy: 'optimized',
  machine: { cpus: 16, memory: '64Gi' },
  min: 2,
  max: 24,
  pause: { loadPercent: 80, memoryPercent: 80 },
  resume: { loadPercent: 75, memoryPercent: 75 },
  cluster: { pausedPercent: 75, loadPercent: 75, memoryPercent: 75 },
  watch: {},
  looksAt: 'everything',
}

/** Services of the web: half a dozen containers to a CPU at night, a third of their limit at the peak. */
export const web = {
  kind: 'services',
  name: 'web',
  limit: { cpu: '1', memory: '2Gi' },
  floor: { cpu: '100m', memory: '640Mi' },
  cpuPercent: 32,
  memoryPercent: 55,
  spread: 0.3,
  rhythm: office,
  containers: [[0, 400]],
  follows: 0.1,
  replicas: 4,
  deploysPerDay: 20,
  bursts: { perContainerDay: 0.5, factor: 2.5, memoryFactor: 1.3, minutes: 12 },
} as const satisfies Load

export const batch = {
  kind: 'services',
  name: 'batch',
  limit: { cpu: '1', memory: '2Gi' },
  floor: { cpu: '100m', memory: '512Mi' },
  cpuPercent: 45,
  memoryPercent: 50,
  spread: 0.3,
  rhythm: night,
  containers: [[0, 100]],
  follows: 0.3,
  replicas: 2,
  deploysPerDay: 4,
} as const satisfies Load

export const steady = {
  kind: 'services',
  name: 'queues and caches',
  limit: { cpu: '1', memory: '4Gi' },
  floor: { cpu: '150m', memory: '1Gi' },
  cpuPercent: 25,
  memoryPercent: 55,
  spread: 0.3,
  containers: [[0, 60]],
  follows: 0,
  replicas: 3,
  deploysPerDay: 1,
  maxPerNode: 1,
} as const satisfies Load
