import { resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { checkoutRoot } from '../engine/checkout.ts'
import type { Bundler } from '../lab/control.ts'
import type { CommandContext } from './command-context.ts'
import { exitCode } from './exit-code.ts'
import { reportError } from './report-error.ts'
import { openTerminal } from './terminal.ts'

type MakeCommand = (context: CommandContext) => Command

/** What a program can do. */
export interface ProgramCommands {
  readonly commands: readonly MakeCommand[]
  /** Left out of the help. */
  readonly hidden: readonly MakeCommand[]
  /** What bundled this program; undefined where it runs from its sources. */
  readonly bundle?: Bundler
}

/** Carries out one command line; resolves to the exit code: 0 clean, 1 issues, 2 usage, 3 a fault. Never rejects. */
export const runProgram = async (
  argv: readonly string[],
  { commands, hidden, bundle }: ProgramCommands,
): Promise<number> => {
  const terminal = openTerminal()
  let code: number = exitCode.clean
  const program = new Command('tenantry')
  const context: CommandContext = {
    get root() {
      return resolve(program.opts<{ root?: string }>().root ?? checkoutRoot())
    },
    project: checkoutRoot(),
    terminal,
    ...(bundle === undefined ? {} : { bundle }),
    finish: (said) => {
      code = Math.max(code, said)
    },
  }
  program
    .description('Tenants of the container platform as typed files: check, compile, preview, apply.')
    .option('--root <folder>', 'folder with tenants/ and stacks/; this checkout where absent')
    .addHelpText(
      'after',
      `
Exit codes: 0 clean, 1 issues in files, 2 usage, 3 a fault.

Examples:
  $ tenantry validate
  $ tenantry preview retail-banking
  $ tenantry <command> --help`,
    )
    .showHelpAfterError('(see --help)')
    .exitOverride()
  for (const make of commands) program.addCommand(withOverride(make(context)))
  for (const make of hidden) program.addCommand(withOverride(make(context)), { hidden: true })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.clean : exitCode.usage
    return reportError(terminal, error)
  } finally {
    terminal.status('')
  }
}

/** Commands made apart from the program do not inherit its way of exiting. */
const withOverride = (command: Command): Command => {
  command.exitOverride().showHelpAfterError('(see --help)')
  for (const child of command.commands) withOverride(child)
  return command
}
