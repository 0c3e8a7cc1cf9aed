import { setTimeout as wait } from 'node:timers/promises'
import { endAll, endMarked, markedProcesses, processesBelow } from '../../bin/marked-processes.mjs'
import { endProcess, isAlive, type ProcessIdentity } from './process-identity.ts'

/** A run that lost its stack, on this machine. */
export interface EarlierRun {
  readonly holder: ProcessIdentity
  /** `NAME=value` in the environment of what it started. */
  readonly mark: string
}

const pollMilliseconds = 50
/** An engine whose `tenantry` is dead ends when it next reports a step: what is under way may be finished. */
const patienceMilliseconds = 8_000
/** How long what was killed may take to be gone. */
const burialMilliseconds = 5_000

const untilGone = async (mark: string, milliseconds: number): Promise<boolean> => {
  const until = performance.now() + milliseconds
  for (;;) {
    const left = markedProcesses(mark)
    if (left.length === 0) return true
    if (performance.now() > until || left.every(({ isStopped }) => isStopped)) return false
    await wait(pollMilliseconds)
  }
}

/**
 * Ends what is left of a run that died, or that shows no life: its engine, plugins and programs, told by what stands in
 * their environment. The engine of a dead run gets a moment to finish what is under way; one that was stopped gets none, nor
 * does a run that lives and is stuck.
 *
 * On Linux; elsewhere only the run's own process. Never touches this process.
 */
export const endEarlier = async ({ holder, mark }: EarlierRun): Promise<void> => {
  if (holder.pid === process.pid) return
  const isStuck = await isAlive(holder)
  const below = isStuck ? processesBelow(holder.pid) : []
  await endProcess(holder, 0)
  if (isStuck) endAll(below)
  else if (await untilGone(mark, patienceMilliseconds)) return
  for (const until = performance.now() + burialMilliseconds; performance.now() < until; ) {
    if (endMarked(mark) === 0 && markedProcesses(mark).length === 0) return
    await wait(pollMilliseconds)
  }
}
