import type { NodeSample } from '../node-sample.ts'
import type { PoolFigures, PoolNode, PoolRules } from './figures.ts'
import type { AwaitedMachine, PoolMemory } from './memory.ts'
import { wouldHelp } from './room.ts'

/** What a pool's figures come to. Shares and averages in percent; load and memory are weighted by the nodes' capacity. */
export interface Assessment {
  /** VMs: those of the stack, and those asked for that are not made yet. */
  readonly size: number
  /** VMs that are awaited and in time. */
  readonly joining: number
  /** Ready nodes that carry tasks: active ones and those that the node watcher paused. */
  readonly usable: number
  readonly active: number
  /** By the node watcher: capacity that returns. */
  readonly paused: number
  /** Paused or drained by a person, or being taken out. */
  readonly away: number
  /** Nodes that are not ready, and VMs that did not join in time. */
  readonly unusable: number
  /** Usable nodes without a fresh sample. */
  readonly unseen: number
  readonly unusablePercent: number
  readonly pausedPercent: number
  readonly loadPercent: number
  readonly memoryPercent: number
  /** Tasks that no node takes and a new one would. */
  readonly waitingTasks: number
  /** Tasks that no node takes, nor would a new one. */
  readonly helplessTasks: number
  /** Capacity of the usable nodes, and what of it is in use, unseen nodes at the average. */
  readonly usableCpuMillis: number
  readonly usableMemoryBytes: number
  /** The same of the active ones, unseen nodes as full: what is given to a node must fit whatever it carries. */
  readonly activeCpuMillis: number
  readonly activeMemoryBytes: number
  readonly activeLoadMillis: number
  readonly activeUsedBytes: number
  /** Reserved on the active ones. */
  readonly activeReservedMillis: number
  readonly activeReservedBytes: number
  /** Nodes without a VM. */
  readonly machineless: readonly PoolNode[]
}

const isPercent = (value: number): boolean => Number.isFinite(value) && value >= 0

/** Whether a sample says something now: of finite figures, neither negative nor old nor from the future. Never throws. */
export const isFresh = (
  sample: NodeSample | undefined,
  { now, staleSeconds }: { now: number; staleSeconds: number },
): sample is NodeSample =>
  sample !== undefined &&
  sample.at <= now &&
  now - sample.at <= staleSeconds * 1000 &&
  isPercent(sample.loadPercent) &&
  isPercent(sample.memoryPercent)

/** Whether a VM had its time to join. Never throws. */
export const isOverdue = (one: AwaitedMachine, { now, rules }: { now: number; rules: PoolRules }): boolean =>
  one.isGivenUp || now - one.since > rules.watch.joinSeconds * 1000

interface Sums {
  active: number
  paused: number
  away: number
  notReady: number
  unseen: number
  usableCpu: number
  usableMemory: number
  seenCpu: number
  seenMemory: number
  load: number
  used: number
  activeCpu: number
  activeMemory: number
  activeLoad: number
  activeUsed: number
  reservedCpu: number
  reservedMemory: number
  machineless: PoolNode[]
}

const emptySums = (): Sums => ({
  active: 0,
  paused: 0,
  away: 0,
  notReady: 0,
  unseen: 0,
  usableCpu: 0,
  usableMemory: 0,
  seenCpu: 0,
  seenMemory: 0,
  load: 0,
  used: 0,
  activeCpu: 0,
  activeMemory: 0,
  activeLoad: 0,
  activeUsed: 0,
  reservedCpu: 0,
  reservedMemory: 0,
  machineless: [],
})

interface Look {
  readonly now: number
  readonly staleSeconds: number
}

const addSample = (sums: Sums, node: PoolNode, look: Look): void => {
  const { cpuMillis, memoryBytes } = node.capacity
  const isActive = node.heldBy === 'nobody'
  const { sample } = node
  const fresh = isFresh(sample, look)
  if (fresh) {
    sums.seenCpu += cpuMillis
    sums.seenMemory += memoryBytes
    sums.load += sample.loadPercent * cpuMillis
    sums.used += sample.memoryPercent * memoryBytes
  } else sums.unseen += 1
  if (!isActive) return
  sums.activeCpu += cpuMillis
  sums.activeMemory += memoryBytes
  sums.activeLoad += (fresh ? sample.loadPercent : 100) * cpuMillis
  sums.activeUsed += (fresh ? sample.memoryPercent : 100) * memoryBytes
  sums.reservedCpu += node.reserved.cpuMillis
  sums.reservedMemory += node.reserved.memoryBytes
}

