import type { Ceilings } from '../cluster/compliance-schema.ts'
import type { Cluster } from '../cluster/schema.ts'
import type { ComplianceRule } from '../exception/compliance-rule.ts'
import { type CompliancePolicy, type PolicyPart, type RuleSetting, Severity } from './schema.ts'

/** Vulnerabilities an image may have at most, by severity; Infinity for any number. */
export type ResolvedCeilings = Readonly<Record<Severity, number>>

/**
 * Rules that guard other tenants and the hosts: whoever breaks them harms more than himself, so that no platform switches them off.
 * Source: our choice.
 */
export const alwaysOn: readonly ComplianceRule[] = [
  'access/foreign-label',
  'host/docker-socket',
  'host/namespace',
  'malware/found',
  'network/not-the-tenants',
  'root/privileged',
  'secret/not-the-tenants',
]

/** What no reason outweighs, whatever a policy says. */
const neverWaivedAtAll: readonly ComplianceRule[] = ['malware/found']

/** Rules whose findings nobody bears. Never throws. */
export const neverWaived = (policy: CompliancePolicy | undefined): readonly ComplianceRule[] => [
  ...neverWaivedAtAll,
  ...(policy?.neverWaived ?? []),
]

type Stage = Cluster['stage']

/** What a policy says for a stage: each field of the stage's part, else of the whole. */
export const partFor = (policy: CompliancePolicy | undefined, stage: Stage): PolicyPart => {
  const own = policy?.stages?.[stage]
  if (policy === undefined) return {}
  const { owner: _, neverWaived: __, stages: ___, ...whole } = policy
  return {
    ...whole,
    ...own,
    rules: { ...whole.rules, ...own?.rules },
    ceilings: { ...whole.ceilings, ...own?.ceilings },
    container: { ...whole.container, ...own?.container },
  }
}

/**
 * Path in `compliance.ts` of the value that holds on a stage, e.g. `['stages', 'prod', 'ceilings', 'high']`: the stage's part where it
 * says one. Never throws.
 */
export const pathFor = (
  policy: CompliancePolicy,
  stage: Stage,
  path: readonly string[],
): readonly string[] => {
  const own = path.reduce<unknown>(
    (part, key) => (part as Record<string, unknown> | undefined)?.[key],
    policy.stages?.[stage],
  )
  return own === undefined ? path : ['stages', stage, ...path]
}

/**
 * Ceilings where neither policy nor cluster file says one. Source: our choice; on prod what the promotion policies let into the
 * release repositories (src/compile/registry.ts), on nonprod what a team can put right within a sprint.
 */
const stageCeilings: Readonly<Record<Stage, ResolvedCeilings>> = {
  prod: { critical: 0, high: 0, medium: 0, low: Number.POSITIVE_INFINITY },
  nonprod: { critical: 0, high: 10, medium: 50, low: Number.POSITIVE_INFINITY },
}

/** The smaller of what binds and what is asked for; what is asked for where nothing binds. */
export const withinBound = (bound: number | undefined, asked: number | undefined): number | undefined =>
  bound === undefined || asked === undefined ? (bound ?? asked) : Math.min(bound, asked)

/** The most that a cluster bears of each severity: no more than the policy says, whatever the cluster file does. Never throws. */
export const clusterCeilings = (policy: PolicyPart, cluster: Cluster): ResolvedCeilings => {
  const asked: Ceilings = cluster.compliance?.ceilings ?? {}
  return Object.fromEntries(
    Severity.options.map((severity) => [
      severity,
      withinBound(policy.ceilings?.[severity], asked[severity]) ?? stageCeilings[cluster.stage][severity],
    ]),
  ) as ResolvedCeilings
}

/** Whether a registry or a path of one lies within another: the same, or below it. Never throws. */
const liesWithin = (prefix: string, other: string): boolean =>
  prefix === other || prefix.startsWith(`${other}/`)

/** Those of a cluster's registries that the policy's list does not hold; none where the policy has no list. Never throws. */
export const registriesBeyond = (
  policy: readonly string[] | undefined,
  cluster: readonly string[],
): readonly string[] =>
  policy === undefined
    ? []
    : cluster.filter((prefix) => !policy.some((allowed) => liesWithin(prefix, allowed)))

/** Registries of a cluster: its own list as far as the policy's holds it, else the policy's. Never throws. */
export const registriesWithin = (
  policy: readonly string[] | undefined,
  cluster: readonly string[] | undefined,
): readonly string[] => {
  if (cluster === undefined) return policy ?? []
  const beyond = new Set(registriesBeyond(policy, cluster))
  return cluster.filter((prefix) => !beyond.has(prefix))
}

/** Rules by id that a policy sets, in no order. Never throws. */
export const ruleSettings = (policy: PolicyPart): ReadonlyMap<ComplianceRule, RuleSetting> =>
  new Map(Object.entries(policy.rules ?? {}) as [ComplianceRule, RuleSetting][])
