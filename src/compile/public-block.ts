import type { Cluster } from '../cluster/schema.ts'
import { namedBlock } from './named-block.ts'
import { contains, formatSubnet, overlaps, parseHost, parseSubnet, type Subnet } from './subnet.ts'

export type PublicPool = NonNullable<Cluster['publicPool']>

/** A public network's block in CIDR form, or a sentence that says why there is none. */
export type PublicBlock =
  | { readonly ok: true; readonly block: string }
  | { readonly ok: false; readonly reason: string }

/** Network address, broadcast address and the block's first hop. */
const overhead = 3

const refused = (reason: string): PublicBlock => ({ ok: false, reason })

/** Addresses of the smallest block that holds as many for services: a power of two. */
export const blockSize = (addresses: number): number => 2 ** Math.ceil(Math.log2(addresses + overhead))

const pinnedBlock = (space: Subnet, avoid: readonly Subnet[], size: number, pinned: string): PublicBlock => {
  const block = parseSubnet(pinned)
  if (block === undefined) return refused(`${pinned} is not an IPv4 subnet with zero host bits`)
  if (!contains(space, block)) return refused(`${pinned} lies outside the public pool ${formatSubnet(space)}`)
  const taken = avoid.find((other) => overlaps(other, block))
  if (taken !== undefined)
    return refused(`${pinned} overlaps ${formatSubnet(taken)}, which is never given out`)
  if (block.size < size)
    return refused(
      `${pinned} has ${block.size} addresses, ${size} are needed with network, gateway and broadcast`,
    )
  return { ok: true, block: pinned }
}

/** What is never given out of a pool: its reserved blocks and its gateway's address. */
const unavailable = (pool: PublicPool): readonly Subnet[] =>
  [...(pool.reserved ?? []).map(parseSubnet), parseHost(pool.gateway)].filter((one) => one !== undefined)

/**
 * The block of a public network: the pinned one where it fits, else one derived from the names alone, so that
 * it depends on no other tenant. Its size is the smallest power of two that holds the addresses and the
 * block's network, gateway and broadcast address.
 *
 * Two networks can get overlapping blocks; whoever reads all files reports that. Never throws.
 */
export const publicBlock = (
  pool: PublicPool,
  organization: string,
  network: string,
  addresses: number,
  pinned?: string,
): PublicBlock => {
  const space = parseSubnet(pool.subnet)
  if (space === undefined)
    return refused(`the public pool ${pool.subnet} is not a subnet with zero host bits`)
  const size = blockSize(addresses)
  const avoid = unavailable(pool)
  if (pinned !== undefined) return pinnedBlock(space, avoid, size, pinned)
  const block = namedBlock({ space, size, name: `${organization}/${network}`, avoid })
  if (block !== undefined) return { ok: true, block: formatSubnet(block) }
  return refused(`the public pool ${pool.subnet} has no block of ${size} addresses beside what is reserved`)
}
