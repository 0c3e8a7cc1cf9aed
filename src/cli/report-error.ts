import { isFault } from '../core/fault.ts'
import { exitCode, UsageError } from './exit-code.ts'
import type { Terminal } from './terminal.ts'

/** Says what went wrong and the way out; returns the exit code. A stack trace only for what is a bug of ours. */
export const reportError = (terminal: Terminal, error: unknown): number => {
  const { red, bold, dim } = terminal.color
  if (error instanceof UsageError) {
    terminal.note(`${red(bold('error'))} ${error.message}`)
    if (error.hint !== undefined) terminal.note(dim(`  ${error.hint}`))
    return exitCode.usage
  }
  if (isFault(error)) {
    terminal.note(`${red(bold(error.code))} ${error.message}`)
    if (error.details.resource !== undefined) terminal.note(`  while working on ${error.details.resource}`)
    if (error.details.hint !== undefined) terminal.note(dim(`  ${error.details.hint}`))
    return exitCode.fault
  }
  terminal.note(
    `${red(bold('bug'))} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  )
  terminal.note(dim('  This is a fault of Tenantry itself. Please report it with the lines above.'))
  return exitCode.fault
}
