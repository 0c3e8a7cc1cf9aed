import { platformStack } from '../compile/stack-name.ts'
import { hasChanges, type StackResult } from '../engine/stack-result.ts'

const clusterOf = ({ stack }: StackResult): string => stack.slice(0, stack.indexOf('.'))

/**
 * What to do where stacks could not be previewed beside a platform that is to change: what they lack may be what it is to get, and
 * a plan looks at everything before anything is applied. A sentence a cluster. Pure.
 */
export const platformFirst = (results: readonly StackResult[]): readonly string[] => {
  const isSound = ({ outcome }: StackResult): boolean => outcome === 'succeeded'
  const failed = new Set(results.filter((result) => !isSound(result)).map(clusterOf))
  return results
    .filter((one) => one.stack === platformStack(clusterOf(one)) && isSound(one) && hasChanges(one))
    .map(clusterOf)
    .filter((cluster) => failed.has(cluster))
    .map(
      (cluster) =>
        `${platformStack(cluster)} is to change in the same plan. Where a stack above lacks what comes with that, merge and apply the change of stacks/${cluster}.ts alone first, or bring a new cluster up without a plan: \`tenantry up --cluster ${cluster}\`.`,
    )
}