const addNode = (sums: Sums, node: PoolNode, look: Look): void => {
  if (node.machine === undefined) sums.machineless.push(node)
  if (node.heldBy === 'joining') return
  if (node.state !== 'ready') sums.notReady += 1
  else if (node.heldBy !== 'nobody' && node.heldBy !== 'node-watcher') sums.away += 1
  else {
    if (node.heldBy === 'nobody') sums.active += 1
    else sums.paused += 1
    sums.usableCpu += node.capacity.cpuMillis
    sums.usableMemory += node.capacity.memoryBytes
    addSample(sums, node, look)
  }
}

const share = (part: number, whole: number): number => (whole > 0 ? (part / whole) * 100 : 0)

const mean = (total: number, capacity: number): number => (capacity > 0 ? total / capacity : 0)

interface Awaited {
  readonly joining: number
  readonly overdue: number
  /** Not made yet. */
  readonly asked: number
}

const countAwaited = (
  { nodeless, nodes }: PoolFigures,
  memory: PoolMemory,
  at: { now: number; rules: PoolRules },
): Awaited => {
  const awaited = Object.entries(memory.awaited)
  if (awaited.length === 0) return { joining: 0, overdue: 0, asked: 0 }
  const made = new Set([...nodeless.map(({ name }) => name), ...nodes.map(({ machine }) => machine)])
  // One that joined and is lost since is a node that is not ready: it counts once.
  const lost = new Set(
    nodes.flatMap(({ hostname, heldBy, state }) =>
      heldBy === 'joining' || state === 'ready' ? [] : [hostname],
    ),
  )
  const due = awaited.filter(([name]) => !lost.has(name))
  const overdue = due.filter(([, one]) => isOverdue(one, at)).length
  return {
    overdue,
    joining: due.length - overdue,
    asked: awaited.filter(([name]) => !made.has(name)).length,
  }
}

const countPending = (
  { pending }: PoolFigures,
  { machine }: PoolRules,
): { waiting: number; helpless: number } => {
  let [waiting, helpless] = [0, 0]
  for (const tasks of pending)
    if (wouldHelp(tasks, machine)) waiting += tasks.count
    else helpless += tasks.count
  return { waiting, helpless }
}

/** What the figures of a pool come to, after what is awaited was brought up to date. One pass over the nodes. Never throws. */
export const assess = (
  figures: PoolFigures,
  rules: PoolRules,
  { memory, now }: { memory: PoolMemory; now: number },
): Assessment => {
  const sums = emptySums()
  const look = { now, staleSeconds: rules.staleSeconds }
  for (const node of figures.nodes) addNode(sums, node, look)
  const awaited = countAwaited(figures, memory, { now, rules })
  const pending = countPending(figures, rules)
  const usable = sums.active + sums.paused
  const unusable = sums.notReady + awaited.overdue
  return {
    size: figures.ownedMachines + awaited.asked,
    joining: awaited.joining,
    usable,
    active: sums.active,
    paused: sums.paused,
    away: sums.away,
    unusable,
    unseen: sums.unseen,
    unusablePercent: share(unusable, usable + sums.away + unusable + awaited.joining),
    pausedPercent: share(sums.paused, usable),
    loadPercent: mean(sums.load, sums.seenCpu),
    memoryPercent: mean(sums.used, sums.seenMemory),
    waitingTasks: pending.waiting,
    helplessTasks: pending.helpless,
    usableCpuMillis: sums.usableCpu,
    usableMemoryBytes: sums.usableMemory,
    activeCpuMillis: sums.activeCpu,
    activeMemoryBytes: sums.activeMemory,
    activeLoadMillis: sums.activeLoad / 100,
    activeUsedBytes: sums.activeUsed / 100,
    activeReservedMillis: sums.reservedCpu,
    activeReservedBytes: sums.reservedMemory,
    machineless: sums.machineless,
  }
}
