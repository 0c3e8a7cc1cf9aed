import type { Issue, Source } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import type { Tenant } from '../tenant/schema.ts'
import type { Placement } from './fleet.ts'

/** Ports of a tenant's file that end before they begin. Issue code: `tenant/port-range`. Never throws. */
export const checkPortRanges = ({ value, locate }: Loaded<Tenant>): Issue[] =>
  (value.compliance?.publishedPorts ?? []).flatMap(({ from, to }, index) =>
    from <= to
      ? []
      : [
          {
            code: 'tenant/port-range',
            message: `The ports ${from} to ${to} end before they begin.`,
            source: locate(['compliance', 'publishedPorts', index]),
            hint: `Write from: ${to}, to: ${from}; one port is its own first and last.`,
          },
        ],
  )

interface Claim {
  readonly organization: string
  readonly cluster: string
  readonly from: number
  readonly to: number
  readonly source: Source
}

/** An archived tenant publishes nothing. */
const claimsOf = ({ tenant, resolved }: Placement): Claim[] =>
  tenant.value.lifecycle === 'archived'
    ? []
    : (tenant.value.compliance?.publishedPorts ?? []).map(({ from, to }, index) => ({
        organization: resolved.organization,
        cluster: resolved.cluster,
        from,
        to,
        source: tenant.locate(['compliance', 'publishedPorts', index]),
      }))

const byPort = (a: Claim, b: Claim): number => a.from - b.from || a.to - b.to

const overlap = (claim: Claim, other: Claim): Issue => ({
  code: 'fleet/port-twice',
  message: `The ports ${claim.from} to ${claim.to} of ${claim.organization} overlap ${other.from} to ${other.to} of ${other.organization} on ${claim.cluster} (${other.source.file}:${other.source.line}).`,
  source: claim.source,
  hint: 'A port of the ingress network is one service’s of the whole cluster: choose another one.',
})

/** Of claims in the order of their first port, each with the one before it that reaches furthest, where they overlap. */
const overlapsIn = (claims: readonly Claim[]): Issue[] => {
  const issues: Issue[] = []
  let furthest: Claim | undefined
  for (const claim of [...claims].sort(byPort)) {
    if (furthest !== undefined && claim.from <= furthest.to)
      issues.push(overlap(claim, furthest), overlap(furthest, claim))
    if (furthest === undefined || claim.to > furthest.to) furthest = claim
  }
  return issues
}

const placeText = ({ code, source, message }: Issue): string =>
  `${code} ${source?.file}:${source?.line} ${message.replace(/ on \S+ \(/, ' (')}`

/** On several clusters it is one mistake. */
const once = (issues: readonly Issue[]): Issue[] => [
  ...new Map([...issues].reverse().map((issue) => [placeText(issue), issue])).values(),
]

/** Ports that two tenants of a cluster may publish, or one twice: an issue on both. Issue code: `fleet/port-twice`. Never throws. */
export const checkPorts = (placements: readonly Placement[]): Issue[] => {
  const byCluster = new Map<string, Claim[]>()
  for (const claim of placements.flatMap(claimsOf))
    byCluster.set(claim.cluster, [...(byCluster.get(claim.cluster) ?? []), claim])
  return once([...byCluster.values()].flatMap(overlapsIn))
}
