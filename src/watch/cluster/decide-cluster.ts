import { decidePool } from './decide-pool.ts'
import type { PoolDecision } from './decision.ts'
import type { PoolFigures, PoolRules } from './figures.ts'
import type { PoolMemory } from './memory.ts'

/** A pool as it is to be seen and as its file wants it. */
export interface WatchedPool {
  readonly figures: PoolFigures
  readonly rules: PoolRules
}

/** The pool that a node is being taken out of: as is remembered, else as the nodes say. */
const shrinkingPool = (
  pools: readonly WatchedPool[],
  memories: ReadonlyMap<string, PoolMemory>,
): string | undefined =>
  (
    pools.find(({ figures }) => memories.get(figures.pool)?.shrink !== undefined) ??
    pools.find(({ figures }) => figures.nodes.some(({ heldBy }) => heldBy === 'cluster-watcher'))
  )?.figures.pool

/**
 * What is to be done to each pool of a cluster, by pool. Over all of them one node is taken out at a time: a pool that is in the middle of it
 * goes on, the others wait. Never throws.
 */
export const decideCluster = (
  pools: readonly WatchedPool[],
  { memories, now }: { readonly memories: ReadonlyMap<string, PoolMemory>; readonly now: number },
): ReadonlyMap<string, PoolDecision> => {
  const decisions = new Map<string, PoolDecision>()
  let shrinking = shrinkingPool(pools, memories)
  for (const { figures, rules } of pools) {
    const memory = memories.get(figures.pool)
    const other = shrinking === figures.pool ? undefined : shrinking
    const decision = decidePool(figures, rules, { now, shrinking: other, ...(memory ? { memory } : {}) })
    if (decision.memory.shrink !== undefined) shrinking = figures.pool
    decisions.set(figures.pool, decision)
  }
  return decisions
}
