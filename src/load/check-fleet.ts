import type { Cluster } from '../cluster/schema.ts'
import { isOnCluster } from '../compile/on-cluster.ts'
import type { Issue, Source } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { formatBytes, formatCpuMillis, parseBytes, parseCpuMillis } from '../core/units.ts'
import type { Tenant } from '../tenant/schema.ts'
import { checkNames } from './check-names.ts'
import { checkPlacements } from './check-placement.ts'
import { type ClaimedBlock, claimedBlocks, overlappingBlocks } from './claimed-block.ts'
import { didYouMean } from './did-you-mean.ts'
import { duplicates } from './duplicates.ts'
import { type Fleet, type Placement, placementsOf } from './fleet.ts'
import { freeAddressBlock, freeSubnet } from './free-block.ts'

type Path = readonly (string | number)[]

/** A place in a file, as another file's message names it. */
const placeName = (file: Loaded<unknown>, path: Path): string => `${file.file}:${file.locate(path).line}`

interface Claim {
  readonly tenant: Loaded<Tenant>
  readonly text: string
  readonly path: Path
}

/** A thing that only one organization may have, claimed by two: an issue on both. */
const shared = (claims: readonly Claim[], code: string, what: string, hint: string): Issue[] =>
  duplicates(claims, ({ text }) => text.toLowerCase())
    .filter(({ item, first }) => item.tenant !== first.tenant)
    .flatMap(({ item, first }) =>
      [
        [item, first],
        [first, item],
      ].flatMap(([claim, other]) =>
        claim && other ? [sharedIssue(claim, other, { code, what, hint })] : [],
      ),
    )

const sharedIssue = (
  claim: Claim,
  other: Claim,
  { code, what, hint }: { code: string; what: string; hint: string },
): Issue => ({
  code,
  message: `${what} '${claim.text}' belongs to ${other.tenant.value.organization} too (${placeName(other.tenant, other.path)}).`,
  source: claim.tenant.locate(claim.path),
  hint,
})

/** A distinguished name as directories compare it: without regard to case and to blanks around commas. */
const sameName = (distinguishedName: string): string => distinguishedName.replace(/\s*,\s*/g, ',')

const ldapGroupsOf = (tenants: readonly Loaded<Tenant>[]): Claim[] =>
  tenants.flatMap((tenant) =>
    Object.entries(tenant.value.teams).flatMap(([team, { ldapGroup }]) =>
      ldapGroup === undefined
        ? []
        : [{ tenant, text: sameName(ldapGroup), path: ['teams', team, 'ldapGroup'] }],
    ),
  )

const checkLdapGroups = ({ tenants }: Fleet): Issue[] =>
  shared(
    ldapGroupsOf(tenants),
    'fleet/shared-ldap-group',
    'The LDAP group',
    'A group gives access to one organization; ask the directory for a group of its own.',
  )

const commonName = (distinguishedName: string): string =>
  sameName(distinguishedName).split(',')[0]?.replace(/^cn=/i, '') ?? distinguishedName

/** Vault knows a group by its common name alone: two groups of one name would get each other's policies. */
const checkCommonNames = ({ tenants }: Fleet): Issue[] =>
  duplicates(ldapGroupsOf(tenants), ({ text }) => commonName(text).toLowerCase())
    .filter(({ item, first }) => item.text.toLowerCase() !== first.text.toLowerCase())
    .map(({ item, first }) => ({
      code: 'fleet/shared-common-name',
      message: `The LDAP groups '${item.text}' and '${first.text}' (${placeName(first.tenant, first.path)}) have the same common name.`,
      source: item.tenant.locate(item.path),
      hint: 'Vault tells groups apart by their common name; ask the directory for another.',
    }))

/** Every account that the files name. */
const accountsOf = (tenant: Loaded<Tenant>): Claim[] => [
  ...Object.entries(tenant.value.teams).flatMap(([team, { members }]) =>
    (members ?? []).map((text, index) => ({ tenant, text, path: ['teams', team, 'members', index] })),
  ),
  ...(tenant.value.ci?.account === undefined
    ? []
    : [{ tenant, text: tenant.value.ci.account, path: ['ci', 'account'] }]),
]

/** UCP keeps organizations and users in one space of names. */
const checkAccounts = ({ tenants }: Fleet): Issue[] => {
  const organizations = new Set(tenants.map(({ value }) => value.organization))
  return tenants
    .flatMap(accountsOf)
    .filter(({ text }) => organizations.has(text))
    .map(({ tenant, text, path }) => ({
      code: 'fleet/account-is-organization',
      message: `The account '${text}' is called like an organization.`,
      source: tenant.locate(path),
      hint: 'UCP keeps users and organizations in one space of names: rename one of the two.',
    }))
}

