import type { Cluster } from '../../cluster/schema.ts'
import { contains, formatSubnet, parseHost, parseSubnet, type Subnet } from '../../compile/subnet.ts'
import type { StackState } from '../../model/desired-state.ts'
import type { Network } from '../../model/network.ts'
import type { FleetChange } from '../fleet-change.ts'
import type { FleetFiles } from './fleet-files.ts'

/** Addresses that a cluster can still give out of one space. */
export interface AddressesLeft {
  readonly cluster: string
  /** `overlay`, `CI`, `public`, or a VLAN by its name. */
  readonly space: string
  readonly kind: 'overlay' | 'CI' | 'public' | 'VLAN'
  readonly all: number
  readonly before: number
  readonly after: number
  /** The largest block that is free, in CIDR form; null where nothing is. */
  readonly largest: string | null
}

/** A space and which networks take addresses out of it. */
interface Space {
  readonly space: string
  readonly kind: AddressesLeft['kind']
  readonly blocks: readonly Subnet[]
  /** Never given out. */
  readonly kept: readonly Subnet[]
  readonly takes: (state: StackState, network: Network) => boolean
}

const defined = (blocks: readonly (Subnet | undefined)[]): readonly Subnet[] =>
  blocks.filter((block) => block !== undefined)

const subnets = (texts: readonly string[]): readonly Subnet[] => defined(texts.map(parseSubnet))

/** The devices that carry a VLAN, by cluster: clusters that reach the same VLAN share its addresses. */
const parents = (clusters: readonly Cluster[], id: number): ReadonlySet<string> =>
  new Set(
    clusters.flatMap(({ cluster, vlans, publicPool }) => [
      ...Object.values(vlans).flatMap((vlan) => (vlan.id === id ? [`${cluster} ${vlan.parent}`] : [])),
      ...(publicPool?.vlan === id ? [`${cluster} ${publicPool.parent}`] : []),
    ]),
  )

const onVlan = (clusters: readonly Cluster[], id: number): Space['takes'] => {
  const carriers = parents(clusters, id)
  return ({ cluster }, { driver, options }) =>
    driver === 'ipvlan' && carriers.has(`${cluster} ${options.parent ?? ''}`)
}

const onOverlay =
  (name: string, isCi: boolean): Space['takes'] =>
  ({ cluster }, { driver, concern }) =>
    cluster === name && driver === 'overlay' && (concern === 'ci') === isCi

const publicSpace = ({ publicPool }: Cluster, clusters: readonly Cluster[]): readonly Space[] =>
  publicPool === undefined
    ? []
    : [
        {
          space: 'public',
          kind: 'public',
          blocks: subnets([publicPool.subnet]),
          kept: [...subnets(publicPool.reserved ?? []), ...defined([parseHost(publicPool.gateway)])],
          takes: onVlan(clusters, publicPool.vlan),
        },
      ]

const spacesOf = (cluster: Cluster, clusters: readonly Cluster[]): readonly Space[] => [
  {
    space: 'overlay',
    kind: 'overlay',
    blocks: subnets(cluster.overlaySpace),
    kept: [],
    takes: onOverlay(cluster.cluster, false),
  },
  ...Object.entries(cluster.vlans).map(
    ([name, vlan]): Space => ({
      space: name,
      kind: 'VLAN',
      blocks: subnets([vlan.subnet]),
      kept: defined([parseHost(vlan.gateway)]),
      takes: onVlan(clusters, vlan.id),
    }),
  ),
  ...publicSpace(cluster, clusters),
  {
    space: 'CI',
    kind: 'CI',
    blocks: subnets([cluster.jenkins.subnet]),
    kept: [],
    takes: onOverlay(cluster.cluster, true),
  },
]

const takenBy = (states: readonly StackState[], { kept, takes, blocks }: Space): readonly Subnet[] => {
  const claimed = states.flatMap((state) =>
    state.resources.flatMap((resource) =>
      resource.kind === 'Network' && takes(state, resource) ? subnets([resource.subnet]) : [],
    ),
  )
  return outermost([...kept, ...claimed].filter((one) => blocks.some((block) => contains(block, one))))
}

/** Blocks of addresses nest or stand apart: those inside another are left out. Sorted by first address. */
const outermost = (blocks: readonly Subnet[]): readonly Subnet[] => {
  const result: Subnet[] = []
  for (const block of [...blocks].sort((a, b) => a.first - b.first || b.size - a.size)) {
    const last = result.at(-1)
    if (last === undefined || !contains(last, block)) result.push(block)
  }
  return result
}

const sizeOf = (blocks: readonly Subnet[]): number => blocks.reduce((total, { size }) => total + size, 0)

/** The largest block that lies between two addresses and begins where blocks of its size begin. */
const largestBetween = (first: number, end: number): Subnet | undefined => {
  for (let size = 2 ** Math.floor(Math.log2(Math.max(end - first, 1))); size >= 1; size /= 2) {
    const start = Math.ceil(first / size) * size
    if (start + size <= end) return { first: start, size }
  }
  return undefined
}

const largestFree = (blocks: readonly Subnet[], taken: readonly Subnet[]): string | null => {
  let largest: Subnet | undefined
  for (const block of outermost(blocks)) {
    const inside = taken.filter((one) => contains(block, one))
    const ends = [...inside, { first: block.first + block.size, size: 0 }]
    let from = block.first
    for (const next of ends) {
      const found = largestBetween(from, next.first)
      if (found !== undefined && found.size > (largest?.size ?? 0)) largest = found
      from = next.first + next.size
    }
  }
  return largest === undefined ? null : formatSubnet(largest)
}

/** What every cluster has left of each of its spaces before and after a change, out of the desired states. Never throws. */
export const addressReport = (change: FleetChange, { clusters }: FleetFiles): readonly AddressesLeft[] =>
  clusters.flatMap((cluster) =>
    spacesOf(cluster, clusters).map((space) => {
      const all = sizeOf(outermost(space.blocks))
      const taken = takenBy(change.after, space)
      return {
        cluster: cluster.cluster,
        space: space.space,
        kind: space.kind,
        all,
        before: all - sizeOf(takenBy(change.before, space)),
        after: all - sizeOf(taken),
        largest: largestFree(space.blocks, taken),
      }
    }),
  )
