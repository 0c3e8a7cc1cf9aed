import { nameCollisions, policyIssues } from '../compile/policy.ts'
import { sortIssues } from '../core/issue.ts'
import { inTurns } from '../core/work.ts'
import type { Fleet } from '../load/fleet.ts'
import type { StackState } from '../model/desired-state.ts'
import type { CommandContext } from './command-context.ts'
import { loadOrReport, reportIssues } from './load-or-report.ts'
import { checkSelection, compileEach, type Selection, selectStacks } from './select.ts'

/** What a command works on: every file, and the desired state of the selected stacks. */
export interface CheckedStacks {
  readonly fleet: Fleet
  readonly stacks: readonly StackState[]
}

/**
 * Every file checked, and the desired state of the selected stacks checked against the policy; undefined after printing
 * the issues and setting the exit code.
 *
 * @throws {UsageError} where the selection names what does not exist.
 */
export const stacksOrReport = async (
  context: CommandContext,
  selection: Selection,
  json: boolean,
): Promise<CheckedStacks | undefined> => {
  const fleet = await loadOrReport(context, json)
  if (fleet === undefined) return undefined
  checkSelection(fleet, selection)
  await inTurns(compileEach(fleet, selection))
  const stacks = selectStacks(fleet, selection)
  const stages = new Map(fleet.clusters.map(({ value }) => [value.cluster, value.stage]))
  const issues = [
    ...stacks.flatMap((state) => policyIssues(state, stages.get(state.cluster) ?? 'prod')),
    ...[...stages.keys()].flatMap((cluster) =>
      nameCollisions(stacks.filter((state) => state.cluster === cluster)),
    ),
  ]
  if (issues.length === 0) return { fleet, stacks }
  reportIssues(context, sortIssues(issues), new Map(), json)
  return undefined
}
