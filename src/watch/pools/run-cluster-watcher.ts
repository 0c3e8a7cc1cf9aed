import type { Clock } from '../../clients/clock.ts'
import { isFault } from '../../core/fault.ts'
import { type Backoff, backoffMilliseconds } from '../backoff.ts'
import type { ClusterJournal } from './cluster-journal.ts'
import type { ClusterWatcher } from './cluster-watcher.ts'

export interface ClusterWatchRun {
  readonly clock: Clock
  readonly journal: Pick<ClusterJournal, 'failures'>
  readonly tickSeconds: number
  /** From 0 to 1. */
  readonly random: () => number
  readonly signal: AbortSignal
}

/** Longest wait between looks that fail; a system that is back is seen within a few minutes. Source: our choice. */
const longestSeconds = 300

const waitOf = ({ journal, tickSeconds, random }: ClusterWatchRun): number => {
  const backoff: Backoff = { firstSeconds: tickSeconds, mostSeconds: Math.max(tickSeconds, longestSeconds) }
  return journal.failures < 2 ? tickSeconds * 1000 : backoffMilliseconds(journal.failures, backoff, random())
}

/** Looks until the signal aborts, then ends what is under way. Rejects with what is a bug. */
export const runClusterWatcher = async (watcher: ClusterWatcher, run: ClusterWatchRun): Promise<void> => {
  try {
    while (!run.signal.aborted) {
      await watcher.tick()
      await run.clock.wait(waitOf(run), run.signal).catch((error) => {
        if (!isFault(error)) throw error
      })
    }
  } finally {
    await watcher.end()
  }
}
