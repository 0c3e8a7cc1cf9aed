import { clusterWatchSettings } from '../../../src/cluster/watch-settings.ts'
import { decidePool } from '../../../src/watch/cluster/decide-pool.ts'
import type { PoolDecision } from '../../../src/watch/cluster/decision.ts'
import type { PoolFigures, PoolNode, PoolRules, ServiceNeeds } from '../../../src/watch/cluster/figures.ts'
import type { PoolMemory } from '../../../src/watch/cluster/memory.ts'

const gibibyte = 1024 ** 3
export const machine = { cpuMillis: 16_000, memoryBytes: 64 * gibibyte }

/** Half past one o'clock of some monotonic clock, in milliseconds. */
export const start = 5_400_000

export const rules: PoolRules = {
  min: 2,
  max: 10,
  machine,
  thresholds: {
    pause: { loadPercent: 80, memoryPercent: 80 },
    resume: { loadPercent: 75, memoryPercent: 75 },
    cluster: { pausedPercent: 75, loadPercent: 75, memoryPercent: 75 },
  },
  watch: clusterWatchSettings({}),
  staleSeconds: 30,
}

/** A service whose tasks reserve so many CPUs and GiB. */
export const service = (
  id: string,
  cpus: number,
  gib: number,
  more: Partial<ServiceNeeds> = {},
): ServiceNeeds => ({
  id,
  reserved: { cpuMillis: cpus * 1000, memoryBytes: gib * gibibyte },
  ...more,
})

interface NodeFacts extends Partial<PoolNode> {
  readonly load?: number
  readonly memory?: number
  readonly runs?: readonly ServiceNeeds[]
  readonly sampledAt?: number
}

/** A ready, active node of VM `vm-<number>`, half loaded and without tasks where nothing else is said. */
export const node = (
  number: number,
  { load = 50, memory = 50, runs = [], sampledAt = start, ...more }: NodeFacts = {},
): PoolNode => ({
  id: `n${number}`,
  hostname: `vm-${number}`,
  state: 'ready',
  availability: 'active',
  heldBy: 'nobody',
  isManager: false,
  capacity: machine,
  sample: { at: sampledAt, loadPercent: load, memoryPercent: memory },
  reserved: {
    cpuMillis: runs.reduce((sum, { reserved }) => sum + reserved.cpuMillis, 0),
    memoryBytes: runs.reduce((sum, { reserved }) => sum + reserved.memoryBytes, 0),
  },
  taskCount: runs.filter(({ isGlobal }) => isGlobal !== true).length,
  tasks: runs.map((needs, at) => ({ id: `n${number}-t${at}`, service: needs })),
  machine: `vm-${number}`,
  ...more,
})

export const paused = { availability: 'pause', heldBy: 'node-watcher' } as const
export const drained = { availability: 'drain', heldBy: 'cluster-watcher' } as const

/** A pool of these nodes, each on a VM of the stack. */
export const pool = (nodes: readonly PoolNode[], more: Partial<PoolFigures> = {}): PoolFigures => ({
  pool: 'std',
  nodes,
  ownedMachines:
    nodes.filter((one) => one.machine !== undefined).length +
    (more.nodeless?.filter((one) => one.isOwned).length ?? 0),
  nodeless: [],
  pending: [],
  freeNames: ['vm-101', 'vm-102', 'vm-103', 'vm-104', 'vm-105'],
  ...more,
})

/** The same figures sampled at another time. */
export const sampledAt = (figures: PoolFigures, at: number): PoolFigures => ({
  ...figures,
  nodes: figures.nodes.map((one) =>
    one.sample === undefined ? one : { ...one, sample: { ...one.sample, at } },
  ),
})

/** Looks at figures that stay the same every tick for so many seconds; every decision in order. */
export const lookFor = (
  figures: PoolFigures,
  seconds: number,
  from: { readonly memory?: PoolMemory; readonly rules?: PoolRules; readonly at?: number } = {},
): PoolDecision[] => {
  const under = from.rules ?? rules
  const decisions: PoolDecision[] = []
  let memory = from.memory
  for (let passed = 0; passed <= seconds; passed += under.watch.tickSeconds) {
    const now = (from.at ?? start) + passed * 1000
    const decision = decidePool(sampledAt(figures, now), under, {
      now,
      shrinking: undefined,
      ...(memory ? { memory } : {}),
    })
    memory = decision.memory
    decisions.push(decision)
  }
  return decisions
}

/** What is decided on figures at once. */
export const decide = (
  figures: PoolFigures,
  memory?: PoolMemory,
  under: PoolRules = rules,
  now = start,
): PoolDecision => decidePool(figures, under, { now, shrinking: undefined, ...(memory ? { memory } : {}) })
