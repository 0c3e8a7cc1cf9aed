import type { Log } from '../watch/log-lines.ts'

/** Aborts on the first SIGTERM, Ctrl-C or SIGHUP; ends at once on the second. */
export const stopSignal = (log: Log): AbortSignal => {
  const stopping = new AbortController()
  const stop = (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) process.exit(130)
    log({
      level: 'info',
      event: 'stopping',
      message: 'The watcher ends; what is under way is finished.',
      signal,
    })
    stopping.abort()
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
  return stopping.signal
}
