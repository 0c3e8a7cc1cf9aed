import { canonicalJson, sha256 } from '../core/canonical.ts'
import type { Issue } from '../core/issue.ts'
import { stateFolder } from '../engine/state-folder.ts'
import { stateStamp } from '../engine/state-stamp.ts'
import type { StackState } from '../model/desired-state.ts'
import { checkPlan, stateMoved } from '../plan/check-plan.ts'
import type { Plan, PlannedStack } from '../plan/plan-file.ts'
import { approvalOf } from './approval.ts'
import { isBegun } from './begun-plans.ts'
import { commitOf } from './head-commit.ts'
import { versionsOf } from './plan-versions.ts'
import type { ParticularRun } from './run-all.ts'

/** Where a plan is to be applied. */
export interface PlanPlace {
  /** Of the plan, as the user named it. */
  readonly file: string
  readonly plan: Plan
  readonly root: string
  readonly project: string
  readonly engine: { readonly directory: string; readonly version: string }
  readonly environment: NodeJS.ProcessEnv
}

/** What a plan is known by. */
const planDigest = (plan: Plan): string => sha256(canonicalJson(plan))

const stampPlace = ({ project, environment, engine }: PlanPlace) => ({
  project,
  environment,
  engine: engine.directory,
})

const stateIssue = async (place: PlanPlace, planned: PlannedStack): Promise<readonly Issue[]> => {
  const { stack } = planned
  const folder = stateFolder(place.environment)
  if (folder !== undefined && (await isBegun(folder, stack, planDigest(place.plan)))) return []
  const moved = stateMoved(planned, await stateStamp({ ...stampPlace(place), stack }))
  if (moved === undefined) return []
  return [
    {
      code: 'plan/state-moved',
      message: `${stack} moved since the plan was made: ${moved}.`,
      source: { file: place.file, line: 1, column: 1 },
      hint: 'Somebody applied, refreshed or restored it. Make the plan again, and have it approved again.',
    },
  ]
}

/**
 * Everything that moved since a plan was made, as far as it can be told before an engine runs: program, policies, engine, files,
 * states. `due`: the plan's stacks that are not as approved already; of the others nobody asks for the state.
 *
 * Issue codes: those of `checkPlan`, and `plan/state-moved`. @throws {Fault} where a state cannot be read.
 */
export const planIssues = async (
  place: PlanPlace,
  states: readonly StackState[],
  due: ReadonlySet<string>,
): Promise<readonly Issue[]> => {
  const { file, plan, root, project, engine } = place
  const versions = versionsOf({ root, project, engine: engine.version })
  const issues: Issue[] = [...checkPlan(file, plan, { commit: await commitOf(root), versions, states })]
  for (const planned of plan.stacks)
    if (due.has(planned.stack)) issues.push(...(await stateIssue(place, planned)))
  return issues
}

/** What a plan asks of each of its stacks when it is applied: to be looked at again once nobody else can change it. */
export const planRuns = (place: PlanPlace): ((state: StackState) => ParticularRun) => {
  const byStack = new Map(place.plan.stacks.map((planned) => [planned.stack, planned]))
  const plan = planDigest(place.plan)
  const folder = stateFolder(place.environment)
  return ({ stack }) => {
    const planned = byStack.get(stack)
    if (planned === undefined) throw new Error(`${stack} is no part of the plan`)
    return { refresh: true, approve: approvalOf({ planned, plan, folder, place: stampPlace(place) }) }
  }
}
