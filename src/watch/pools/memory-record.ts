import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { Fault } from '../../core/fault.ts'
import { type PoolMemory, takeOver } from '../cluster/memory.ts'

const time = z.number()
const times = z.record(z.string(), time)

const Memory = z.object({
  pressedSince: time.optional(),
  idleSince: time.optional(),
  unusableSince: time.optional(),
  grownAt: time.optional(),
  shrunkAt: time.optional(),
  awaited: z.record(z.string(), z.object({ since: time, attempt: z.int(), isGivenUp: z.boolean() })),
  shrink: z
    .object({
      node: z.string(),
      machine: z.string(),
      since: time,
      step: z.enum(['draining', 'removing', 'deleting']),
    })
    .optional(),
  strays: times,
  silent: times.optional(),
  spared: times,
  vainDrains: z.int(),
  failures: z.int(),
  blockedUntil: time.optional(),
  calledFor: z.string().optional(),
})

const MemoryRecord = z.object({
  cluster: z.string(),
  /** Milliseconds of the monotonic clock of whoever saved. */
  savedAt: z.number(),
  /** The same moment, ISO 8601. */
  wallTime: z.string(),
  pools: z.record(z.string(), Memory),
})

/** When something is read or written. */
export interface RecordMoment {
  /** Monotonic milliseconds. */
  readonly now: number
  readonly wallTime: Date
}

export type Memories = ReadonlyMap<string, PoolMemory>

const fileOf = (state: string, cluster: string): string =>
  join(state, '.tenantry', 'watch', `${cluster}.json`)

const withoutUndefined = (memory: z.infer<typeof Memory>): PoolMemory =>
  Object.fromEntries(
    Object.entries(memory).filter(([, value]) => value !== undefined),
  ) as unknown as PoolMemory

/**
 * What the watcher that led before remembered of each pool, on this one's clock; undefined where nothing can be read: then everything begins anew, and what
 * is under way is found on the nodes and in the records of the stacks. Never throws.
 */
export const readMemories = async (
  state: string,
  cluster: string,
  { now, wallTime }: RecordMoment,
): Promise<Memories | undefined> => {
  try {
    const record = MemoryRecord.parse(JSON.parse(await readFile(fileOf(state, cluster), 'utf8')))
    const awaySeconds = (wallTime.getTime() - Date.parse(record.wallTime)) / 1000
    return new Map(
      Object.entries(record.pools).map(([pool, memory]) => [
        pool,
        takeOver(withoutUndefined(memory), { savedAt: record.savedAt, awaySeconds, now }),
      ]),
    )
  } catch {
    return undefined
  }
}

/** Written whole or not at all, before what was decided is done. @throws {Fault} `unavailable` where it cannot be written. */
export const writeMemories = async (
  state: string,
  cluster: string,
  { memories, now, wallTime }: RecordMoment & { readonly memories: Memories },
): Promise<void> => {
  const file = fileOf(state, cluster)
  const temporary = `${file}.${process.pid}.new`
  const record = {
    cluster,
    savedAt: now,
    wallTime: wallTime.toISOString(),
    pools: Object.fromEntries(memories),
  }
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(temporary, `${JSON.stringify(record)}\n`, { flush: true })
    await rename(temporary, file)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw new Fault('unavailable', `What the watcher of ${cluster} remembers cannot be written: ${file}.`, {
      cause,
      details: { hint: 'Check who may write in the state’s folder, and whether its disk is full.' },
    })
  }
}
