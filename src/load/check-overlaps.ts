import { type Issue, placeText } from '../core/issue.ts'
import { type ClaimedBlock, claimedBlocks, overlappingBlocks } from './claimed-block.ts'
import type { Fleet, Placement } from './fleet.ts'
import { freeAddressBlock, freeSubnet } from './free-block.ts'

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

/** Blocks of addresses that overlap: an issue on both, with a free block. Issue code: `fleet/overlapping-subnets`. Never throws. */
export const checkOverlaps = (fleet: Fleet, placements: readonly Placement[]): Issue[] =>
  byPlaces(overlappingBlocks(claimedBlocks(placements))).flatMap(({ pairs }, index) => {
    const hint = (block: ClaimedBlock) =>
      index < hintsAtMost ? overlapHint(fleet, block) : 'Choose another block.'
    const turned = pairs.map(([a, b]): [ClaimedBlock, ClaimedBlock] => [b, a])
    return [...overlapIssue(pairs, hint), ...overlapIssue(turned, hint)]
  })
