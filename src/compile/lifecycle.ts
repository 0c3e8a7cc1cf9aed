import type { RestingLifecycle } from '../model/desired-state.ts'
import type { Resource } from '../model/resource.ts'
import type { JobRole, Tenant } from '../tenant/schema.ts'
import type { ResolvedTenant } from './resolve.ts'

/** Where a tenant stands, where it is not simply at work. Never throws. */
export const restingLifecycle = ({ lifecycle }: Tenant): RestingLifecycle | undefined =>
  lifecycle === undefined || lifecycle === 'active' ? undefined : lifecycle

/** Auditors only read as it is, and see less than viewers. */
const readOnly = (role: JobRole): JobRole => (role === 'auditor' ? 'auditor' : 'viewer')

/**
 * A tenant that drains: what runs goes on as it is, everybody looks and nobody starts anything; the Jenkins keeps what it
 * has and starts no agent. Never throws.
 */
const drained = (resolved: ResolvedTenant): ResolvedTenant => ({
  ...resolved,
  teams: resolved.teams.map((team) => ({
    ...team,
    role: { ...team.role, value: readOnly(team.role.value) },
  })),
  ci:
    resolved.ci === null
      ? null
      : {
          ...resolved.ci,
          agents: { ...resolved.ci.agents, max: { ...resolved.ci.agents.max, value: 0 } },
        },
})

/** A resolved tenant as its place in life leaves it. Frozen ones compile as they are: nothing of them is changed. Never throws. */
export const inLifecycle = (
  resolved: ResolvedTenant,
  lifecycle: RestingLifecycle | undefined,
): ResolvedTenant => (lifecycle === 'draining' ? drained(resolved) : resolved)

/**
 * What is left of an archived tenant: the data that is retained, the places it stands in, and what those stand on.
 * Never throws.
 */
export const retainedOf = (resources: readonly Resource[]): readonly Resource[] => {
  const byKey = new Map(resources.map((resource) => [resource.key, resource]))
  const kept = new Set<string>()
  const keep = (key: string): void => {
    if (kept.has(key)) return
    kept.add(key)
    for (const below of byKey.get(key)?.dependsOn ?? []) keep(below)
  }
  for (const { key, retained } of resources) if (retained !== undefined) keep(key)
  return resources.filter(({ key }) => kept.has(key))
}
