/** Exit codes of every command. Source: design §10. */
export const exitCode = {
  clean: 0,
  /** Issues in files, or findings. */
  issues: 1,
  usage: 2,
  /** A remote system or this machine failed. */
  fault: 3,
} as const

/** A command line that cannot be carried out as it stands. */
export class UsageError extends Error {
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.name = 'UsageError'
    this.hint = hint
  }
}
