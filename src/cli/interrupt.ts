import type { Terminal } from './terminal.ts'

/** Aborts on the first Ctrl-C, SIGTERM or SIGHUP: what is under way is finished, nothing new is begun. */
export const abortOnInterrupt = (terminal: Terminal): AbortSignal => {
  const controller = new AbortController()
  const interrupt = () => {
    if (controller.signal.aborted) return
    terminal.note('Stopping: letting the resources under way finish …')
    controller.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
  return controller.signal
}
