import { publicBlock } from '../compile/public-block.ts'
import type { ResolvedNetwork, ResolvedVolume } from '../compile/resolve.ts'
import { contains, overlaps, parseHost, parseSubnet } from '../compile/subnet.ts'
import type { Issue } from '../core/issue.ts'
import { formatBytes, formatCpuMillis } from '../core/units.ts'
import { didYouMean } from './did-you-mean.ts'
import type { Placement } from './fleet.ts'

const checkNetworks = (placement: Placement): Issue[] =>
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
): Issue => ({
  code: 'tenant/subnet-outside',
  message: `The subnet ${subnet.value} of '${name}' lies outside ${spaces.join(' and ')} of the cluster ${resolved.cluster}.`,
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

const checkOverlay = (placement: Placement, network: Overlay): Issue[] => {
  const { overlaySpace } = placement.cluster.value
  return liesIn(network.subnet.value, overlaySpace) ? [] : [outside(placement, network, overlaySpace)]
}

const checkVpn = (placement: Placement, network: Vpn): Issue[] => {
  const { tenant, cluster } = placement
  const vlan = cluster.value.vlans[network.vlan.value]
  if (vlan === undefined)
    return [
      {
        code: 'tenant/unknown-vlan',
        message: `The cluster ${cluster.value.cluster} has no VLAN '${network.vlan.value}'.`,
        source: tenant.locate(network.vlan.path),
        hint: didYouMean(network.vlan.value, Object.keys(cluster.value.vlans)),
      },
    ]
  if (!liesIn(network.subnet.value, [vlan.subnet])) return [outside(placement, network, [vlan.subnet])]
  return checkGateway(placement, network, vlan.gateway)
}

const checkGateway = ({ tenant, resolved }: Placement, { name, subnet }: Vpn, gateway: string): Issue[] => {
  const [host, block] = [parseHost(gateway), parseSubnet(subnet.value)]
  if (host === undefined || block === undefined || !overlaps(host, block)) return []
  return [
    {
      code: 'tenant/gateway-in-subnet',
      message: `The subnet ${subnet.value} of '${name}' holds the gateway ${gateway} of its VLAN on ${resolved.cluster}.`,
      source: tenant.locate(subnet.path),
      hint: 'Choose a block without it.',
    },
  ]
}

const checkPublic = ({ tenant, cluster, resolved }: Placement, network: Public): Issue[] => {
  const { publicPool } = cluster.value
  if (publicPool === undefined)
    return [
      {
        code: 'tenant/no-public-pool',
        message: `The cluster ${resolved.cluster} has no public addresses for '${network.name}'.`,
        source: tenant.locateKey(['networks', network.name]),
        hint: 'Leave the network out, or give it to an application that does not run there.',
      },
    ]
  if (network.subnet.value !== null) return []
  const pinned = pinnedSubnet(tenant.value, resolved.cluster, network.name)
  const block = publicBlock(publicPool, resolved.organization, network.name, network.addresses.value, pinned)
  return block.ok || (pinned !== undefined && parseSubnet(pinned) === undefined)
    ? []
    : [
        {
          code: 'tenant/no-public-block',
          message: `The network '${network.name}' gets no public block on ${resolved.cluster}: ${block.reason}.`,
          source: tenant.locate(network.subnet.path),
          hint: `The public pool there is ${publicPool.subnet}; pin a free block of it with \`subnet\`, or ask for fewer addresses.`,
        },
      ]
}

const pinnedSubnet = (
  { networks, clusters }: Placement['tenant']['value'],
  cluster: string,
  name: string,
): string | undefined => clusters?.[cluster]?.networks?.[name]?.subnet ?? networks?.[name]?.subnet

const checkVolumes = ({ tenant, cluster, resolved }: Placement): Issue[] =>
  resolved.volumes
    .filter(({ backend }) => !Object.hasOwn(cluster.value.storage, backend.value))
    .map(({ backend }) => ({
      code: 'tenant/unknown-backend',
      message: `The cluster ${resolved.cluster} has no storage back end '${backend.value}'.`,
      source: tenant.locate(backend.path),
      hint: didYouMean(backend.value, Object.keys(cluster.value.storage)),
    }))

const checkMachines = ({ tenant, cluster, resolved }: Placement): Issue[] =>
  resolved.offers.flatMap(({ pool }) => {
    const machine = pool.value?.machine
    if (machine === undefined || Object.hasOwn(cluster.value.machines, machine)) return []
    return [
      {
        code: 'tenant/unknown-machine',
        message: `The cluster ${resolved.cluster} has no machine '${machine}'.`,
        source: tenant.locate([...pool.path, 'machine']),
        hint: didYouMean(machine, Object.keys(cluster.value.machines)),
      },
    ]
  })

/** `run/edge` runs on the organization's own pool; the others on pools of the cluster. */
const checkOfferPools = ({ tenant, cluster, resolved }: Placement): Issue[] => {
  const offered = new Set<string>(Object.values(cluster.value.pools).map(({ offer }) => offer))
  return resolved.offers
    .filter(({ name }) => name !== 'run/edge' && !offered.has(name))
    .map(({ name, pool }) => ({
      code: 'tenant/offer-unavailable',
      message: `The cluster ${resolved.cluster} has no pool for the offer '${name}'.`,
      source: tenant.locateKey(pool.path.slice(0, -1)),
      hint: `It offers ${[...offered].sort().join(', ')}; leave the cluster out of \`clusters\`, or add a pool to it.`,
    }))
}

const storageOf = (volumes: readonly ResolvedVolume[]): number =>
  volumes.reduce((sum, { sizeBytes }) => sum + sizeBytes.value, 0)

const checkStorage = ({ tenant, resolved }: Placement): Issue[] => {
  const total = storageOf(resolved.volumes)
  const { value, origin } = resolved.quota.storageBytes
  if (total <= value) return []
  return [
    {
      code: 'tenant/storage-over-quota',
      message: `The volumes on ${resolved.cluster} add up to ${formatBytes(total)}; the storage quota is ${formatBytes(value)}.`,
      source: tenant.locateKey(['volumes']),
      hint: quotaHint(resolved.size.value, origin === 'size-class', 'storage'),
    },
  ]
}

const quotaHint = (size: string, isBySize: boolean, part: string): string =>
  `${isBySize ? `The quota is that of size '${size}'. ` : ''}Ask for less, or raise \`quota.${part}\`.`

const checkCi = ({ tenant, resolved }: Placement): Issue[] => {
  const { ci, quota, cluster, size } = resolved
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
      message: `${count} agents and the controller take ${use.format(use.used)} of ${use.part} on ${cluster}; the quota is ${use.format(use.quota.value)}.`,
      source: tenant.locate(ci.agents.max.path),
      hint: quotaHint(size.value, use.quota.origin === 'size-class', use.part),
    }))
}

const checks = [checkNetworks, checkVolumes, checkMachines, checkOfferPools, checkStorage, checkCi]

/** What a tenant asks of a cluster that the cluster does not have. Issue codes: `tenant/*`. Never throws. */
export const checkPlacement = (placement: Placement): Issue[] => checks.flatMap((check) => check(placement))
