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

const filled = ({ fleet, clusters }: Place, name: string, network: AnsweredNetwork): FilledNetwork => {
  if (!('prefix' in network)) {
    if (network.kind !== 'public' || network.subnet !== undefined) return network
    const space = { kind: 'public', addresses: network.addresses } as const
    const block = freeAddressBlock(fleet, clusters[0] ?? '', space)
    return { ...network, subnet: found(block, `the public network '${name}'`) }
  }
  const { prefix, ...rest } = network
  const block =
    rest.kind === 'overlay'
      ? freeSubnet(fleet, clusters, prefix)
      : freeAddressBlock(fleet, clusters[0] ?? '', { kind: 'vpn', vlan: rest.vlan, prefix })
  return { ...rest, subnet: found(block, `a /${prefix} of the network '${name}'`) }
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
    tenant = { ...tenant, networks: { ...tenant.networks, [name]: filled(place, name, network) } }
  }
  return tenant
}
