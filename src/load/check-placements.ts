import { pinnedCiBlock } from '../compile/ci-block.ts'
import { publicBlock } from '../compile/public-block.ts'
import type { ResolvedNetwork, ResolvedVolume } from '../compile/resolve.ts'
import { contains, overlaps, parseHost, parseSubnet } from '../compile/subnet.ts'
import type { Issue, Source } from '../core/issue.ts'
import { formatBytes, formatCpuMillis } from '../core/units.ts'
import { didYouMean } from './did-you-mean.ts'
import type { Placement } from './fleet.ts'

/** An issue of one placement; its sentence goes on with `on <clusters>`. */
interface Finding extends Omit<Issue, 'message' | 'source'> {
  readonly sentence: string
  readonly source: Source
}

const checkNetworks = (placement: Placement): Finding[] =>
  placement.resolved.networks.flatMap((network) => {
    if (network.kind === 'overlay') return checkOverlay(placement, network)
    return network.kind === 'vpn' ? checkVpn(placement, network) : checkPublic(placement, network)
  })

type Overlay = Extract<ResolvedNetwork, { kind: 'overlay' }>
type Vpn = Extract<ResolvedNetwork, { kind: 'vpn' }>
type Public = Extract<ResolvedNetwork, { kind: 'public' }>

const outside = (
  { tenant, resolved }: Placement,
  { name, subnet }: Overlay | Vpn,
  spaces: readonly string[],
): Finding => ({
  code: 'tenant/subnet-outside',
  sentence: `The subnet ${subnet.value} of '${name}' lies outside ${spaces.join(' and ')}`,
  source: tenant.locate(subnet.path),
  hint: `Choose a free block there, or override it with \`clusters.${resolved.cluster}.networks.${name}.subnet\`.`,
})

const liesIn = (text: string, spaces: readonly string[]): boolean => {
  const subnet = parseSubnet(text)
  if (subnet === undefined) return true
  return spaces.some((space) => {
    const outer = parseSubnet(space)
    return outer !== undefined && contains(outer, subnet)
  })
}

const checkOverlay = (placement: Placement, network: Overlay): Finding[] => {
  const { overlaySpace } = placement.cluster.value
  return liesIn(network.subnet.value, overlaySpace) ? [] : [outside(placement, network, overlaySpace)]
}

const checkVpn = (placement: Placement, network: Vpn): Finding[] => {
  const { tenant, cluster } = placement
  const vlan = cluster.value.vlans[network.vlan.value]
  if (vlan === undefined)
    return [
      {
        code: 'tenant/unknown-vlan',
        sentence: `There is no VLAN '${network.vlan.value}'`,
        source: tenant.locate(network.vlan.path),
        hint: didYouMean(network.vlan.value, Object.keys(cluster.value.vlans)),
      },
    ]
  if (!liesIn(network.subnet.value, [vlan.subnet])) return [outside(placement, network, [vlan.subnet])]
  return checkGateway(placement, network, vlan.gateway)
}

const checkGateway = ({ tenant }: Placement, { name, subnet }: Vpn, gateway: string): Finding[] => {
  const [host, block] = [parseHost(gateway), parseSubnet(subnet.value)]
  if (host === undefined || block === undefined || !overlaps(host, block)) return []
  return [
    {
      code: 'tenant/gateway-in-subnet',
      sentence: `The subnet ${subnet.value} of '${name}' holds the gateway ${gateway} of its VLAN`,
      source: tenant.locate(subnet.path),
      hint: 'Choose a block without it.',
    },
  ]
}

const checkPublic = ({ tenant, cluster, resolved }: Placement, network: Public): Finding[] => {
  const { publicPool } = cluster.value
  if (publicPool === undefined)
    return [
      {
        code: 'tenant/no-public-pool',
        sentence: `There are no public addresses for '${network.name}'`,
        source: tenant.locateKey(['networks', network.name]),
        hint: 'Leave the network out, or give it to an application that does not run there.',
      },
    ]
  if (network.subnet.value !== null) return []
  const pinned = pinnedSubnet(tenant.value, resolved.cluster, network.name)
  const block = publicBlock(publicPool, resolved.madeAs, network.madeAs, network.addresses.value, pinned)
  return block.ok || (pinned !== undefined && parseSubnet(pinned) === undefined)
    ? []
    : [
        {
          code: 'tenant/no-public-block',
          sentence: `The network '${network.name}' gets no public block (${block.reason})`,
          source: tenant.locate(network.subnet.path),
          hint: `The public pool of ${resolved.cluster} is ${publicPool.subnet}; pin a free block of it with \`subnet\`, or ask for fewer addresses.`,
        },
      ]
}

const pinnedSubnet = (
  { networks, clusters }: Placement['tenant']['value'],
  cluster: string,
  name: string,
): string | undefined => clusters?.[cluster]?.networks?.[name]?.subnet ?? networks?.[name]?.subnet

const checkVolumes = ({ tenant, cluster, resolved }: Placement): Finding[] =>
  resolved.volumes
    .filter(({ backend }) => !Object.hasOwn(cluster.value.storage, backend.value))
    .map(({ backend }) => ({
      code: 'tenant/unknown-backend',
      sentence: `There is no storage back end '${backend.value}'`,
      source: tenant.locate(backend.path),
      hint: didYouMean(backend.value, Object.keys(cluster.value.storage)),
    }))

