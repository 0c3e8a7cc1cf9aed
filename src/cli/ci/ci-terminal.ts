import pc from 'picocolors'
import { redact } from '../../core/redact.ts'
import type { Secret } from '../../core/secret.ts'
import type { CiPlace } from '../../forge/ci-place.ts'
import { harmlessLine } from '../../forge/workflow-commands.ts'
import type { Terminal } from '../terminal.ts'

/** A job's log: plain lines, of which no forge takes one for a command, and a copy of the answer's. */
export interface CiTerminal extends Terminal {
  /** What was printed as the answer, a line each. */
  readonly printed: readonly string[]
  /** A command for the forge itself, as it is. */
  readonly command: (line: string) => void
}

/** The log of a job, over the terminal of the process. None of the secrets is ever in it. */
export const ciTerminal = (
  terminal: Terminal,
  forge: CiPlace['forge'],
  secrets: readonly Secret[],
): CiTerminal => {
  const printed: string[] = []
  const texts = secrets.map((secret) => secret.reveal())
  const shown = (line: string): string => {
    const clean = redact(line, texts)
    return forge === 'github' ? harmlessLine(clean) : clean
  }
  return {
    live: false,
    color: pc.createColors(false),
    print: (line) => {
      printed.push(line)
      terminal.print(shown(line))
    },
    note: (line) => terminal.note(shown(line)),
    status: () => undefined,
    printed,
    command: terminal.print,
  }
}
