import type { Issue } from '../core/issue.ts'
import { isExpired } from '../exception/expiry.ts'
import type { Fleet } from '../load/fleet.ts'
import type { StrayStack } from './stray-stacks.ts'

const toldAtMost = 10

/** Whether an override says that a stack's files may be missing. */
const isLifted = ({ overrides }: Fleet, { stack, organization }: StrayStack, now: Date): boolean =>
  overrides.some(
    ({ value }) =>
      !isExpired(value, now) &&
      value.scope.rules.some((rule) => rule === 'tenant-gone' || rule === 'stack-gone') &&
      ((value.scope.organizations ?? []).includes(organization) ||
        (value.scope.stacks ?? []).includes(stack)),
  )

const groupsBy = (
  stacks: readonly StrayStack[],
  name: 'cluster' | 'organization',
): readonly (readonly [string, readonly StrayStack[]])[] => {
  const groups = new Map<string, StrayStack[]>()
  for (const one of stacks) {
    const group = groups.get(one[name])
    if (group === undefined) groups.set(one[name], [one])
    else group.push(one)
  }
  return [...groups]
}

const listed = (names: readonly string[]): string => names.join(' and ')

const clusterIssue = (cluster: string, stacks: readonly StrayStack[]): Issue => ({
  code: 'fleet/vanished-file',
  message: `${stacks.length} ${stacks.length === 1 ? 'stack is' : 'stacks are'} applied on ${cluster}, ${stacks[0]?.stack} first, and no file describes the cluster any more.`,
  source: { file: `stacks/${cluster}.ts`, line: 1, column: 1 },
  hint: `Bring it back: git log --diff-filter=D -- stacks/${cluster}.ts.`,
})

const tenantIssue = (fleet: Fleet, organization: string, stacks: readonly StrayStack[]): Issue => {
  const file = `tenants/${organization}.ts`
  const own = fleet.tenants.find(({ value }) => value.organization === organization)
  const names = listed(stacks.map(({ stack }) => stack))
  const verb = stacks.length === 1 ? 'is' : 'are'
  if (own !== undefined)
    return {
      code: 'fleet/vanished-stack',
      message: `${names} ${verb} applied, and ${own.file} no longer asks for ${listed(stacks.map(({ cluster }) => cluster))}.`,
      source: own.locateKey(['clusters']),
      hint: `Name it in \`clusters\` again, or take the organization off it: tenantry offboard ${organization} --cluster ${stacks[0]?.cluster}.`,
    }
  return {
    code: 'fleet/vanished-file',
    message: `${names} ${verb} applied, and no file describes '${organization}' any more.`,
    source: { file, line: 1, column: 1 },
    hint: `A missing file is no wish to delete. Bring it back (git log --diff-filter=D -- ${file}); a renamed one says previously: '${organization}'; one that leaves is archived and offboarded: tenantry offboard ${organization}.`,
  }
}

/**
 * Applied stacks that no file asks for any more, one issue a cluster that is gone and an organization; the first ten, and how many there are besides.
 * Issue codes: `fleet/vanished-file`, `fleet/vanished-stack`. Never throws.
 */
export const vanishedIssues = (fleet: Fleet, stacks: readonly StrayStack[], now: Date): readonly Issue[] => {
  const known = new Set(fleet.clusters.map(({ value }) => value.cluster))
  const unexcused = stacks.filter((one) => !isLifted(fleet, one, now))
  const issues = [
    ...groupsBy(
      unexcused.filter(({ cluster }) => !known.has(cluster)),
      'cluster',
    ).map(([cluster, group]) => clusterIssue(cluster, group)),
    ...groupsBy(
      unexcused.filter(({ cluster }) => known.has(cluster)),
      'organization',
    ).map(([organization, group]) => tenantIssue(fleet, organization, group)),
  ]
  const rest = issues.length - toldAtMost
  if (rest <= 1) return issues
  return [
    ...issues.slice(0, toldAtMost),
    { code: 'fleet/vanished-file', message: `${rest} more are applied without a file.` },
  ]
}
