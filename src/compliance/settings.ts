import type { Ceilings } from '../cluster/compliance-schema.ts'
import type { Cluster } from '../cluster/schema.ts'
import type { ComplianceRule } from '../exception/compliance-rule.ts'
import {
  clusterCeilings,
  neverWaived,
  partFor,
  type ResolvedCeilings,
  registriesWithin,
  ruleSettings,
  withinBound,
} from '../policy/binding.ts'
import type { Capability, CompliancePolicy, PolicyPart, RuleSetting } from '../policy/schema.ts'
import type { Tenant } from '../tenant/schema.ts'
import { severities } from './finding.ts'

/** What the checks go by, each with its value. */
export interface ComplianceSettings {
  readonly ceilings: ResolvedCeilings
  readonly scanMaxAgeDays: number
  readonly signaturesMaxAgeDays: number
  /** Registries, or paths of them, beside the cluster's own. */
  readonly registries: readonly string[]
  /** Ports of the ingress network that the tenant's services may publish. */
  readonly publishedPorts: readonly { readonly from: number; readonly to: number }[]
  /** Capabilities that a service may add, without `CAP_`. */
  readonly capabilities: readonly Capability[]
  /** Rules of which the platform makes something else than the catalogue. */
  readonly rules: ReadonlyMap<ComplianceRule, RuleSetting>
  /** Rules whose findings no waiver and no baseline bears. */
  readonly neverWaived: readonly ComplianceRule[]
}

/** Days. Source: our choice; a month of scans, a week of signatures, which are made daily. */
const defaults = { scanMaxAgeDays: 30, signaturesMaxAgeDays: 7 } as const

const lowered = (most: ResolvedCeilings, tenant: Ceilings): ResolvedCeilings =>
  Object.fromEntries(
    severities.map((severity) => [severity, Math.min(most[severity], tenant[severity] ?? most[severity])]),
  ) as ResolvedCeilings

const days = (
  field: 'scanMaxAgeDays' | 'signaturesMaxAgeDays',
  part: PolicyPart,
  { compliance }: Cluster,
): number => withinBound(part[field], compliance?.[field]) ?? defaults[field]

/**
 * The settings of a tenant on a cluster. What the platform's policy says binds the cluster file, and what both come to binds the
 * tenant's: each may be stricter than the one before, and what is looser counts for nothing (the checks of the files report it).
 * What a policy leaves unsaid the cluster file says, or the default. Never throws.
 */
export const complianceSettings = (
  tenant: Tenant,
  cluster: Cluster,
  policy: CompliancePolicy | undefined,
): ComplianceSettings => {
  const part = partFor(policy, cluster.stage)
  return {
    ceilings: lowered(clusterCeilings(part, cluster), tenant.compliance?.ceilings ?? {}),
    scanMaxAgeDays: days('scanMaxAgeDays', part, cluster),
    signaturesMaxAgeDays: days('signaturesMaxAgeDays', part, cluster),
    registries: registriesWithin(part.registries, cluster.compliance?.registries),
    publishedPorts: tenant.compliance?.publishedPorts ?? [],
    capabilities: part.capabilities ?? [],
    rules: ruleSettings(part),
    neverWaived: neverWaived(policy),
  }
}
