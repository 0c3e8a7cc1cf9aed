import type { Cluster } from '../cluster/schema.ts'
import type { Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { parseBytes, parseCpuMillis } from '../core/units.ts'
import {
  alwaysOn,
  clusterCeilings,
  neverWaived,
  partFor,
  pathFor,
  registriesBeyond,
} from '../policy/binding.ts'
import { type CompliancePolicy, type RuleSetting, Severity } from '../policy/schema.ts'
import type { Tenant } from '../tenant/schema.ts'
import type { Fleet, Placement } from './fleet.ts'
import { placeName } from './place-name.ts'

type Path = readonly (string | number)[]
type Policy = Loaded<CompliancePolicy>

const refusedSetting = (rule: string, { off, severity }: RuleSetting): Omit<Issue, 'source'> | undefined => {
  if ((off === undefined) === (severity === undefined))
    return {
      code: 'compliance/rule-setting',
      message: `The policy says ${off === undefined ? 'nothing' : 'two things'} of the rule '${rule}'.`,
      hint: 'Give it exactly one of `off: true` and `severity`.',
    }
  const isGuard = alwaysOn.some((one) => one === rule)
  if (!isGuard || severity === 'critical') return undefined
  return {
    code: 'compliance/always-on',
    message: `The rule '${rule}' guards other tenants and the hosts: it is neither switched off nor made less grave.`,
    hint: 'Take it out; a single stack that must break it for a while gets a waiver.',
  }
}

const ruleIssues = (policy: Policy, rules: CompliancePolicy['rules'], path: Path): Issue[] =>
  Object.entries(rules ?? {}).flatMap(([rule, setting]) => {
    const refused = refusedSetting(rule, setting)
    return refused === undefined ? [] : [{ ...refused, source: policy.locateKey([...path, rule]) }]
  })

const checkRules = (policy: Policy): Issue[] => [
  ...ruleIssues(policy, policy.value.rules, ['rules']),
  ...(['nonprod', 'prod'] as const).flatMap((stage) =>
    ruleIssues(policy, policy.value.stages?.[stage]?.rules, ['stages', stage, 'rules']),
  ),
]

/** A figure of which less is stricter, in the policy and in a cluster file. */
interface Figure {
  readonly path: readonly string[]
  readonly bound: number | undefined
  readonly asked: number | undefined
}

const figuresOf = (
  policy: CompliancePolicy,
  { stage, compliance: asked = {} }: Cluster,
): readonly Figure[] => {
  const bound = partFor(policy, stage)
  const days = ['scanMaxAgeDays', 'signaturesMaxAgeDays'] as const
  return [
    ...Severity.options.map((severity) => ({
      path: ['ceilings', severity],
      bound: bound.ceilings?.[severity],
      asked: asked.ceilings?.[severity],
    })),
    ...days.map((field) => ({ path: [field], bound: bound[field], asked: asked[field] })),
    {
      path: ['container', 'cpu'],
      bound: parseCpuMillis(bound.container?.cpu ?? ''),
      asked: parseCpuMillis(asked.container?.cpu ?? ''),
    },
    {
      path: ['container', 'memory'],
      bound: parseBytes(bound.container?.memory ?? ''),
      asked: parseBytes(asked.container?.memory ?? ''),
    },
  ]
}

const looser = (policy: Policy, cluster: Loaded<Cluster>, path: readonly string[], at: Path): Issue => ({
  code: 'cluster/compliance-looser',
  message: `\`compliance.${at.join('.')}\` of ${cluster.value.cluster} is looser than the platform's policy (${placeName(policy, pathFor(policy.value, cluster.value.stage, path))}).`,
  source: cluster.locate(['compliance', ...at]),
  hint: 'Be as strict as the policy or stricter, take it out, or have compliance.ts changed by those who answer for it.',
})

const checkClusterFile = (policy: Policy, cluster: Loaded<Cluster>): Issue[] => {
  const figures = figuresOf(policy.value, cluster.value).filter(
    ({ bound, asked }) => bound !== undefined && asked !== undefined && asked > bound,
  )
  const own = cluster.value.compliance?.registries ?? []
  const beyond = registriesBeyond(partFor(policy.value, cluster.value.stage).registries, own)
  return [
    ...figures.map(({ path }) => looser(policy, cluster, path, path)),
    ...beyond.map((one) => looser(policy, cluster, ['registries'], ['registries', own.indexOf(one)])),
  ]
}

/** A ceiling of a tenant's that is higher than that of each cluster it is on is one that somebody believes in and nobody heeds. */
const checkTenantFile = (
  policy: CompliancePolicy | undefined,
  tenant: Loaded<Tenant>,
  clusters: readonly Cluster[],
): Issue[] => {
  const ceilings = tenant.value.compliance?.ceilings ?? {}
  const bounds = clusters.map((cluster) => clusterCeilings(partFor(policy, cluster.stage), cluster))
  return Severity.options
    .filter((severity) => {
      const asked = ceilings[severity]
      return asked !== undefined && bounds.length > 0 && bounds.every((bound) => asked > bound[severity])
    })
    .map((severity) => ({
      code: 'tenant/compliance-looser',
      message: `The ceiling of ${severity} vulnerabilities, ${ceilings[severity]}, is above what each cluster of ${tenant.value.organization} bears: ${Math.max(...bounds.map((bound) => bound[severity]))} at most.`,
      source: tenant.locate(['compliance', 'ceilings', severity]),
      hint: "A tenant file is as strict as the cluster's or stricter; a single vulnerability is borne by a waiver.",
    }))
}

const clustersOf = (placements: readonly Placement[], tenant: Loaded<Tenant>): readonly Cluster[] =>
  placements.filter((one) => one.tenant === tenant).map(({ cluster }) => cluster.value)

const checkWaivers = ({ policy, waivers }: Fleet): Issue[] => {
  const refused = neverWaived(policy?.value)
  return waivers.flatMap((waiver) =>
    waiver.value.rules
      .filter((rule) => refused.includes(rule))
      .map((rule) => ({
        code: 'waiver/never',
        message: `The rule '${rule}' is waived for nobody.`,
        source: waiver.locate(['rules', waiver.value.rules.indexOf(rule)]),
        hint: 'Put right what was found.',
      })),
  )
}

/**
 * What the platform's policy of the checks says that cannot hold, and what looser than it cluster, tenant and waiver files say.
 *
 * Issue codes: `compliance/always-on`, `compliance/rule-setting`, `cluster/compliance-looser`, `tenant/compliance-looser`,
 * `waiver/never`; unsorted. Never throws.
 */
export const checkCompliance = (fleet: Fleet, placements: readonly Placement[]): Issue[] => {
  const { policy } = fleet
  const asking = fleet.tenants.filter(({ value }) => value.compliance?.ceilings !== undefined)
  return [
    ...(policy === undefined ? [] : checkRules(policy)),
    ...(policy === undefined ? [] : fleet.clusters.flatMap((cluster) => checkClusterFile(policy, cluster))),
    ...asking.flatMap((tenant) => checkTenantFile(policy?.value, tenant, clustersOf(placements, tenant))),
    ...checkWaivers(fleet),
  ]
}
