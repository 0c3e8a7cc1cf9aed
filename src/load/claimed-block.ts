import { ciBlock, pinnedCiBlock } from '../compile/ci-block.ts'
import { parseSubnet, type Subnet } from '../compile/subnet.ts'
import { compareText, type Source } from '../core/issue.ts'
import type { Placement } from './fleet.ts'

/** A block of addresses that a tenant has on a cluster. */
export interface ClaimedBlock {
  readonly subnet: Subnet
  readonly text: string
  /** Where it is claimed, for a person: `'web' of retail-banking`. */
  readonly owner: string
  /** What blocks must not overlap with: those of the same realm. */
  readonly realm: string
  readonly placement: Placement
  /** The network's name; null for the CI network. */
  readonly network: string | null
  readonly place: () => Source
}

/** Names of realms. */
export const realms = {
  overlay: (cluster: string) => `overlay on ${cluster}`,
  vlan: (id: number) => `VLAN ${id}`,
  ci: (cluster: string) => `CI on ${cluster}`,
} as const

type Claim = Omit<ClaimedBlock, 'subnet' | 'text' | 'placement'> & { readonly text: string | null }

/** Where the tenant's file says the block of its CI network on a cluster, or would say it. */
const ciPath = (placement: Placement): readonly string[] => {
  const { cluster } = placement.resolved
  return placement.tenant.value.clusters?.[cluster]?.ci?.subnet === undefined
    ? ['ci', 'subnet']
    : ['clusters', cluster, 'ci', 'subnet']
}

const ciClaims = (placement: Placement): Claim[] => {
  const { tenant, cluster, resolved } = placement
  if (resolved.ci === null) return []
  const pinned = pinnedCiBlock(tenant.value, resolved.cluster)
  return [
    {
      text: ciBlock(cluster.value.jenkins, resolved.madeAs, pinned) ?? null,
      owner: `the CI network of ${resolved.organization}`,
      realm: realms.ci(resolved.cluster),
      network: null,
      place: () => (pinned === undefined ? tenant.locateKey(['ci']) : tenant.locate(ciPath(placement))),
    },
  ]
}

const networkClaims = ({ tenant, cluster, resolved }: Placement): Claim[] =>
  resolved.networks.map((network) => ({
    text: network.subnet.value,
    owner: `'${network.name}' of ${resolved.organization}`,
    realm: realmOf(network.kind === 'vpn' ? network.vlan.value : network.kind, cluster.value),
    network: network.name,
    place: () => tenant.locate(network.subnet.path),
  }))

/** Archived tenants have no networks left. */
const claimsOf = (placement: Placement): Claim[] =>
  placement.tenant.value.lifecycle === 'archived' ? [] : [...networkClaims(placement), ...ciClaims(placement)]

/** Overlay networks share a cluster; those on a VLAN share the VLAN, whichever clusters reach it. */
const realmOf = (wire: string, cluster: Placement['cluster']['value']): string => {
  if (wire === 'overlay') return realms.overlay(cluster.cluster)
  const vlan = wire === 'public' ? cluster.publicPool?.vlan : cluster.vlans[wire]?.id
  return vlan === undefined ? `unknown on ${cluster.cluster}` : realms.vlan(vlan)
}

/** The blocks that networks of placed tenants have; malformed ones are left out. Never throws. */
export const claimedBlocks = (placements: readonly Placement[]): ClaimedBlock[] =>
  placements.flatMap((placement) =>
    claimsOf(placement).flatMap((claim) => {
      const subnet = claim.text === null ? undefined : parseSubnet(claim.text)
      return subnet === undefined || claim.text === null
        ? []
        : [{ ...claim, text: claim.text, subnet, placement }]
    }),
  )

/** Blocks of one realm by their first address, the larger first, then by owner: an order without chance. */
const byAddress = (a: ClaimedBlock, b: ClaimedBlock): number =>
  a.subnet.first - b.subnet.first || b.subnet.size - a.subnet.size || compareText(a.owner, b.owner)

const overlapsInRealm = (blocks: readonly ClaimedBlock[]): [ClaimedBlock, ClaimedBlock][] => {
  const pairs: [ClaimedBlock, ClaimedBlock][] = []
  let reaching: ClaimedBlock | undefined
  for (const block of [...blocks].sort(byAddress)) {
    const end = reaching === undefined ? 0 : reaching.subnet.first + reaching.subnet.size
    if (reaching !== undefined && block.subnet.first < end) pairs.push([reaching, block])
    if (block.subnet.first + block.subnet.size > end) reaching = block
  }
  return pairs
}

/**
 * Pairs of blocks of one realm that overlap: each block that overlaps an earlier one, with the one that reaches furthest.
 * One sort a realm, so that thousands of tenants cost little. Never throws.
 */
export const overlappingBlocks = (blocks: readonly ClaimedBlock[]): [ClaimedBlock, ClaimedBlock][] => {
  const realms = new Map<string, ClaimedBlock[]>()
  for (const block of blocks) {
    const realm = realms.get(block.realm)
    if (realm === undefined) realms.set(block.realm, [block])
    else realm.push(block)
  }
  return [...realms.values()].flatMap(overlapsInRealm)
}
