import type { Terminal } from './terminal.ts'

/** What every command gets. */
export interface CommandContext {
  /** The checkout, absolute. */
  readonly root: string
  readonly terminal: Terminal
  /** Sets the exit code of the process; the highest said wins. */
  readonly finish: (code: number) => void
}
