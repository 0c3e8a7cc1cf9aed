import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import * as z from 'zod'

/** Where process numbers mean the same: one boot of one machine, one namespace of process numbers. */
export const Place = z.object({
  host: z.string(),
  /** Of the kernel's start; empty where the system tells none. */
  boot: z.string(),
  /** Of the namespace of process numbers; containers have their own. Empty where there are none. */
  processes: z.string(),
})
export type Place = z.infer<typeof Place>

/** Where this process runs. Never throws. */
export const ownPlace = async (): Promise<Place> => ({
  host: hostname(),
  boot: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim(),
  processes: await readlink('/proc/self/ns/pid').catch(() => ''),
})

/** Whether a process number of the one can be asked for at the other. Pure. */
export const isSamePlace = (a: Place, b: Place): boolean =>
  a.host === b.host && a.boot === b.boot && a.processes === b.processes
