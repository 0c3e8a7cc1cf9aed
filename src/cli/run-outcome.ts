import { listStacks } from '../engine/list-stacks.ts'
import type { StackResult } from '../engine/stack-result.ts'
import type { Fleet } from '../load/fleet.ts'
import type { CommandContext } from './command-context.ts'
import { exitCode } from './exit-code.ts'
import type { RunAllReport } from './run-all.ts'
import { printChanges, printReport } from './run-report.ts'
import type { Selection } from './select.ts'
import { type StrayStack, strayStacks } from './stray-stacks.ts'

/** A result as a machine reads it: unchanged resources are counted, not listed. */
export const brief = (result: StackResult): StackResult => ({
  ...result,
  resources: result.resources.filter(({ change, failed }) => change !== 'same' || failed),
})

/** A run, and the stacks that exist though no file asks for them. */
export interface RunOutcome extends RunAllReport {
  readonly stray: readonly StrayStack[]
}

interface OutcomeOptions {
  readonly json?: boolean
  readonly quiet?: boolean
}

/** Prints what a run came to and sets the exit code; `beside` stands beside it in JSON. */
export const printOutcome = (
  context: CommandContext,
  report: RunOutcome,
  options: OutcomeOptions,
  beside: object = {},
): void => {
  const { terminal } = context
  if (options.json === true)
    terminal.print(JSON.stringify({ ...beside, ...report, results: report.results.map(brief) }, null, 2))
  else {
    if (options.quiet !== true) printChanges(terminal, report)
    printReport(terminal, report)
  }
  const failed = report.results.some(({ outcome }) => outcome !== 'succeeded')
  context.finish(failed ? exitCode.fault : exitCode.clean)
}

/** Beside the run, which it must not hold up nor fail. */
export const findStray = (
  place: Parameters<typeof listStacks>[0],
  fleet: Fleet,
  selection: Selection,
): Promise<readonly StrayStack[]> =>
  listStacks({
    ...place,
    among: (names) => strayStacks(fleet, names, selection).map(({ stack }) => stack),
  })
    .then((existing) => strayStacks(fleet, existing, selection))
    .catch(() => [])
