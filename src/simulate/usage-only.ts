import { decidePool, type PoolMoment } from '../watch/cluster/decide-pool.ts'
import type { PoolDecision } from '../watch/cluster/decision.ts'
import type { PoolFigures, PoolRules } from '../watch/cluster/figures.ts'
import { remember } from '../watch/cluster/memory.ts'

/**
 * Node scaling by use alone, as its critics describe it: it knows averages, and neither waiting tasks nor reservations nor who would
 * take a drained node's tasks. It goes by the same windows, cooldowns and steps, so that what differs is what it looks at. Never throws.
 */
export const decideByUseOnly = (figures: PoolFigures, rules: PoolRules, at: PoolMoment): PoolDecision => {
  const blind: PoolFigures = { ...figures, pending: [] }
  const decision = decidePool(blind, rules, at)
  const { code } = decision.reason
  if (code !== 'would-not-fit' && code !== 'no-candidate') return decision
  return drainAnyway(blind, { decision, now: at.now })
}

/** The emptiest by use, whatever is on it. */
const drainAnyway = (
  { nodes }: PoolFigures,
  { decision, now }: { decision: PoolDecision; now: number },
): PoolDecision => {
  const [node] = nodes
    .filter(({ state, heldBy }) => state === 'ready' && heldBy === 'nobody')
    .sort((a, b) => (a.sample?.loadPercent ?? 0) - (b.sample?.loadPercent ?? 0))
  if (node?.machine === undefined || decision.seen.active < 2) return decision
  const shrink = { node: node.id, machine: node.machine, since: now, step: 'draining' } as const
  return {
    ...decision,
    action: { kind: 'drain', node: node.id, hostname: node.hostname },
    reason: { code: 'idle', sentence: `${node.hostname} has the least load: it is drained.` },
    memory: remember(decision.memory, { shrink }),
  }
}
