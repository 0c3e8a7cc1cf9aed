import { compareText } from '../core/issue.ts'

/**
 * The VMs that the cluster watcher wants of a stack, by pool: their host names, sorted. A pool that it never changed is not there. It is kept
 * beside the stack's state, since git holds only the least and the most of a pool.
 */
export type LivePools = Readonly<Record<string, readonly string[]>>

export const noLivePools: LivePools = {}

/** How a pool's VMs are called: `nameAt(0)` is the first one's host name. */
export interface PoolNames {
  readonly min: number
  readonly nameAt: (index: number) => string
}

/** The lowest names that are not taken, as many as asked for; the same ones for the same input. Never throws. */
export const freeHostnames = (
  taken: ReadonlySet<string>,
  { nameAt }: Pick<PoolNames, 'nameAt'>,
  count: number,
): string[] => {
  const free: string[] = []
  for (let index = 0; free.length < count; index++) {
    const name = nameAt(index)
    if (!taken.has(name)) free.push(name)
  }
  return free
}

/**
 * The host names of a pool's VMs: those that are live, filled up to the least by the lowest free names; the first ones where nothing is live. A
 * most that was lowered takes none away: their tasks would be cut off, and the cluster watcher drains them one by one. Never throws.
 */
export const poolHostnames = (live: readonly string[] | undefined, names: PoolNames): readonly string[] => {
  const there = [...new Set(live ?? [])]
  const missing = Math.max(0, names.min - there.length)
  return [...there, ...freeHostnames(new Set(there), names, missing)].sort(compareText)
}
