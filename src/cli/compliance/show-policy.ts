import type { Cluster } from '../../cluster/schema.ts'
import { severities } from '../../compliance/finding.ts'
import { type TenantRights, tenantRights } from '../../compliance/tenant-rights.ts'
import type { Loaded } from '../../core/loaded.ts'
import { sameValue } from '../../core/same-value.ts'
import { formatBytes, formatCpuMillis, parseBytes, parseCpuMillis } from '../../core/units.ts'
import type { Fleet } from '../../load/fleet.ts'
import { placeName } from '../../load/place-name.ts'
import { pathFor } from '../../policy/binding.ts'
import type { Tenant } from '../../tenant/schema.ts'

/** A setting of the checks, its value in words, and the file and line that say so; `default` where none does. */
export interface PolicyRow {
  readonly setting: string
  readonly value: string
  readonly from: string
}

/** The files that a setting may be from, the one that binds first. */
interface Files {
  readonly policy: Fleet['policy']
  readonly cluster: Loaded<Cluster>
  readonly tenant: Loaded<Tenant>
}

/** What a setting is in a file, in the unit of its value. */
type Reading = (said: unknown) => unknown

const asSaid: Reading = (said) => said

const saidAt = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], value)

const placesOf = ({ policy, cluster, tenant }: Files, path: readonly string[]) => [
  ...(policy === undefined ? [] : [{ file: policy, at: pathFor(policy.value, cluster.value.stage, path) }]),
  { file: cluster, at: ['compliance', ...path] },
  { file: tenant, at: ['compliance', ...path] },
]

/** The first file that says the very value: it binds those after it, which may say the same. */
const originOf = (
  files: Files,
  path: readonly string[],
  value: unknown,
  reading: Reading = asSaid,
): string => {
  const found = placesOf(files, path).find(({ file, at }) => {
    const said = saidAt(file.value, at)
    return said !== undefined && sameValue(reading(said), value)
  })
  return found === undefined ? 'default' : placeName(found.file, found.at)
}

const listText = (values: readonly string[]): string => (values.length === 0 ? 'none' : values.join(', '))

const countText = (count: number): string => (Number.isFinite(count) ? String(count) : 'any number')

const ofText =
  (parse: (text: string) => number | undefined): Reading =>
  (said) =>
    parse(String(said))

const containerRows = (files: Files, { container }: TenantRights): PolicyRow[] => {
  const { cpuMillis, memoryBytes } = container
  const or = (from: string): string => (from === 'default' ? 'quota and machines' : from)
  return [
    {
      setting: 'container.cpu',
      value: formatCpuMillis(cpuMillis),
      from: or(originOf(files, ['container', 'cpu'], cpuMillis, ofText(parseCpuMillis))),
    },
    {
      setting: 'container.memory',
      value: formatBytes(memoryBytes),
      from: or(originOf(files, ['container', 'memory'], memoryBytes, ofText(parseBytes))),
    },
  ]
}

const ruleRows = (files: Files, { settings }: TenantRights): PolicyRow[] =>
  [...settings.rules].map(([rule, { off, severity, reason }]) => ({
    setting: `rules.${rule}`,
    value: `${off === true ? 'off' : severity} (${reason})`,
    from: originOf(files, ['rules', rule], settings.rules.get(rule)),
  }))

const listRows = (files: Files, { settings }: TenantRights): PolicyRow[] =>
  (['registries', 'capabilities', 'neverWaived'] as const).map((setting) => ({
    setting,
    value: listText(settings[setting]),
    from: originOf(
      files,
      [setting],
      settings[setting].filter((one) => one !== 'malware/found'),
    ),
  }))

/**
 * What the checks of a tenant's stacks on a cluster go by, setting by setting, and which file says so: the platform's policy, else
 * the cluster's, else the tenant's. Throws Error on what the checks across files report first.
 */
export const policyRows = (files: Files): readonly PolicyRow[] => {
  const { tenant, cluster, policy } = files
  const rights = tenantRights(tenant.value, cluster.value, undefined, policy?.value)
  const { settings } = rights
  return [
    ...severities.map((severity) => ({
      setting: `ceilings.${severity}`,
      value: countText(settings.ceilings[severity]),
      from: originOf(files, ['ceilings', severity], settings.ceilings[severity]),
    })),
    ...(['scanMaxAgeDays', 'signaturesMaxAgeDays'] as const).map((setting) => ({
      setting,
      value: `${settings[setting]} days`,
      from: originOf(files, [setting], settings[setting]),
    })),
    ...listRows(files, rights),
    ...containerRows(files, rights),
    ...ruleRows(files, rights),
  ]
}
