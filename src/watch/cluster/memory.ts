/** A VM that was asked for and whose node is not there yet. */
export interface AwaitedMachine {
  /** When it was asked for, or asked for again. */
  readonly since: number
  /** 1 for the VM itself, 2 for its replacement. */
  readonly attempt: number
  /** Whether its replacement did not join in time either. */
  readonly isGivenUp: boolean
}

/** The one node that is being taken out of a pool. */
export interface Shrink {
  readonly node: string
  readonly machine: string
  /** When this step began. */
  readonly since: number
  readonly step: 'draining' | 'removing' | 'deleting'
}

/**
 * What the cluster watcher remembers of a pool from one look to the next: plain data, saved before what was decided is done, so
 * that whoever leads next finishes or undoes it. Times are milliseconds of the monotonic clock of whoever leads.
 */
export interface PoolMemory {
  /** Since when the pool is above a threshold without a break. */
  readonly pressedSince?: number
  /** Since when the pool could do with a node less without a break. */
  readonly idleSince?: number
  /** Since when too much of the pool is unusable. */
  readonly unusableSince?: number
  readonly grownAt?: number
  readonly shrunkAt?: number
  /** By VM. */
  readonly awaited: Readonly<Record<string, AwaitedMachine>>
  readonly shrink?: Shrink
  /** When what belongs to nobody was first seen, by `vm/<name>`, `lost/<name>` or `node/<id>`. */
  readonly strays: Readonly<Record<string, number>>
  /** Since when nothing was heard of the watchers of nodes that they paused, by node. */
  readonly silent?: Readonly<Record<string, number>>
  /** Until when a node is not chosen again after it was given back, by host name. */
  readonly spared: Readonly<Record<string, number>>
  /** Nodes that were drained and given back, in a row. */
  readonly vainDrains: number
  /** Replacements that did not join, in a row. */
  readonly failures: number
  /** Until when no VM is asked for, after failures. */
  readonly blockedUntil?: number
  /** What a person was called for and is not over yet. */
  readonly calledFor?: string
}

export const emptyMemory: PoolMemory = { awaited: {}, strays: {}, spared: {}, vainDrains: 0, failures: 0 }

/** Field by field: `undefined` takes a field away. */
export type MemoryChange = { readonly [K in keyof PoolMemory]?: PoolMemory[K] | undefined }

/** The memory with a change; the same object where nothing differs. Never throws. */
export const remember = (memory: PoolMemory, change: MemoryChange): PoolMemory => {
  const fields = Object.entries(change)
  const before = memory as unknown as Readonly<Record<string, unknown>>
  if (fields.every(([name, value]) => before[name] === value)) return memory
  const after: Record<string, unknown> = { ...memory }
  for (const [name, value] of fields)
    if (value === undefined) delete after[name]
    else after[name] = value
  return after as unknown as PoolMemory
}

const shifted = (times: Readonly<Record<string, number>>, by: number): Record<string, number> =>
  Object.fromEntries(Object.entries(times).map(([key, time]) => [key, time + by]))

/**
 * What another watcher remembered, on this one's clock. Between the two clocks stands the wall clock alone, so a wall clock that
 * went backwards counts as no time at all. What must hold without a break begins anew: nobody looked in between. Never throws.
 *
 * `savedAt`: the other's monotonic milliseconds when it saved; `awaySeconds`: by the wall clock since then; `now`: ours.
 */
export const takeOver = (
  memory: PoolMemory,
  { savedAt, awaySeconds, now }: { savedAt: number; awaySeconds: number; now: number },
): PoolMemory => {
  const by = now - savedAt - Math.max(0, Number.isFinite(awaySeconds) ? awaySeconds : 0) * 1000
  const moved = (time: number | undefined): number | undefined => (time === undefined ? undefined : time + by)
  return remember(memory, {
    pressedSince: undefined,
    idleSince: undefined,
    unusableSince: undefined,
    grownAt: moved(memory.grownAt),
    shrunkAt: moved(memory.shrunkAt),
    blockedUntil: moved(memory.blockedUntil),
    strays: shifted(memory.strays, by),
    silent: undefined,
    spared: shifted(memory.spared, by),
    shrink: memory.shrink && { ...memory.shrink, since: memory.shrink.since + by },
    awaited: Object.fromEntries(
      Object.entries(memory.awaited).map(([name, one]) => [name, { ...one, since: one.since + by }]),
    ),
  })
}
