import type { Stage } from '../../cluster/schema.ts'
import type { Fleet } from '../../load/fleet.ts'
import { upCommand } from '../commands/up.ts'
import { loadOrReport, reportIssues } from '../load-or-report.ts'
import { readPlan } from '../plan-io.ts'
import { olderThanApplied, rememberApplied } from './applied-commit.ts'
import type { CiSession } from './ci-session.ts'
import { deliver } from './deliver.ts'
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

/** Words for `up`; undefined where no cluster is of the stage, since `up` without a name would mean every cluster. */
const wordsFor = ({ plan, stage }: CiApplyOptions, fleet: Fleet): readonly string[] | undefined => {
  if (plan !== undefined) return ['--plan', plan]
  if (stage === undefined) return ['--all']
  const isHere = isOfStage(fleet, stage)
  const names = fleet.clusters
    .map(({ value }) => value.cluster)
    .filter((cluster) => isHere(`${cluster}.platform`))
  return names.length === 0 ? undefined : ['--all', ...names.flatMap((name) => ['--cluster', name])]
}

const told = (stage: Stage | undefined) => {
  const where = stage === undefined ? '' : ` to ${stage}`
  return {
    clean: `Applied${where}`,
    issues: `Refused: nothing was applied${where}`,
    fault: `Not everything was applied${where}`,
  }
}

/** Whether it is not the files of long ago that are applied; a plan is compared with the state of today by itself. */
const isOfToday = async ({ context }: CiSession, plan: string | undefined): Promise<boolean> => {
  const older = plan === undefined ? await olderThanApplied(context.root, process.env) : undefined
  if (older !== undefined) reportIssues(context, [older], new Map(), false)
  return older === undefined
}

/** What there is to apply; undefined where something speaks against it, which is printed then. */
const fleetToApply = async (
  session: CiSession,
  { stage, plan }: CiApplyOptions,
): Promise<Fleet | undefined> => {
  const fleet = await loadOrReport(session.context)
  if (fleet === undefined || (plan !== undefined && !planFits(session, fleet, plan, stage))) return undefined
  return (await isOfToday(session, plan)) ? fleet : undefined
}

/** `tenantry ci apply`: what was approved, and nothing else, as `up --plan` does it; without a plan as `up --all`. */
export const ciApply = async (session: CiSession, options: CiApplyOptions): Promise<void> => {
  const { stage, wait, parallel } = options
  const fleet = await fleetToApply(session, options)
  if (fleet === undefined) return deliverIssues(session, told(stage).issues)
  const words = wordsFor(options, fleet)
  if (words === undefined) {
    const title = `Nothing to apply: no cluster is of the stage ${stage}`
    session.context.terminal.print(`${title}.`)
    return deliver(session, { markdown: `## ${title}\n` })
  }
  await rememberApplied(session.context.root, process.env)
  const command = {
    make: upCommand,
    arguments: [...words, '--wait', String(wait), '--parallel', String(parallel)],
  }
  await runCommandForJob(session, command, told(stage))
}
