import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { LivePools } from '../../compile/live-machines.ts'
import { Fault } from '../../core/fault.ts'

/** What the cluster watcher wants of the pools of one stack. Written before it is done, so that whoever runs next finishes it. */
const LiveRecord = z.strictObject({
  stack: z.string(),
  /** Host names of the VMs by pool. */
  pools: z.record(z.string(), z.array(z.string())),
  /** VMs that are to go, and may still be in the state. */
  removing: z.array(z.string()).default([]),
  /** VMs that are to be made anew under their name, and are not deleted yet. */
  replacing: z.array(z.string()).default([]),
})
export type LiveRecord = z.infer<typeof LiveRecord>

const folderOf = (state: string): string => join(state, '.tenantry', 'pools')

const fileOf = (state: string, stack: string): string => join(folderOf(state), `${stack}.json`)

const unreadable = (file: string, cause: unknown): Fault =>
  new Fault('unavailable', `The record of a stack’s live VMs cannot be read: ${file}.`, {
    cause,
    details: {
      hint: 'Nothing may be applied without it: VMs that work would be deleted. Restore it from a backup of the state’s folder, or write down the VMs that the stack has.',
    },
  })

/** A stack's record; undefined where the watcher never changed it. @throws {Fault} `unavailable` where it is there and cannot be read. */
export const readLive = (state: string, stack: string): LiveRecord | undefined => {
  const file = fileOf(state, stack)
  try {
    return LiveRecord.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unreadable(file, error)
  }
}

const suffix = '.json'

/** The live VMs of every stack that has a record, by stack. @throws {Fault} `unavailable` as `readLive`. */
export const readAllLive = (state: string): ReadonlyMap<string, LivePools> => {
  let names: readonly string[]
  try {
    names = readdirSync(folderOf(state))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw unreadable(folderOf(state), error)
  }
  return new Map(
    names
      .filter((name) => name.endsWith(suffix))
      .map((name) => name.slice(0, -suffix.length))
      .flatMap((stack) => {
        const record = readLive(state, stack)
        return record === undefined ? [] : [[stack, record.pools] as const]
      }),
  )
}

/** Written whole or not at all. @throws {Fault} `unavailable` where the folder cannot be written. */
export const writeLive = async (state: string, record: LiveRecord): Promise<void> => {
  const file = fileOf(state, record.stack)
  const temporary = `${file}.${process.pid}.new`
  try {
    await mkdir(folderOf(state), { recursive: true })
    await writeFile(temporary, `${JSON.stringify(record)}\n`, { flush: true })
    await rename(temporary, file)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw new Fault('unavailable', `The record of ${record.stack}’s live VMs cannot be written: ${file}.`, {
      cause,
      details: {
        resource: record.stack,
        hint: 'Check who may write in the state’s folder, and whether its disk is full.',
      },
    })
  }
}

/** Called when a stack goes. */
export const forgetLive = async (state: string, stack: string): Promise<void> => {
  await rm(fileOf(state, stack), { force: true })
}