const checkMachines = ({ tenant, cluster, resolved }: Placement): Finding[] =>
  resolved.offers.flatMap(({ pool }) => {
    const machine = pool.value?.machine
    if (machine === undefined || Object.hasOwn(cluster.value.machines, machine)) return []
    return [
      {
        code: 'tenant/unknown-machine',
        sentence: `There is no machine '${machine}'`,
        source: tenant.locate([...pool.path, 'machine']),
        hint: didYouMean(machine, Object.keys(cluster.value.machines)),
      },
    ]
  })

/** `run/edge` runs on the organization's own pool; the others on pools of the cluster. */
const checkOfferPools = ({ tenant, cluster, resolved }: Placement): Finding[] => {
  const offered = new Set<string>(Object.values(cluster.value.pools).map(({ offer }) => offer))
  return resolved.offers
    .filter(({ name }) => name !== 'run/edge' && !offered.has(name))
    .map(({ name, pool }) => ({
      code: 'tenant/offer-unavailable',
      sentence: `There is no pool for the offer '${name}'`,
      source: tenant.locateKey(pool.path.slice(0, -1)),
      hint: `${resolved.cluster} offers ${[...offered].sort().join(', ')}; leave the cluster out of \`clusters\`, or add a pool to it.`,
    }))
}

const storageOf = (volumes: readonly ResolvedVolume[]): number =>
  volumes.reduce((sum, { sizeBytes }) => sum + sizeBytes.value, 0)

const checkStorage = ({ tenant, resolved }: Placement): Finding[] => {
  const total = storageOf(resolved.volumes)
  const { value, origin } = resolved.quota.storageBytes
  if (total <= value) return []
  return [
    {
      code: 'tenant/storage-over-quota',
      sentence: `The volumes add up to ${formatBytes(total)}, over the storage quota of ${formatBytes(value)}`,
      source: tenant.locateKey(['volumes']),
      hint: quotaHint(resolved.size.value, origin === 'size-class', 'storage'),
    },
  ]
}

const quotaHint = (size: string, isBySize: boolean, part: string): string =>
  `${isBySize ? `The quota is that of size '${size}'. ` : ''}Ask for less, or raise \`quota.${part}\`.`

const checkCi = ({ tenant, resolved }: Placement): Finding[] => {
  const { ci, quota, size } = resolved
  if (ci === null) return []
  const count = ci.agents.max.value
  const uses = [
    {
      part: 'cpu',
      used: ci.agents.cpuMillis.value * count + ci.controller.cpuMillis.value,
      quota: quota.cpuMillis,
      format: formatCpuMillis,
    },
    {
      part: 'memory',
      used: ci.agents.memoryBytes.value * count + ci.controller.memoryBytes.value,
      quota: quota.memoryBytes,
      format: formatBytes,
    },
    { part: 'containers', used: count + 1, quota: quota.containers, format: String },
  ]
  return uses
    .filter((use) => use.used > use.quota.value)
    .map((use) => ({
      code: 'tenant/ci-over-quota',
      sentence: `${count} agents and the controller take ${use.format(use.used)} of ${use.part}, over the quota of ${use.format(use.quota.value)}`,
      source: tenant.locate(ci.agents.max.path),
      hint: quotaHint(size.value, use.quota.origin === 'size-class', use.part),
    }))
}

/** A pinned block of the CI network lies in the space for CI. */
const checkCiSubnet = ({ tenant, cluster, resolved }: Placement): Finding[] => {
  const pinned = pinnedCiBlock(tenant.value, resolved.cluster)
  const { subnet } = cluster.value.jenkins
  if (resolved.ci === null || pinned === undefined || liesIn(pinned, [subnet])) return []
  const isOverride = tenant.value.clusters?.[resolved.cluster]?.ci?.subnet !== undefined
  return [
    {
      code: 'tenant/subnet-outside',
      sentence: `The CI subnet ${pinned} lies outside ${subnet}`,
      source: tenant.locate([...(isOverride ? ['clusters', resolved.cluster] : []), 'ci', 'subnet']),
      hint: 'Choose a free block there, or leave it out: then one is derived from the name.',
    },
  ]
}

const checks = [
  checkCiSubnet,
  checkNetworks,
  checkVolumes,
  checkMachines,
  checkOfferPools,
  checkStorage,
  checkCi,
]

interface FoundOn {
  readonly finding: Finding
  readonly clusters: string[]
}

const identity = ({ code, sentence, source }: Finding): string =>
  [code, source.file, source.line, source.column, sentence].join(' ')

const asIssue = ({ finding, clusters }: FoundOn): Issue => {
  const { sentence, ...rest } = finding
  return { ...rest, message: `${sentence} on ${clusters.join(' and ')}.` }
}

/**
 * What tenants ask of clusters that the clusters do not have; what is so on several clusters is one issue.
 * Issue codes: `tenant/*`. Never throws.
 */
export const checkPlacements = (placements: readonly Placement[]): Issue[] => {
  const found = new Map<string, FoundOn>()
  for (const placement of placements)
    for (const finding of checks.flatMap((check) => check(placement))) {
      const same = found.get(identity(finding))
      if (same === undefined)
        found.set(identity(finding), { finding, clusters: [placement.resolved.cluster] })
      else same.clusters.push(placement.resolved.cluster)
    }
  return [...found.values()].map(asIssue)
}
