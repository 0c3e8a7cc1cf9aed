import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import * as z from 'zod'

/** A process, told apart from a later one that got its number. */
export const ProcessIdentity = z.object({
  pid: z.int().min(1),
  /** As the operating system counts it; equal only for the same process. */
  started: z.string().min(1),
})
export type ProcessIdentity = z.infer<typeof ProcessIdentity>

/** Fields of /proc/<pid>/stat after the name in brackets; the start time is the 22nd of all, since boot (proc(5)). */
const startTicks = async (pid: number): Promise<number | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat === undefined) return undefined
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state] = fields
  const ticks = fields[22 - 3]
  return state === 'Z' || state === 'X' || ticks === undefined ? undefined : Number(ticks)
}

const startedOnLinux = async (pid: number): Promise<string | undefined> => {
  const ticks = await startTicks(pid)
  return ticks === undefined ? undefined : `${ticks} ticks`
}

const startedByPs = async (pid: number): Promise<string | undefined> => {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)])
    return stdout.trim() === '' ? undefined : stdout.trim()
  } catch {
    return undefined
  }
}

/** Who runs under a number; undefined where nobody does. Never throws. */
export const identify = async (pid: number): Promise<ProcessIdentity | undefined> => {
  const started = process.platform === 'linux' ? await startedOnLinux(pid) : await startedByPs(pid)
  return started === undefined ? undefined : { pid, started }
}

/** Linux tells times in ticks of 1/100 s to every program, whatever the kernel's own (`USER_HZ`, proc(5)). */
const ticksPerSecond = 100

const startTimeOnLinux = async (pid: number): Promise<Date | undefined> => {
  const ticks = await startTicks(pid)
  const boot = /^btime (\d+)$/m.exec(await readFile('/proc/stat', 'utf8').catch(() => ''))?.[1]
  return ticks === undefined || boot === undefined
    ? undefined
    : new Date((Number(boot) + ticks / ticksPerSecond) * 1000)
}

/** When the process under a number began, to the second; undefined where none runs. Never throws. */
export const startTime = async (pid: number): Promise<Date | undefined> => {
  if (process.platform === 'linux') return startTimeOnLinux(pid)
  const started = await startedByPs(pid)
  return started === undefined ? undefined : new Date(started)
}

/** Whether exactly this process still runs. Never throws. */
export const isAlive = async (identity: ProcessIdentity): Promise<boolean> =>
  (await identify(identity.pid))?.started === identity.started

const pollMilliseconds = 50

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

const signal = (identity: ProcessIdentity, name: NodeJS.Signals): void => {
  try {
    process.kill(identity.pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const endsWithin = async (identity: ProcessIdentity, milliseconds: number): Promise<boolean> => {
  const deadline = performance.now() + milliseconds
  while (await isAlive(identity)) {
    if (performance.now() > deadline) return false
    await pause(pollMilliseconds)
  }
  return true
}

/** Asks a process to end and, where it does not within the time, ends it. Another one under its number is left alone. */
export const endProcess = async (identity: ProcessIdentity, graceMilliseconds: number): Promise<void> => {
  if (!(await isAlive(identity))) return
  signal(identity, 'SIGTERM')
  if (await endsWithin(identity, graceMilliseconds)) return
  if (await isAlive(identity)) signal(identity, 'SIGKILL')
  await endsWithin(identity, graceMilliseconds)
}
