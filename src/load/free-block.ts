import type { Cluster } from '../cluster/schema.ts'
import { blockSize } from '../compile/public-block.ts'
import { contains, formatSubnet, overlaps, parseHost, parseSubnet, type Subnet } from '../compile/subnet.ts'
import type { Loaded } from '../core/loaded.ts'
import { claimedBlocks, realms } from './claimed-block.ts'
import { type Fleet, placementsOf } from './fleet.ts'

const end = ({ first, size }: Subnet): number => first + size

/** The first aligned block of a size in a space that touches nothing taken; `taken` is sorted by first address. */
const firstFree = (space: Subnet, size: number, taken: readonly Subnet[]): Subnet | undefined => {
  let first = Math.ceil(space.first / size) * size
  for (const other of taken) {
    if (other.first >= first + size) break
    if (overlaps(other, { first, size })) first = Math.ceil(end(other) / size) * size
  }
  const block = { first, size }
  return contains(space, block) ? block : undefined
}

const sortedByAddress = (blocks: readonly Subnet[]): Subnet[] =>
  [...blocks].sort((a, b) => a.first - b.first || b.size - a.size)

const inSpaces = (spaces: readonly Subnet[], size: number, taken: readonly Subnet[]): string | undefined => {
  const sorted = sortedByAddress(taken)
  for (const space of sortedByAddress(spaces)) {
    const block = firstFree(space, size, sorted)
    if (block !== undefined) return formatSubnet(block)
  }
  return undefined
}

const subnetsOf = (texts: readonly string[]): Subnet[] =>
  texts.map(parseSubnet).filter((subnet) => subnet !== undefined)

/** The space that all of the clusters have: their spaces' pairwise narrower parts. */
const commonSpaces = (clusters: readonly Loaded<Cluster>[]): Subnet[] => {
  const [first = [], ...rest] = clusters.map(({ value }) => subnetsOf(value.overlaySpace))
  return rest.reduce(
    (common, spaces) =>
      common.flatMap((one) =>
        spaces.flatMap((other) => (contains(one, other) ? [other] : contains(other, one) ? [one] : [])),
      ),
    first,
  )
}

const named = (fleet: Fleet, names: readonly string[]): readonly Loaded<Cluster>[] =>
  fleet.clusters.filter(({ value }) => names.includes(value.cluster))

/** Blocks that are taken in any of the realms. */
const takenIn = (fleet: Fleet, taken: readonly string[]): Subnet[] =>
  claimedBlocks(placementsOf(fleet))
    .filter(({ realm }) => taken.includes(realm))
    .map(({ subnet }) => subnet)

/**
 * The first overlay block that is free on every named cluster, lowest address first; undefined where there is none.
 * Never throws.
 */
export const freeSubnet = (fleet: Fleet, clusters: readonly string[], prefix: number): string | undefined => {
  const chosen = named(fleet, clusters)
  const taken = chosen.map(({ value }) => realms.overlay(value.cluster))
  return inSpaces(commonSpaces(chosen), 2 ** (32 - prefix), takenIn(fleet, taken))
}

/** What a block of addresses is wanted of: a VLAN of the cluster by name, its public pool, or its space for CI. */
export type AddressSpace =
  | { readonly kind: 'vpn'; readonly vlan: string; readonly prefix: number }
  | { readonly kind: 'public'; readonly addresses: number }
  | { readonly kind: 'ci'; readonly prefix: number }

/** The first free block of what a cluster gives out; undefined where there is none. Never throws. */
export const freeAddressBlock = (fleet: Fleet, cluster: string, space: AddressSpace): string | undefined => {
  const [chosen] = named(fleet, [cluster])
  if (chosen === undefined) return undefined
  if (space.kind === 'vpn') return freeVpnBlock(fleet, chosen, space)
  return space.kind === 'ci'
    ? freeCiBlock(fleet, chosen, space.prefix)
    : freePublicBlock(fleet, chosen, space.addresses)
}

const freeCiBlock = (fleet: Fleet, { value }: Loaded<Cluster>, prefix: number): string | undefined =>
  inSpaces(subnetsOf([value.jenkins.subnet]), 2 ** (32 - prefix), takenIn(fleet, [realms.ci(value.cluster)]))

const freeVpnBlock = (
  fleet: Fleet,
  cluster: Loaded<Cluster>,
  { vlan, prefix }: { readonly vlan: string; readonly prefix: number },
): string | undefined => {
  const wire = cluster.value.vlans[vlan]
  if (wire === undefined) return undefined
  const taken = [...takenIn(fleet, [realms.vlan(wire.id)]), parseHost(wire.gateway)]
  return inSpaces(subnetsOf([wire.subnet]), 2 ** (32 - prefix), defined(taken))
}

const freePublicBlock = (fleet: Fleet, cluster: Loaded<Cluster>, addresses: number): string | undefined => {
  const pool = cluster.value.publicPool
  if (pool === undefined) return undefined
  const kept = [...subnetsOf(pool.reserved ?? []), parseHost(pool.gateway)]
  const taken = [...takenIn(fleet, [realms.vlan(pool.vlan)]), ...defined(kept)]
  return inSpaces(subnetsOf([pool.subnet]), blockSize(addresses), taken)
}

const defined = (blocks: readonly (Subnet | undefined)[]): Subnet[] =>
  blocks.filter((block) => block !== undefined)
