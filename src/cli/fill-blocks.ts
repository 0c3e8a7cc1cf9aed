import type { Fleet } from '../load/fleet.ts'
import { freeAddressBlock, freeSubnet } from '../load/free-block.ts'
import type { Tenant } from '../tenant/schema.ts'
import type { Answers } from './answers.ts'
import { UsageError } from './exit-code.ts'

type AnsweredNetwork = NonNullable<Answers['networks']>[string]
type FilledNetwork = NonNullable<Tenant['networks']>[string]

/** Where the new tenant will be: the fleet, and the names of its clusters. */
interface Place {
  readonly fleet: Fleet
  readonly clusters: readonly string[]
}

const found = (block: string | undefined, what: string): string => {
  if (block === undefined)
    throw new UsageError(
      `No free block is left for ${what}.`,
      'Ask for a shorter prefix, or widen the space in the cluster file.',
    )
  return block
}

/** A network with its block on the first cluster, and its blocks on the others where each cluster has a space of its own. */
interface Filled {
  readonly network: FilledNetwork
  readonly elsewhere: Readonly<Record<string, string>>
}

/** A block of every cluster's own space. */
const blocksOf = (
  { fleet, clusters }: Place,
  space: Parameters<typeof freeAddressBlock>[2],
  what: string,
): { subnet: string; elsewhere: Record<string, string> } => {
  const [first = '', ...others] = clusters
  const blockOn = (cluster: string): string =>
    found(freeAddressBlock(fleet, cluster, space), `${what} on ${cluster}`)
  return {
    subnet: blockOn(first),
    elsewhere: Object.fromEntries(others.map((cluster) => [cluster, blockOn(cluster)])),
  }
}

const filledPublic = (
  place: Place,
  name: string,
  network: Extract<AnsweredNetwork, { kind: 'public' }>,
): Filled => {
  if (network.subnet !== undefined) return { network, elsewhere: {} }
  const space = { kind: 'public', addresses: network.addresses } as const
  const { subnet, elsewhere } = blocksOf(place, space, `the public network '${name}'`)
  return { network: { ...network, subnet }, elsewhere }
}

const filled = (place: Place, name: string, network: AnsweredNetwork): Filled => {
  if (network.kind === 'public') return filledPublic(place, name, network)
  const { prefix, subnet: given, ...rest } = network
  if ((prefix === undefined) === (given === undefined))
    throw new UsageError(`The network '${name}' needs either \`subnet\` or \`prefix\`.`)
  if (prefix === undefined) return { network: { ...rest, subnet: given ?? '' }, elsewhere: {} }
  const what = `a /${prefix} of the network '${name}'`
  if (rest.kind === 'overlay')
    return {
      network: { ...rest, subnet: found(freeSubnet(place.fleet, place.clusters, prefix), what) },
      elsewhere: {},
    }
  const { subnet, elsewhere } = blocksOf(place, { kind: 'vpn', vlan: rest.vlan, prefix }, what)
  return { network: { ...rest, subnet }, elsewhere }
}

/** The tenant with one more network; a block of its own on another cluster stands in that cluster's part of the file. */
const withBlocks = (
  tenant: Tenant,
  clusters: readonly string[],
  name: string,
  { network, elsewhere }: Filled,
): Tenant => {
  const next: Tenant = { ...tenant, networks: { ...tenant.networks, [name]: network } }
  if (Object.keys(elsewhere).length === 0) return next
  const parts = clusters.map((cluster) => {
    const part = tenant.clusters?.[cluster] ?? {}
    const subnet = part.networks?.[name]?.subnet ?? elsewhere[cluster]
    return [
      cluster,
      subnet === undefined
        ? part
        : { ...part, networks: { ...part.networks, [name]: { ...part.networks?.[name], subnet } } },
    ] as const
  })
  return { ...next, clusters: { ...tenant.clusters, ...Object.fromEntries(parts) } }
}

/** Two networks of one file must not get the same free block: each is filled against the fleet with those before. */
const withNetwork = (place: Place, tenant: Tenant): Place => ({
  ...place,
  fleet: {
    ...place.fleet,
    tenants: [
      ...place.fleet.tenants.filter(({ value }) => value.organization !== tenant.organization),
      { file: '', text: '', value: tenant, locate: nowhere, locateKey: nowhere },
    ],
  },
})

const nowhere = () => ({ file: '', line: 1, column: 1 })

/**
 * The answers as a tenant, every network with a block: those that ask for a prefix get the first free one.
 *
 * @throws {UsageError} when a space is full.
 */
export const fillBlocks = (
  fleet: Fleet,
  clusters: readonly string[],
  { networks, ...rest }: Answers,
): Tenant => {
  let tenant: Tenant = rest
  for (const [name, network] of Object.entries(networks ?? {})) {
    const place = withNetwork({ fleet, clusters }, tenant)
    tenant = withBlocks(tenant, clusters, name, filled(place, name, network))
  }
  return tenant
}
