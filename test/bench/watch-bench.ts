import { clusterWatchSettings } from '../../src/cluster/watch-settings.ts'
import { compare, variantsOf } from '../../src/simulate/compare.ts'
import { generatedLoad } from '../../src/simulate/generated-load.ts'
import { growth } from '../../src/simulate/scenarios/growth.ts'
import { decideCluster } from '../../src/watch/cluster/decide-cluster.ts'
import type { PoolRules } from '../../src/watch/cluster/figures.ts'
import { judgeSight } from '../../src/watch/cluster/judge-sight.ts'
import { makeFigures } from '../../src/watch/cluster/make-figures.ts'
import type { PoolMemory } from '../../src/watch/cluster/memory.ts'
import type { PoolSubject, StackView } from '../../src/watch/cluster/pool-subject.ts'
import type { ClusterSight, SwarmNode, SwarmService } from '../../src/watch/cluster/swarm.ts'

const gibibyte = 1024 ** 3
const machine = { cpuMillis: 16_000, memoryBytes: 64 * gibibyte }
const nodes = 1000
const tasks = 15_000
const ticks = 200

const rules: PoolRules = {
  min: 1,
  max: 2000,
  machine,
  thresholds: {
    pause: { loadPercent: 80, memoryPercent: 80 },
    resume: { loadPercent: 75, memoryPercent: 75 },
    cluster: { pausedPercent: 75, loadPercent: 75, memoryPercent: 75 },
  },
  watch: { ...clusterWatchSettings({}), cooldownSeconds: 0, shrinkAfterSeconds: 0 },
  staleSeconds: 30,
}

const stack = 'bench.platform'

const pool: PoolSubject = {
  id: `${stack}/std`,
  stack,
  name: 'std',
  rules,
  collection: '/Run/Std',
  nameAt: (index) => `vm-${index + 1}`,
}

const names = Array.from({ length: nodes }, (_, at) => pool.nameAt(at))

const nodeOf = (hostname: string, at: number): SwarmNode => ({
  id: `node-${at}`,
  hostname,
  state: 'ready',
  availability: 'active',
  isManager: false,
  labels: { 'com.docker.ucp.access.label': pool.collection, zone: at % 2 === 0 ? 'east' : 'west' },
  createdAt: '2026-11-23T00:00:00Z',
  address: '10.0.0.1',
  os: 'linux',
  architecture: 'x86_64',
  engineLabels: {},
  capacity: machine,
  plugins: new Set(['Volume/local', 'Log/json-file', 'Network/overlay']),
})

/** Of 3,000 services, one in five of which goes on a node once, one in three into one of two zones. */
const serviceOf = (at: number, more: Partial<SwarmService> = {}): SwarmService => ({
  id: `service-${at}`,
  name: `service-${at}`,
  reserved: { cpuMillis: 250 + (at % 7) * 150, memoryBytes: (1 + (at % 5)) * gibibyte },
  constraints:
    at % 3 === 0
      ? ['node.labels.com.docker.ucp.access.label==/Run/Std', 'node.labels.zone==east']
      : ['node.labels.com.docker.ucp.access.label==/Run/Std'],
  maxPerNode: at % 5 === 0 ? 1 : 0,
  isGlobal: false,
  mustFinish: false,
  plugins: [],
  replicas: 5,
  ...more,
})

/** As it is read at one moment; `waiting` services have five tasks that no node takes. */
const sightAt = (load: number, waiting: number): ClusterSight => ({
  swarm: {
    nodes: [
      { ...nodeOf('manager', nodes), isManager: true, labels: {} },
      ...names.map((name, at) => nodeOf(name, at)),
    ],
    services: [
      ...Array.from({ length: 3000 }, (_, at) => serviceOf(at)),
      ...Array.from({ length: waiting }, (_, at) =>
        serviceOf(3000 + at, { reserved: { cpuMillis: 8000, memoryBytes: 4 * gibibyte } }),
      ),
    ],
    tasks: [
      ...Array.from({ length: tasks }, (_, at) => ({
        id: `task-${at}`,
        service: `service-${at % 3000}`,
        node: `node-${at % nodes}`,
        error: '',
      })),
      ...Array.from({ length: waiting * 5 }, (_, at) => ({
        id: `waits-${at}`,
        service: `service-${3000 + (at % waiting)}`,
        node: '',
        error: `no suitable node (insufficient resources on ${nodes} nodes)`,
      })),
    ],
    leaving: new Map(),
  },
  machines: names.map((name) => ({ name, isMarked: true })),
  samples: new Map(names.map((_, at) => [`node-${at}`, { at: 0, loadPercent: load, memoryPercent: load }])),
})

const view: StackView = {
  stack,
  live: { std: names },
  removing: [],
  placed: new Set(names),
  isFinished: true,
  change: undefined,
}

/**
 * Milliseconds of each tick, from what was read to what is decided, the slowest last. Every tick decides afresh: nothing that one remembered spares the
 * next one work.
 */
const measure = (sight: ClusterSight): { readonly times: number[]; readonly action: string } => {
  const [pools, stacks] = [[pool], new Map([[stack, view]])]
  const memories = new Map<string, PoolMemory>()
  let action = ''
  const times = Array.from({ length: ticks }, () => {
    const started = performance.now()
    if (judgeSight({ pools, stacks, sight, before: new Map() }) !== undefined) throw new Error('not believed')
    const [decision] = decideCluster(makeFigures({ pools, stacks, sight }), { memories, now: 0 }).values()
    action = decision?.action.kind ?? ''
    return performance.now() - started
  })
  return { times: times.sort((a, b) => a - b), action }
}

const benchTicks = (): void => {
  console.log(
    `one tick of the cluster watcher, ${nodes} nodes, ${tasks} tasks, ${ticks} ticks (at most 100 ms):`,
  )
  const cases = [
    ['in balance', 70, 0],
    ['a node is drained', 20, 0],
    ['1,500 tasks wait', 70, 300],
  ] as const
  for (const [title, load, waiting] of cases) {
    const { times, action } = measure(sightAt(load, waiting))
    const at = (share: number): string => (times[Math.ceil(share * ticks) - 1] ?? Number.NaN).toFixed(2)
    console.log(
      `  ${title.padEnd(18)} median ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${at(1)} ms → ${action}`,
    )
  }
}

/** CPU time rather than time: how busy the machine is is not what is measured. */
const benchTwoYears = (): void => {
  const before = process.cpuUsage()
  const started = performance.now()
  const [run] = compare(growth, variantsOf(growth), () => generatedLoad(growth.load))
  const { user, system } = process.cpuUsage(before)
  const containers = growth.load.reduce(
    (sum, load) => sum + (load.kind === 'services' ? (load.containers.at(-1)?.[1] ?? 0) : 0),
    0,
  )
  console.log(
    `two years, ${containers} containers, up to ${run?.totals.mostMachines} of ${growth.settings.max} VMs: ${((user + system) / 1e6).toFixed(1)} s of CPU, ${((performance.now() - started) / 1000).toFixed(1)} s in all (at most 20 s, one core)`,
  )
}

/** The decisions of the cluster watcher at the size of design §11, and two years of them in a rehearsal. */
export const benchWatch = (): void => {
  benchTicks()
  benchTwoYears()
}
