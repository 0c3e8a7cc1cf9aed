import { waitFor } from '../../clients/clock.ts'
import type { Network, NetworkForm } from '../../clients/docker-objects.ts'
import { Fault } from '../../core/fault.ts'
import { type Properties, type ResourceType, Unfinished } from '../../provider/plugin.ts'
import { objectOf } from './docker-codec.ts'
import { isComputedIn, networkFields } from './docker-fields.ts'
import {
  checkWith,
  type DockerClient,
  demandOwn,
  diffWith,
  isAsWanted,
  labelsOf,
  nameOf,
  readInputs,
  removeWhenFree,
} from './docker-inputs.ts'

const isComputed = isComputedIn(networkFields)

type IpamConfigs = NonNullable<NonNullable<NetworkForm['IPAM']>['Config']>

/** A form as the table writes it: address management beside the rest. */
type FlatForm = NetworkForm & {
  readonly Config?: IpamConfigs
  readonly IpamDriver?: string
  readonly IpamOptions?: Record<string, string>
}

const formOf = (inputs: Properties): NetworkForm => {
  const { Config, IpamDriver, IpamOptions, ...form } = objectOf(networkFields).encode(inputs) as FlatForm
  return {
    ...form,
    CheckDuplicate: true,
    Driver: form.Driver ?? 'bridge',
    IPAM: { Driver: IpamDriver ?? 'default', Options: IpamOptions ?? {}, Config: Config ?? [] },
  }
}

/** As the table names things. */
const flat = (network: Network): Record<string, unknown> => ({
  ...network,
  Config: network.IPAM.Config,
  IpamDriver: network.IPAM.Driver === 'default' ? undefined : network.IPAM.Driver,
  IpamOptions: network.IPAM.Options,
})

const outputsOf = (network: Network, inputs: Properties): Properties => ({
  ...(objectOf(networkFields).decode(flat(network)) as Properties),
  internal: network.Internal,
  ipamConfigs: [],
  options: network.Options ?? {},
  ...inputs,
  scope: network.Scope,
})

/** How long the swarm is given to find a network's addresses; an idle one takes some milliseconds (measured). */
const allocationPatience = { totalMilliseconds: 10_000, stepMilliseconds: 100 }

/** A network of the swarm shows neither driver nor addresses before the swarm has found some: for ever where it overlaps. */
const isAllocated = ({ Scope, Driver }: Network): boolean => Scope !== 'swarm' || Driver !== ''

/** By id or name, with its addresses; as it is where it has got none in time. */
const lookUp = async ({ docker, clock }: DockerClient, reference: string): Promise<Network | undefined> => {
  let seen: Network | undefined
  const look = async (): Promise<true | undefined> => {
    seen = await docker.network(reference)
    return seen === undefined || isAllocated(seen) ? true : undefined
  }
  await waitFor(look, { clock, patience: allocationPatience })
  return seen
}

const byName = async (client: DockerClient, name: string): Promise<Network | undefined> => {
  const network = await lookUp(client, name)
  return network?.Name === name ? network : undefined
}

const withoutAddresses = ({ Name }: Network, endpoint: string): Fault =>
  new Fault(
    'conflict',
    `Network ${Name} was made, but the swarm gives it no addresses: nothing can run on it.`,
    {
      details: {
        endpoint,
        resource: `network ${Name}`,
        hint: 'Its subnet overlaps with that of another network of this swarm: choose another, or remove the other network.',
      },
    },
  )

/** @throws {Unfinished} when the swarm gives it no addresses. */
const made = async (client: DockerClient, id: string, inputs: Properties) => {
  const network = await lookUp(client, id)
  if (network === undefined) throw new Fault('not-found', `Network ${id} is gone right after it was made.`)
  const outputs = outputsOf(network, inputs)
  if (!isAllocated(network))
    throw new Unfinished(id, outputs, withoutAddresses(network, client.docker.endpoint))
  return { id, outputs }
}

/** `docker:index/network:Network`. The id is the engine's; everything in it is fixed. */
export const network: ResourceType<DockerClient> = {
  check: checkWith(networkFields),
  diff: diffWith(networkFields),
  async create(client, inputs, context) {
    const there = await byName(client, nameOf(inputs))
    if (there !== undefined) {
      demandOwn(`Network ${there.Name}`, labelsOf(networkFields, inputs), there.Labels)
      if (isAsWanted(networkFields, inputs, flat(there), isComputed))
        return { id: there.Id, outputs: outputsOf(there, inputs) }
      await removeWhenFree(() => client.docker.removeNetwork(there.Id), client, context)
    }
    return made(client, await client.docker.createNetwork(formOf(inputs)), inputs)
  },
  async read(client, id, inputs) {
    const there = await lookUp(client, id)
    if (there === undefined) return undefined
    const seen = readInputs(networkFields, inputs, flat(there), isComputed)
    return { id: there.Id, inputs: seen, outputs: outputsOf(there, seen) }
  },
  update: async (client, id, _olds, news) => (await made(client, id, news)).outputs,
  delete: (client, id, _outputs, context) =>
    removeWhenFree(() => client.docker.removeNetwork(id), client, context),
}

/** `docker:index/getNetwork:getNetwork`. @throws {Fault} `not-found`. */
export const getNetwork = async (client: DockerClient, args: Properties): Promise<Properties> => {
  const { docker } = client
  const name = nameOf(args)
  const there = await lookUp(client, name)
  if (there === undefined)
    throw new Fault('not-found', `There is no network ${name} on ${docker.endpoint}.`, {
      details: { resource: `network ${name}` },
    })
  const decoded = objectOf(networkFields).decode(flat(there)) as Properties
  return {
    id: there.Id,
    name: there.Name,
    driver: there.Driver,
    internal: there.Internal,
    scope: there.Scope,
    options: there.Options ?? {},
    ipamConfigs: decoded.ipamConfigs ?? [],
    containers: Object.entries(there.Containers ?? {}).map(([containerId, endpoint]) => ({
      containerId,
      endpointId: endpoint.EndpointID,
      ipv4Address: endpoint.IPv4Address,
      ipv6Address: endpoint.IPv6Address,
      macAddress: endpoint.MacAddress,
      name: endpoint.Name,
    })),
  }
}
