import type * as z from 'zod'
import type { Cluster } from '../../src/cluster/schema.ts'
import type { Checked, Issue } from '../../src/core/issue.ts'
import type { Fleet } from '../../src/load/fleet.ts'
import { parseFleet, type TypedText } from '../../src/load/load-fleet.ts'
import type { Tenant } from '../../src/tenant/schema.ts'
import { generateCluster } from '../fixtures/generate-fleet.ts'

export type TenantInput = z.input<typeof Tenant>
export type ClusterInput = z.input<typeof Cluster>

/** The smallest tenant. */
export const acme: TenantInput = {
  organization: 'acme',
  size: 'small',
  owner: 'ann@bank.example',
  technicalLead: 'tom@bank.example',
  costCentre: 'AC-100',
  teams: { developers: { role: 'developer', ldapGroup: 'CN=Acme,DC=bank' } },
  offers: { 'run/std': {} },
  applications: { shop: { environments: ['dev', 'prod'] } },
}

/** Another one beside it. */
export const bolt: TenantInput = {
  ...acme,
  organization: 'bolt',
  teams: { developers: { role: 'developer', ldapGroup: 'CN=Bolt,DC=bank' } },
}

export const nonprod: ClusterInput = generateCluster('nonprod', 2)
export const prod: ClusterInput = generateCluster('prod', 2)

/** One field a line, so that an issue's line says which field it is about. */
const textOf = (value: unknown): string => `export default ${JSON.stringify(value, null, 1)}\n`

export const tenantText = (tenant: unknown, file?: string): TypedText => ({
  file: file ?? `tenants/${(tenant as TenantInput).organization}.ts`,
  text: textOf(tenant),
})

export const clusterText = (cluster: unknown): TypedText => ({
  file: `stacks/${(cluster as ClusterInput).cluster}.ts`,
  text: textOf(cluster),
})

export const fleetOf = (
  tenants: readonly unknown[],
  clusters: readonly unknown[] = [nonprod, prod],
): Checked<Fleet> =>
  parseFleet([...clusters.map(clusterText), ...tenants.map((tenant) => tenantText(tenant))])

export const issuesOf = (result: Checked<unknown>): readonly Issue[] => (result.ok ? [] : result.issues)

/** `file code`, for tests that look at one thing. */
export const codesOf = (result: Checked<unknown>): string[] =>
  issuesOf(result).map(({ code, source }) => `${source?.file ?? '-'} ${code}`)

/** What stands at an issue's place. */
export const textAt = (issue: Issue | undefined, text: string): string => {
  const { source } = issue ?? {}
  const line = text.split('\n')[(source?.line ?? 0) - 1] ?? ''
  return line.slice(
    (source?.column ?? 1) - 1,
    source?.endLine === source?.line ? (source?.endColumn ?? 1) - 1 : undefined,
  )
}

/** The fleet of files that must be right. */
export const soundFleet = (tenants: readonly unknown[], clusters?: readonly unknown[]): Fleet => {
  const result = fleetOf(tenants, clusters)
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  return result.value
}