const checkCiAccounts = ({ tenants }: Fleet): Issue[] =>
  shared(
    tenants.flatMap((tenant) => {
      const account = tenant.value.ci?.account
      return account === undefined ? [] : [{ tenant, text: account, path: ['ci', 'account'] }]
    }),
    'fleet/shared-ci-account',
    'The account',
    'An account has one default collection: use one of its own for each organization.',
  )

const checkClusterNames = ({ tenants, clusters }: Fleet): Issue[] => {
  const known = clusters.map(({ value }) => value.cluster)
  return tenants.flatMap((tenant) =>
    Object.keys(tenant.value.clusters ?? {})
      .filter((name) => !known.includes(name))
      .map((name) => ({
        code: 'tenant/unknown-cluster',
        message: `There is no cluster '${name}'.`,
        source: tenant.locateKey(['clusters', name]),
        hint: didYouMean(name, known),
      })),
  )
}

/** A tenant that names a dedicated cluster which is not for it. */
const checkAdmission = ({ tenants, clusters }: Fleet): Issue[] =>
  clusters.flatMap((cluster) => {
    const { tenancy, cluster: name } = cluster.value
    if (tenancy.kind === 'shared') return []
    return tenants
      .filter(
        ({ value }) =>
          Object.hasOwn(value.clusters ?? {}, name) && !tenancy.organizations.includes(value.organization),
      )
      .map((tenant) => ({
        code: 'tenant/not-admitted',
        message: `The cluster ${name} is dedicated to ${tenancy.organizations.join(', ')}.`,
        source: tenant.locateKey(['clusters', name]),
        hint: `Leave it out of \`clusters\`, or add the organization to \`tenancy\` in ${cluster.file}.`,
      }))
  })

const checkDedicated = ({ tenants, clusters }: Fleet): Issue[] => {
  const known = tenants.map(({ value }) => value.organization)
  return clusters.flatMap((cluster) => {
    const { tenancy } = cluster.value
    const organizations = tenancy.kind === 'dedicated' ? tenancy.organizations : []
    return organizations.flatMap((organization, index) =>
      known.includes(organization)
        ? []
        : [
            {
              code: 'cluster/unknown-organization',
              message: `No tenant file describes the organization '${organization}'.`,
              source: cluster.locate(['tenancy', 'organizations', index]),
              hint: didYouMean(organization, known),
            },
          ],
    )
  })
}

const stageOf = (environment: string): Cluster['stage'] => (environment === 'prod' ? 'prod' : 'nonprod')

/** Every environment runs somewhere: on a cluster of its stage that the organization is on. */
const checkStages = ({ tenants, clusters }: Fleet): Issue[] =>
  tenants.flatMap((tenant) => {
    const own = clusters.filter((cluster) => isOnCluster(tenant.value, cluster.value))
    const stages = new Set(own.map(({ value }) => value.stage))
    if (own.length === 0) return [onNoCluster(tenant, clusters)]
    return Object.entries(tenant.value.applications).flatMap(([application, { environments }]) =>
      environments.flatMap((environment, index) =>
        stages.has(stageOf(environment))
          ? []
          : [
              nowhere(tenant, {
                path: ['applications', application, 'environments', index],
                environment,
                own,
              }),
            ],
      ),
    )
  })

const onNoCluster = (tenant: Loaded<Tenant>, clusters: readonly Loaded<Cluster>[]): Issue => ({
  code: 'tenant/no-cluster',
  message: `The organization '${tenant.value.organization}' is on no cluster.`,
  source: tenant.locateKey(['clusters']),
  hint: `Name one in \`clusters\`; there are ${clusters.map(({ value }) => value.cluster).join(', ')}.`,
})

const nowhere = (
  tenant: Loaded<Tenant>,
  at: { path: Path; environment: string; own: readonly Loaded<Cluster>[] },
): Issue => ({
  code: 'tenant/stage-without-cluster',
  message: `The environment '${at.environment}' runs nowhere: the organization is on ${at.own
    .map(({ value }) => `${value.cluster} (${value.stage})`)
    .join(', ')}.`,
  source: tenant.locate(at.path),
  hint: `Add a cluster of stage ${stageOf(at.environment)} to \`clusters\`, or leave the environment out.`,
})

/** What two clusters may never share, and what it is called. */
const endpointNames = ['ucp', 'registry', 'vault', 'jenkinsDomain'] as const

const sameEndpoint = (endpoint: string): string => endpoint.toLowerCase().replace(/\/+$/, '')

