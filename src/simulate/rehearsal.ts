import type { PoolDecision } from '../watch/cluster/decision.ts'
import type { PoolMachine, PoolTask } from '../watch/cluster/figures.ts'
import type { PoolMemory } from '../watch/cluster/memory.ts'
import { type Containers, noContainers, type SimContainer, type SimService, taskOf } from './containers.ts'
import { type Random, randomFrom, seedOf } from './random.ts'
import { type RunSettings, resolveSettings } from './resolve-settings.ts'
import type { Scenario, Settings } from './scenario.ts'
import { type Scheduler, schedulerFor } from './scheduler.ts'
import { SimNode } from './sim-node.ts'
import { type Levels, levelsFor, type Workload } from './workload.ts'

/** A VM; `joinAt` in seconds, infinite for one that never joins. */
export interface SimMachine extends PoolMachine {
  readonly slot: number
  host: number
  joinAt: number
  node: SimNode | undefined
}

/** What is counted over a whole run. */
export interface Totals {
  machineHours: number
  cost: number
  /** Node-hours in which a node was asked for more CPU than it has, or had less than a twentieth of its memory left. */
  hurtHours: number
  usableHours: number
  unplacedHours: number
  mostUnplaced: number
  outOfMemory: number
  pauses: number
  resumes: number
  grown: number
  shrunk: number
  givenBack: number
  replaced: number
  calls: number
  /** Containers that a drain moved. */
  moved: number
  /** Jobs that were ended before they were done. */
  lostJobs: number
  mostMachines: number
  fewestMachines: number
}

const noTotals = (): Totals => ({
  machineHours: 0,
  cost: 0,
  hurtHours: 0,
  usableHours: 0,
  unplacedHours: 0,
  mostUnplaced: 0,
  outOfMemory: 0,
  pauses: 0,
  resumes: 0,
  grown: 0,
  shrunk: 0,
  givenBack: 0,
  replaced: 0,
  calls: 0,
  moved: 0,
  lostJobs: 0,
  mostMachines: 0,
  fewestMachines: Number.POSITIVE_INFINITY,
})

/** Random numbers, a stream for each purpose: what one setting draws more leaves the load of the others alike. */
interface Randoms {
  readonly sizes: Random
  readonly jobs: Random
  readonly deploys: Random
  readonly bursts: Random
  readonly boots: Random
  readonly noise: Random
}

/** A run as it stands: everything that changes while simulated time goes by. */
export interface Rehearsal {
  readonly scenario: Scenario
  readonly settings: RunSettings
  readonly workload: Workload
  readonly levels: Levels
  readonly table: Containers
  readonly scheduler: Scheduler
  readonly randoms: Randoms
  /** Nodes of the swarm. */
  readonly nodes: SimNode[]
  readonly machines: Map<string, SimMachine>
  readonly freeSlots: number[]
  readonly services: SimService[][]
  readonly running: Int32Array
  /** Containers that wait for a node. */
  pending: SimContainer[]
  /** Whether there may be room that there was not when the waiting ones were tried. */
  hasNewRoom: boolean
  /** What ends at a time, by second. */
  readonly ends: Map<number, (() => void)[]>
  /** By slot: what the load of a node differs by, as a share. */
  readonly noise: Float64Array
  readonly lostHosts: Set<number>
  memory: PoolMemory | undefined
  decision: PoolDecision | undefined
  joined: number
  readonly totals: Totals
  readonly taskOf: (container: number) => PoolTask
}

/** Slots beyond the most: VMs that are replaced and one that is being deleted stand beside the others. */
const spareSlots = 8

const streams = (seed: number): Randoms => ({
  sizes: randomFrom(seedOf(seed, 'sizes')),
  jobs: randomFrom(seedOf(seed, 'jobs')),
  deploys: randomFrom(seedOf(seed, 'deploys')),
  bursts: randomFrom(seedOf(seed, 'bursts')),
  boots: randomFrom(seedOf(seed, 'boots')),
  noise: randomFrom(seedOf(seed, 'noise')),
})

/** A run before its first second: no VM, no container. */
export const openRehearsal = (scenario: Scenario, settings: Settings, workload: Workload): Rehearsal => {
  const run = resolveSettings(settings, scenario)
  const slots = run.pool.max + spareSlots
  const classes = workload.classes.length
  const table = noContainers(slots, classes)
  return {
    scenario,
    settings: run,
    workload,
    levels: levelsFor(classes),
    table,
    scheduler: schedulerFor(slots),
    randoms: streams(scenario.seed),
    nodes: [],
    machines: new Map(),
    freeSlots: Array.from({ length: slots }, (_, slot) => slots - 1 - slot),
    services: workload.classes.map(() => []),
    running: new Int32Array(classes),
    pending: [],
    hasNewRoom: false,
    ends: new Map(),
    noise: new Float64Array(slots),
    lostHosts: new Set(),
    memory: undefined,
    decision: undefined,
    joined: 0,
    totals: noTotals(),
    taskOf: taskOf(table),
  }
}

/** Remembers what is to happen at a second; the run looks at whole steps only. */
export const later = ({ ends, scenario }: Rehearsal, second: number, then: () => void): void => {
  const step = Math.ceil(second / scenario.stepSeconds) * scenario.stepSeconds
  const at = ends.get(step)
  if (at === undefined) ends.set(step, [then])
  else at.push(then)
}

/** Does what was to happen by now. */
export const endDue = ({ ends }: Rehearsal, second: number): void => {
  const due = ends.get(second)
  if (due === undefined) return
  ends.delete(second)
  for (const end of due) end()
}

/** A node for a VM, ready and active. */
export const joinNode = (run: Rehearsal, machine: SimMachine): void => {
  run.joined += 1
  const { slot, name } = machine
  machine.node = new SimNode(
    { id: `${name}#${run.joined}`, hostname: name, slot, capacity: run.settings.machine },
    run.taskOf,
  )
  run.nodes.push(machine.node)
  run.hasNewRoom = true
}
