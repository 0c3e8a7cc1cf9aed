import { resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { checkoutRoot } from '../engine/checkout.ts'
import type { Bundler } from '../lab/control.ts'
import type { CommandContext } from './command-context.ts'
import { affectedCommand } from './commands/affected.ts'
import { ciCommand } from './commands/ci.ts'
import { compileCommand } from './commands/compile.ts'
import { destroyCommand } from './commands/destroy.ts'
import { driftCommand } from './commands/drift.ts'
import { explainCommand } from './commands/explain.ts'
import { labCommand } from './commands/lab.ts'
import { newCommand } from './commands/new.ts'
import { offboardCommand } from './commands/offboard.ts'
import { previewCommand } from './commands/preview.ts'
import { refreshCommand } from './commands/refresh.ts'
import { schemaCommand } from './commands/schema.ts'
import { statesCommand } from './commands/states.ts'
import { statusCommand } from './commands/status.ts'
import { upCommand } from './commands/up.ts'
import { validateCommand } from './commands/validate.ts'
import { exitCode } from './exit-code.ts'
import { reportError } from './report-error.ts'
import { openTerminal } from './terminal.ts'

const makeCommands = [
  validateCommand,
  compileCommand,
  affectedCommand,
  previewCommand,
  upCommand,
  refreshCommand,
  driftCommand,
  destroyCommand,
  offboardCommand,
  statusCommand,
  ciCommand,
  newCommand,
  explainCommand,
  schemaCommand,
  labCommand,
] as const

/** Carries out one command line, with what bundled this program where it is a bundle; resolves to the exit code: 0 clean, 1 issues, 2 usage, 3 a fault. Never rejects. */
export const main = async (argv: readonly string[], bundle?: Bundler): Promise<number> => {
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
  for (const make of makeCommands) program.addCommand(withOverride(make(context)))
  program.addCommand(withOverride(statesCommand(context)), { hidden: true })
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