const checkEndpoints = ({ clusters }: Fleet): Issue[] =>
  endpointNames.flatMap((name) =>
    duplicates(clusters, ({ value }) => sameEndpoint(value.endpoints[name])).map(({ item, first }) => ({
      code: 'fleet/shared-endpoint',
      message: `The clusters ${first.value.cluster} and ${item.value.cluster} have the same \`${name}\`, ${item.value.endpoints[name]}.`,
      source: item.locate(['endpoints', name]),
      hint: `Each cluster has its own; the other is in ${placeName(first, ['endpoints', name])}.`,
    })),
  )

const vsphereSpot = ({ value }: Loaded<Cluster>): string =>
  [sameEndpoint(value.endpoints.vcenter), value.vsphere.datacenter, value.vsphere.folder].join(' ')

const checkFolders = ({ clusters }: Fleet): Issue[] =>
  duplicates(clusters, vsphereSpot).map(({ item, first }) => ({
    code: 'fleet/shared-folder',
    message: `The clusters ${first.value.cluster} and ${item.value.cluster} keep their VMs in the same folder.`,
    source: item.locate(['vsphere', 'folder']),
    hint: `Give it one of its own; the other is in ${placeName(first, ['vsphere', 'folder'])}.`,
  }))

const checkSigners = ({ tenants, clusters }: Fleet): Issue[] => {
  const teams = new Set(
    tenants.flatMap(({ value }) => Object.keys(value.teams).map((team) => `${value.organization}/${team}`)),
  )
  return clusters.flatMap((cluster) =>
    cluster.value.contentTrust.signers.flatMap((signer, index) =>
      teams.has(signer)
        ? []
        : [
            {
              code: 'cluster/unknown-signer',
              message: `No organization has the team '${signer}'.`,
              source: cluster.locate(['contentTrust', 'signers', index]),
              hint: didYouMean(signer, [...teams].sort()),
            },
          ],
    ),
  )
}

/** Hints name a free block for as many overlaps as a person reads; each costs a look at all blocks. */
const hintsAtMost = 20

const freeBlockFor = (fleet: Fleet, block: ClaimedBlock): string | undefined => {
  const { resolved } = block.placement
  const network = resolved.networks.find(({ name }) => name === block.network)
  const prefix = 32 - Math.log2(block.subnet.size)
  if (network === undefined) return freeAddressBlock(fleet, resolved.cluster, { kind: 'ci', prefix })
  if (network.kind === 'overlay') return freeSubnet(fleet, [resolved.cluster], prefix)
  if (network.kind === 'vpn')
    return freeAddressBlock(fleet, resolved.cluster, { kind: 'vpn', vlan: network.vlan.value, prefix })
  return freeAddressBlock(fleet, resolved.cluster, { kind: 'public', addresses: network.addresses.value })
}

/** Two networks that overlap, and every pair of their blocks: on several clusters it is one mistake. */
interface Overlap {
  readonly pairs: [ClaimedBlock, ClaimedBlock][]
}

const placeText = ({ file, line, column }: Source): string => `${file}:${line}:${column}`

const byPlaces = (pairs: readonly [ClaimedBlock, ClaimedBlock][]): Overlap[] => {
  const overlaps = new Map<string, Overlap>()
  for (const pair of pairs) {
    const key = pair.map((block) => placeText(block.place())).join(' ')
    const same = overlaps.get(key)
    if (same === undefined) overlaps.set(key, { pairs: [pair] })
    else same.pairs.push(pair)
  }
  return [...overlaps.values()]
}

const clusterOf = ({ placement }: ClaimedBlock): string => placement.resolved.cluster

const overlapHint = (fleet: Fleet, block: ClaimedBlock): string => {
  const free = freeBlockFor(fleet, block)
  const cluster = clusterOf(block)
  if (free === undefined) return 'Choose another block.'
  return `Free on ${cluster} is for example ${free}; set it as \`subnet\`, or for ${cluster} alone in \`clusters.${cluster}.${block.network === null ? 'ci' : `networks.${block.network}`}\`.`
}

const joined = (names: readonly string[]): string => [...new Set(names)].join(' and ')

const overlapIssue = (
  pairs: readonly [ClaimedBlock, ClaimedBlock][],
  hint: (block: ClaimedBlock) => string,
): Issue[] => {
  const [pair] = pairs
  if (pair === undefined) return []
  const [block, other] = pair
  const { file, line } = other.place()
  const [own, theirs] = [0, 1].map((side) => joined(pairs.flatMap((one) => one[side] ?? []).map(clusterOf)))
  const onTheirs = own === theirs ? '' : ` on ${theirs}`
  return [
    {
      code: 'fleet/overlapping-subnets',
      message: `${block.text} of ${block.owner} on ${own} overlaps ${other.text} of ${other.owner}${onTheirs} (${file}:${line}).`,
      source: block.place(),
      hint: hint(block),
    },
  ]
}

