import { containerAt, takeOff } from './containers.ts'
import type { Rehearsal } from './rehearsal.ts'
import type { SimNode } from './sim-node.ts'

/** What the nodes carry in one step. */
export interface StepLoad {
  readonly usable: number
  readonly paused: number
  readonly hurt: number
  /** Averages over usable nodes, in percent; a node is counted as full where it is asked for more. */
  readonly loadPercent: number
  readonly memoryPercent: number
}

/** How much of a node's difference is left after a minute, and from when on it has not enough memory. Source: our choice. */
const noiseLeftPerMinute = 0.9
const lowMemoryPercent = 95

const stepNoise = (run: Rehearsal, slot: number, left: number): number => {
  const { noise, randoms, scenario } = run
  // Evenly spread over a width of √12, which has the variance 1.
  const fresh = (randoms.noise.next() - 0.5) * 3.464
  const now = (noise[slot] ?? 0) * left + fresh * scenario.noise * Math.sqrt(1 - left * left)
  noise[slot] = now
  return Math.max(0.3, 1 + now)
}

/** Writes what a node's containers use into its sample, in percent of the node. */
const addUse = ({ table, levels, settings }: Rehearsal, { slot, sample }: SimNode): void => {
  const from = slot * table.classes
  let cpu = 0
  let memory = 0
  for (let at = 0; at < table.classes; at++) {
    cpu += (table.cpuWeights[from + at] ?? 0) * (levels.cpuMillis[at] ?? 0)
    memory += (table.memoryWeights[from + at] ?? 0) * (levels.memoryBytes[at] ?? 0)
  }
  // What came and went leaves a trace of rounding, which may be negative, and no watcher believes a negative figure.
  sample.loadPercent = Math.max(0, (cpu / settings.machine.cpuMillis) * 100)
  sample.memoryPercent = Math.max(0, (memory / settings.machine.memoryBytes) * 100)
}

/** The kernel ends what came last until the rest fits; the scheduler starts it anew, and it waits where nothing takes it. */
const endForMemory = (run: Rehearsal, node: SimNode): void => {
  while (node.sample.memoryPercent > 100) {
    const number = node.containers.at(-1)
    if (number === undefined) {
      node.sample.memoryPercent = 100
      return
    }
    const container = containerAt(run.table, number)
    takeOff(run.table, container)
    run.pending.push(container)
    run.hasNewRoom = true
    run.totals.outOfMemory += 1
    addUse(run, node)
  }
}

const stepNode = (run: Rehearsal, node: SimNode, left: number): void => {
  addUse(run, node)
  if (node.sample.memoryPercent > 100) endForMemory(run, node)
  node.sample.loadPercent *= stepNoise(run, node.slot, left)
}

/** What every node is asked for in this step, written into its sample, whose time is that of the step's last one. */
export const stepLoad = (run: Rehearsal, sampledAt: number): StepLoad => {
  const left = noiseLeftPerMinute ** (run.scenario.stepSeconds / 60)
  let [usable, paused, hurt, load, memory] = [0, 0, 0, 0, 0]
  for (const node of run.nodes) {
    if (node.state !== 'ready') continue
    stepNode(run, node, left)
    const { sample } = node
    sample.at = sampledAt
    if (sample.loadPercent > 100 || sample.memoryPercent > lowMemoryPercent) hurt += 1
    if (node.heldBy !== 'nobody' && node.heldBy !== 'node-watcher') continue
    usable += 1
    if (node.heldBy === 'node-watcher') paused += 1
    load += Math.min(sample.loadPercent, 100)
    memory += sample.memoryPercent
  }
  const mean = (sum: number): number => (usable === 0 ? 0 : sum / usable)
  return { usable, paused, hurt, loadPercent: mean(load), memoryPercent: mean(memory) }
}
