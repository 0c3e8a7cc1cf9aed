import type { Bundler } from '../lab/control.ts'
import { affectedCommand } from './commands/affected.ts'
import { ciCommand } from './commands/ci.ts'
import { compileCommand } from './commands/compile.ts'
import { complianceCommand } from './commands/compliance.ts'
import { composeCommand } from './commands/compose.ts'
import { destroyCommand } from './commands/destroy.ts'
import { driftCommand } from './commands/drift.ts'
import { explainCommand } from './commands/explain.ts'
import { labCommand } from './commands/lab.ts'
import { newCommand } from './commands/new.ts'
import { offboardCommand } from './commands/offboard.ts'
import { previewCommand } from './commands/preview.ts'
import { refreshCommand } from './commands/refresh.ts'
import { schemaCommand } from './commands/schema.ts'
import { simulateCommand } from './commands/simulate.ts'
import { statesCommand } from './commands/states.ts'
import { statusCommand } from './commands/status.ts'
import { upCommand } from './commands/up.ts'
import { validateCommand } from './commands/validate.ts'
import { watchCommand } from './commands/watch.ts'
import { watchClusterCommand } from './commands/watch-cluster.ts'
import { watchNodeCommand } from './commands/watch-node.ts'
import { runProgram } from './run-program.ts'

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
  watchCommand(watchNodeCommand, watchClusterCommand),
  simulateCommand,
  composeCommand,
  complianceCommand,
  newCommand,
  explainCommand,
  schemaCommand,
  labCommand,
] as const

/** Carries out one command line, with what bundled this program where it is a bundle; resolves to the exit code: 0 clean, 1 issues, 2 usage, 3 a fault. Never rejects. */
export const main = (argv: readonly string[], bundle?: Bundler): Promise<number> =>
  runProgram(argv, {
    commands: makeCommands,
    hidden: [statesCommand],
    ...(bundle === undefined ? {} : { bundle }),
  })