const checkOverlaps = (fleet: Fleet, placements: readonly Placement[]): Issue[] =>
  byPlaces(overlappingBlocks(claimedBlocks(placements))).flatMap(({ pairs }, index) => {
    const hint = (block: ClaimedBlock) =>
      index < hintsAtMost ? overlapHint(fleet, block) : 'Choose another block.'
    const turned = pairs.map(([a, b]): [ClaimedBlock, ClaimedBlock] => [b, a])
    return [...overlapIssue(pairs, hint), ...overlapIssue(turned, hint)]
  })

interface Measure {
  readonly part: 'cpu' | 'memory' | 'storage' | 'containers'
  readonly quotaOf: (placement: Placement) => number
  readonly capacityOf: (cluster: Cluster) => number
  readonly format: (amount: number) => string
}

const measures: readonly Measure[] = [
  {
    part: 'cpu',
    quotaOf: ({ resolved }) => resolved.quota.cpuMillis.value,
    capacityOf: ({ capacity }) => parseCpuMillis(capacity.cpu) ?? 0,
    format: formatCpuMillis,
  },
  {
    part: 'memory',
    quotaOf: ({ resolved }) => resolved.quota.memoryBytes.value,
    capacityOf: ({ capacity }) => parseBytes(capacity.memory) ?? 0,
    format: formatBytes,
  },
  {
    part: 'storage',
    quotaOf: ({ resolved }) => resolved.quota.storageBytes.value,
    capacityOf: ({ capacity }) => parseBytes(capacity.storage) ?? 0,
    format: formatBytes,
  },
  {
    part: 'containers',
    quotaOf: ({ resolved }) => resolved.quota.containers.value,
    capacityOf: ({ capacity }) => capacity.containers,
    format: String,
  },
]

const largestNamed = 3

const largest = (placements: readonly Placement[], { quotaOf, format }: Measure): string =>
  [...placements]
    .sort((a, b) => quotaOf(b) - quotaOf(a))
    .slice(0, largestNamed)
    .map((placement) => `${placement.resolved.organization} ${format(quotaOf(placement))}`)
    .join(', ')

const checkQuotas = (cluster: Loaded<Cluster>, placements: readonly Placement[]): Issue[] =>
  measures.flatMap((measure) => {
    const total = placements.reduce((sum, placement) => sum + measure.quotaOf(placement), 0)
    const capacity = measure.capacityOf(cluster.value)
    if (total <= capacity) return []
    return [
      {
        code: 'fleet/over-capacity',
        message: `The ${measure.part} quotas of ${placements.length} organizations on ${cluster.value.cluster} add up to ${measure.format(total)}; its capacity is ${measure.format(capacity)}.`,
        source: cluster.locate(['capacity', measure.part]),
        hint: `Lower quotas (the largest: ${largest(placements, measure)}), or raise the capacity with the pools behind it.`,
      },
    ]
  })

const groupByCluster = (placements: readonly Placement[]): ReadonlyMap<Loaded<Cluster>, Placement[]> => {
  const groups = new Map<Loaded<Cluster>, Placement[]>()
  for (const placement of placements) {
    const group = groups.get(placement.cluster)
    if (group === undefined) groups.set(placement.cluster, [placement])
    else group.push(placement)
  }
  return groups
}

const fleetChecks = [
  checkLdapGroups,
  checkCommonNames,
  checkAccounts,
  checkCiAccounts,
  checkClusterNames,
  checkAdmission,
  checkDedicated,
  checkStages,
  checkEndpoints,
  checkFolders,
  checkSigners,
]

/**
 * What the files together say that cannot hold: names, addresses, accounts and quotas that two of them claim, and what
 * tenants ask of clusters. Organizations and clusters are unique in a fleet; `checkUnique` sees to that.
 *
 * Issue codes: `fleet/*`, `tenant/*`, `cluster/*`; unsorted. Never throws.
 */
export const checkFleet = (fleet: Fleet): Issue[] => {
  const placements = placementsOf(fleet)
  return [
    ...fleetChecks.flatMap((check) => check(fleet)),
    ...checkPlacements(placements),
    ...checkOverlaps(fleet, placements),
    ...checkNames(fleet, placements),
    ...[...groupByCluster(placements)].flatMap(([cluster, group]) => checkQuotas(cluster, group)),
  ]
}
