import type { Assessment } from './assess.ts'
import type { PoolRules } from './figures.ts'
import { type PoolMemory, remember } from './memory.ts'
import { type Lack, lackByUse } from './needed-machines.ts'

/** Averages over fewer nodes than half say nothing of the rest. Source: our choice. */
const leastSeenShare = 0.5

/** Whether the averages stand for the pool. Never throws. */
export const isSeen = ({ unseen, usable }: Assessment): boolean => unseen <= usable * (1 - leastSeenShare)

/** `lackByUse`, or nothing where too few nodes were seen. Never throws. */
export const seenLack = (seen: Assessment, rules: PoolRules): Lack =>
  isSeen(seen) ? lackByUse(seen, rules) : { machines: 0, of: 'load' }

/** Where the use of the nodes that remain has to stay under, in percent. */
export interface ShrinkLimits {
  readonly loadPercent: number
  readonly memoryPercent: number
  readonly pausedPercent: number
}

/** The thresholds less the margin. Never throws. */
export const shrinkLimits = ({ thresholds: { cluster }, watch }: PoolRules): ShrinkLimits => ({
  loadPercent: cluster.loadPercent - watch.shrinkMarginPercent,
  memoryPercent: cluster.memoryPercent - watch.shrinkMarginPercent,
  pausedPercent: cluster.pausedPercent - watch.shrinkMarginPercent,
})

/** What load, memory and paused share would be with an active node less; NaN where no active node would be left. */
export const withoutOne = (seen: Assessment, { machine }: PoolRules): ShrinkLimits => {
  const { cpuMillis, memoryBytes } = machine
  if (seen.active < 2)
    return { loadPercent: Number.NaN, memoryPercent: Number.NaN, pausedPercent: Number.NaN }
  const load = (seen.loadPercent * seen.usableCpuMillis) / Math.max(seen.usableCpuMillis - cpuMillis, 1)
  const onActive = (seen.activeLoadMillis / Math.max(seen.activeCpuMillis - cpuMillis, 1)) * 100
  const memory =
    (seen.memoryPercent * seen.usableMemoryBytes) / Math.max(seen.usableMemoryBytes - memoryBytes, 1)
  const usedActive = (seen.activeUsedBytes / Math.max(seen.activeMemoryBytes - memoryBytes, 1)) * 100
  return {
    loadPercent: Math.max(load, onActive),
    memoryPercent: Math.max(memory, usedActive),
    pausedPercent: (seen.paused / (seen.usable - 1)) * 100,
  }
}

/**
 * Whether the pool could do with a node less by use: the average of all that carry tasks, and of those that would take the node's tasks over,
 * stay under the thresholds with the margin, and nothing waits. Falls with the load of any node. Never throws.
 */
export const isIdle = (seen: Assessment, rules: PoolRules): boolean => {
  if (!isSeen(seen) || seen.waitingTasks > 0) return false
  const rest = withoutOne(seen, rules)
  const limits = shrinkLimits(rules)
  return (
    rest.loadPercent <= limits.loadPercent &&
    rest.memoryPercent <= limits.memoryPercent &&
    rest.pausedPercent <= limits.pausedPercent
  )
}

/** The memory with what has lasted without a break, whatever else is decided. Never throws. */
export const trackWindows = (
  memory: PoolMemory,
  { seen, rules, lack, now }: { seen: Assessment; rules: PoolRules; lack: Lack; now: number },
): PoolMemory =>
  remember(memory, {
    pressedSince: lack.machines > 0 ? (memory.pressedSince ?? now) : undefined,
    idleSince: isIdle(seen, rules) ? (memory.idleSince ?? now) : undefined,
    unusableSince:
      seen.unusablePercent > rules.watch.unusablePercent ? (memory.unusableSince ?? now) : undefined,
  })
