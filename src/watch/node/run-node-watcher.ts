import type { Clock } from '../../clients/clock.ts'
import { isFault } from '../../core/fault.ts'
import type { NodeWatcher } from './node-watcher.ts'

export interface NodeWatchRun {
  readonly clock: Clock
  readonly sampleSeconds: number
  /** Whether a node that is paused by its watcher is made active again at the end. */
  readonly resumesAtEnd: boolean
  readonly signal: AbortSignal
}

/** Ticks until the signal aborts, then ends what is under way. @throws {Fault} of UCP at the end; rejects with what is a bug. */
export const runNodeWatcher = async (
  watcher: NodeWatcher,
  { clock, sampleSeconds, resumesAtEnd, signal }: NodeWatchRun,
): Promise<void> => {
  while (!signal.aborted) {
    watcher.tick()
    await clock.wait(sampleSeconds * 1000, signal).catch((error) => {
      if (!isFault(error, 'cancelled')) throw error
    })
  }
  await watcher.end({ resumes: resumesAtEnd })
}
