import type { CommandContext } from '../../src/cli/command-context.ts'
import { fakeTerminal } from './fake-terminal.ts'

/** A command's surroundings that keep what it said. `project`: the folder of the code; none by default. */
export const fakeContext = (root: string, project = '/nowhere') => {
  const terminal = fakeTerminal()
  const codes: number[] = []
  const context: CommandContext = { root, project, terminal, finish: (code) => codes.push(code) }
  return {
    context,
    out: () => terminal.out.join('\n'),
    err: () => terminal.err.join('\n'),
    exitCode: () => Math.max(0, ...codes),
  }
}
