import type { Terminal } from './terminal.ts'

/** What a shell tells of a program that Ctrl-C ended. */
const interruptedExitCode = 130

/**
 * Aborts on the first Ctrl-C, SIGTERM or SIGHUP: what is under way is finished, nothing new is begun. On the second, ends at
 * once: what is under way is left to the next run, which settles it.
 */
export const abortOnInterrupt = (terminal: Terminal): AbortSignal => {
  const controller = new AbortController()
  const interrupt = () => {
    if (controller.signal.aborted) {
      terminal.note('Ending at once. The next run takes over what was under way.')
      process.exit(interruptedExitCode)
    }
    terminal.note('Stopping: letting the resources under way finish … (again: end at once)')
    controller.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
  return controller.signal
}
