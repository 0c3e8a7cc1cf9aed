import type { Stage } from '../../cluster/schema.ts'
import type { Fleet } from '../../load/fleet.ts'
import { upCommand } from '../commands/up.ts'
import { loadOrReport, reportIssues } from '../load-or-report.ts'
import { readPlan } from '../plan-io.ts'
import type { CiSession } from './ci-session.ts'
import { deliverIssues } from './deliver-issues.ts'
import { isOfStage, planStageIssues } from './plan-stages.ts'
import { runCommandForJob } from './run-command.ts'

export interface CiApplyOptions {
  /** Clusters of this stage alone; of every stage where absent. */
  readonly stage?: Stage
  /** What was approved; without one, everything that is not as applied. */
  readonly plan?: string
  /** For somebody alive who holds a stack. */
  readonly wait: number
  readonly parallel: number
}

/** Whether the plan may be applied to the stage; what is wrong is printed else. */
const planFits = (session: CiSession, fleet: Fleet, file: string, stage: Stage | undefined): boolean => {
  const plan = readPlan(file, process.env)
  const issues = plan.ok
    ? stage === undefined
      ? []
      : planStageIssues(file, plan.value, fleet, stage)
    : plan.issues
  if (issues.length === 0) return true
  reportIssues(session.context, issues, new Map(), false)
  return false
}

const clusterArguments = (fleet: Fleet, stage: Stage | undefined): readonly string[] =>
  stage === undefined
    ? []
    : fleet.clusters
        .filter(({ value }) => isOfStage(fleet, stage)(`${value.cluster}.platform`))
        .flatMap(({ value }) => ['--cluster', value.cluster])

const told = (stage: Stage | undefined) => {
  const where = stage === undefined ? '' : ` to ${stage}`
  return {
    clean: `Applied${where}`,
    issues: `Refused: nothing was applied${where}`,
    fault: `Not everything was applied${where}`,
  }
}

/** `tenantry ci apply`: what was approved, and nothing else, as `up --plan` does it; without a plan as `up --all`. */
export const ciApply = async (
  session: CiSession,
  { stage, plan, wait, parallel }: CiApplyOptions,
): Promise<void> => {
  const fleet = await loadOrReport(session.context)
  if (fleet === undefined || (plan !== undefined && !planFits(session, fleet, plan, stage)))
    return deliverIssues(session, told(stage).issues)
  const what = plan === undefined ? ['--all', ...clusterArguments(fleet, stage)] : ['--plan', plan]
  const command = {
    make: upCommand,
    arguments: [...what, '--wait', String(wait), '--parallel', String(parallel)],
  }
  await runCommandForJob(session, command, told(stage))
}
