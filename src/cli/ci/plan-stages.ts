import type { Stage } from '../../cluster/schema.ts'
import type { Issue } from '../../core/issue.ts'
import type { Fleet } from '../../load/fleet.ts'
import type { Plan } from '../../plan/plan-file.ts'

/** In this order a change reaches production. */
export const stages = ['nonprod', 'prod'] as const satisfies readonly Stage[]

const clusterOf = (stack: string): string => stack.slice(0, stack.indexOf('.'))

/** Whether a stack is of a stage; of a cluster that no file knows, production's. */
export const isOfStage =
  ({ clusters }: Pick<Fleet, 'clusters'>, stage: Stage): ((stack: string) => boolean) =>
  (stack) =>
    (clusters.find(({ value }) => value.cluster === clusterOf(stack))?.value.stage ?? 'prod') === stage

/**
 * That a plan holds stacks of another stage than the one it is applied for: an approval of nonprod must not reach prod, whatever
 * file was given. Issue code `ci/other-stage`. Pure.
 */
export const planStageIssues = (
  file: string,
  plan: Plan,
  fleet: Pick<Fleet, 'clusters'>,
  stage: Stage,
): readonly Issue[] => {
  const isHere = isOfStage(fleet, stage)
  const others = plan.stacks.map(({ stack }) => stack).filter((stack) => !isHere(stack))
  if (others.length === 0) return []
  const named = others.slice(0, 3).join(', ')
  return [
    {
      code: 'ci/other-stage',
      message: `The plan is to be applied to ${stage}, and holds stacks of another stage: ${named}${others.length > 3 ? ` and ${others.length - 3} more` : ''}.`,
      source: { file, line: 1, column: 1 },
      hint: `Give the plan that \`tenantry ci preview\` wrote for ${stage}: plan-${stage}.json.`,
    },
  ]
}
