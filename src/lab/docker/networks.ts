import * as z from 'zod'
import { type Network, NetworkForm } from '../../clients/docker-objects.ts'
import { parseFilters, passes, passesIdAndName, passesLabels } from './filters.ts'
import { checkNetworkName, resolveReference } from './names.ts'
import { reconcile } from './reconcile.ts'
import { badRequest, conflict, notFound, Refusal } from './refusal.ts'
import {
  bodyOf,
  created,
  type EngineAnswer,
  type EngineRequest,
  noContent,
  ok,
  parameter,
} from './request.ts'
import { networkTargets } from './service-references.ts'
import { type EngineState, timestamp } from './state.ts'
import { addressText, isAllocated, overlap, rangeOf, subnetsOf } from './subnets.ts'

const predefined = new Set(['bridge', 'host', 'none'])
const drivers = new Set(['overlay', 'ipvlan', 'macvlan', 'bridge'])

const refuseOverlap = (state: EngineState, subnet: string): void => {
  const range = rangeOf(subnet)
  for (const other of state.networks.values())
    if (subnetsOf(other).some((used) => overlap(range, rangeOf(used))))
      throw new Refusal(403, `Pool overlaps with other one on this address space`)
}

const isInside = (subnet: string, address: string): boolean => {
  const [first, last] = rangeOf(subnet)
  const [from, to] = rangeOf(address.includes('/') ? address : `${address}/32`)
  return from >= first && to <= last
}

/** The swarm's allocator and a machine's say the same in different words. */
const checkInside = (scope: string, subnet: string, what: 'gateway' | 'range', address?: string): void => {
  if (!address || isInside(subnet, address)) return
  throw scope === 'swarm'
    ? badRequest(
        `rpc error: code = InvalidArgument desc = ipam configuration: subnet ${subnet} does not contain ${what} ${address}`,
      )
    : new Refusal(500, `failed to allocate ${what} (${address}): Requested address is out of range`)
}

/** The first free /24 of swarm's default address pool, 10.0.0.0/8. */
const freeSubnet = (state: EngineState): string => {
  const used = [...state.networks.values()].flatMap(subnetsOf).map(rangeOf)
  for (let third = 0; third < 65_536; third++) {
    const subnet = `10.${Math.floor(third / 256)}.${third % 256}.0/24`
    if (!used.some((range) => overlap(range, rangeOf(subnet)))) return subnet
  }
  throw new Refusal(500, 'could not find an available, non-overlapping IPv4 address pool among the defaults')
}

const ipamOf = (state: EngineState, form: NetworkForm, scope: string): Network['IPAM'] => {
  const given = form.IPAM?.Config ?? []
  const configs = given.length > 0 ? given : [{ Subnet: freeSubnet(state) }]
  for (const { Subnet, Gateway, IPRange } of configs) {
    const subnet = Subnet ?? ''
    rangeOf(subnet)
    if (scope !== 'swarm') refuseOverlap(state, subnet)
    checkInside(scope, subnet, 'gateway', Gateway)
    checkInside(scope, subnet, 'range', IPRange)
  }
  return {
    Driver: form.IPAM?.Driver || 'default',
    Options: form.IPAM?.Options ?? null,
    Config: configs.map((config) => ({
      ...config,
      Gateway: config.Gateway || addressText(rangeOf(config.Subnet ?? '0.0.0.0/0')[0] + 1),
    })),
  }
}

/** The networks every engine in swarm mode has. */
export const addBuiltInNetworks = (state: EngineState): void => {
  const add = (
    name: string,
    driver: string,
    scope: string,
    subnet: string | undefined,
    ingress: boolean,
  ): void => {
    const id = scope === 'swarm' ? state.nextId() : state.nextHexId()
    state.networks.set(id, {
      Id: id,
      Name: name,
      Created: timestamp(state.clock()),
      Scope: scope,
      Driver: driver,
      EnableIPv6: false,
      IPAM: { Driver: 'default', Options: null, Config: subnet === undefined ? [] : [{ Subnet: subnet }] },
      Internal: false,
      Attachable: false,
      Ingress: ingress,
      Containers: {},
      Options: {},
      Labels: {},
    })
  }
  add('ingress', 'overlay', 'swarm', '10.0.0.0/24', true)
  add('bridge', 'bridge', 'local', '172.17.0.0/16', false)
  add('docker_gwbridge', 'bridge', 'local', '172.18.0.0/16', false)
  add('host', 'host', 'local', undefined, false)
  add('none', 'null', 'local', undefined, false)
}

/** Errors: `@throws {Refusal}` 404; 400 where several local ones share the name. */
export const findNetwork = (state: EngineState, reference: string): Network => {
  const namesakes = [...state.networks.values()].filter(({ Name }) => Name === reference)
  if (namesakes.length > 1 && !state.networks.has(reference))
    throw badRequest(`network ${reference} is ambiguous (${namesakes.length} matches found based on name)`)
  const network = resolveReference(state.networks, reference, ({ Name }) => Name)
  if (network === undefined) throw notFound(`network ${reference} not found`)
  return network
}

/**
 * A local network of the same name, which is no more than a warning.
 *
 * Errors: `@throws {Refusal}` 409 where the swarm, or a machine that was asked to check, has the name already.
 */
const namesakeOf = (state: EngineState, form: NetworkForm, scope: string): Network | undefined => {
  const others = [...state.networks.values()].filter(({ Name }) => Name === form.Name)
  const refused = others.some(
    (other) =>
      other.Scope === 'swarm' || isPredefined(other) || (scope !== 'swarm' && form.CheckDuplicate === true),
  )
  if (refused) throw conflict(`network with name ${form.Name} already exists`)
  return scope === 'swarm' ? undefined : others[0]
}

export const createNetwork = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const form = bodyOf(request, NetworkForm)
  const driver = form.Driver || 'bridge'
  const scope = form.Scope || (driver === 'overlay' ? 'swarm' : 'local')
  checkNetworkName(form.Name, scope)
  if (!drivers.has(driver)) throw notFound(`plugin "${driver}" not found`)
  const namesake = namesakeOf(state, form, scope)
  const network: Network = {
    Id: scope === 'swarm' ? state.nextId() : state.nextHexId(),
    Name: form.Name,
    Created: timestamp(state.clock()),
    Scope: scope,
    Driver: driver,
    EnableIPv6: form.EnableIPv6 ?? false,
    IPAM: ipamOf(state, form, scope),
    Internal: form.Internal ?? false,
    Attachable: form.Attachable ?? false,
    Ingress: form.Ingress ?? false,
    Containers: {},
    Options: { ...form.Options },
    Labels: { ...form.Labels },
  }
  state.networks.set(network.Id, network)
  state.events.emit(
    'network',
    'create',
    network.Id,
    { name: network.Name, type: driver },
    eventScope(network),
  )
  const Warning =
    namesake === undefined ? '' : `Network with name ${form.Name} (id : ${namesake.Id}) already exists`
  return created({ Id: network.Id, Warning })
}

const eventScope = (network: Network): 'swarm' | 'local' => (network.Scope === 'swarm' ? 'swarm' : 'local')

const attachedContainers = (state: EngineState, network: Network): NonNullable<Network['Containers']> => {
  const attached: NonNullable<Network['Containers']> = {}
  const [first] = subnetsOf(network).map(rangeOf)
  let next = (first?.[0] ?? 0) + 2
  for (const container of state.containers.values()) {
    if (container.state !== 'running' || !container.networks.has(network.Id)) continue
    attached[container.id] = {
      Name: container.name,
      EndpointID: container.id.split('').reverse().join(''),
      MacAddress: '02:42:0a:00:00:02',
      IPv4Address: `${addressText(next)}/24`,
      IPv6Address: '',
    }
    next += 1
  }
  return attached
}

const isInUse = (state: EngineState, network: Network): boolean =>
  [...state.services.values()].some(({ Spec }) => networkTargets(Spec).includes(network.Id)) ||
  Object.keys(attachedContainers(state, network)).length > 0

/** A network of the swarm that waits for its addresses has neither a driver nor any of them yet. */
const shown = (state: EngineState, network: Network): Network =>
  isAllocated(state, network)
    ? network
    : { ...network, Driver: '', IPAM: { Driver: '', Options: null, Config: null }, Options: null }

const filterNames = ['id', 'name', 'label', 'driver', 'scope', 'type', 'dangling']
const builtIn = new Set(['bridge', 'host', 'none', 'docker_gwbridge'])

/** One that every engine makes for itself and that cannot be taken away. */
export const isPredefined = ({ Name }: Pick<Network, 'Name'>): boolean => predefined.has(Name)

export const listNetworks = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const filters = parseFilters(request.query.get('filters'), filterNames)
  const networks = [...state.networks.values()].filter(
    (network) =>
      passesIdAndName(filters, network.Id, network.Name) &&
      passesLabels(filters, 'label', network.Labels) &&
      passes(filters, 'driver', (driver) => driver === network.Driver) &&
      passes(filters, 'scope', (scope) => scope === network.Scope) &&
      passes(filters, 'type', (type) => (type === 'builtin') === builtIn.has(network.Name)) &&
      passes(filters, 'dangling', (on) => ['1', 'true'].includes(on) !== isInUse(state, network)),
  )
  return ok(networks.map((network) => shown(state, network)))
}

export const inspectNetwork = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const network = findNetwork(state, parameter(request))
  return ok({ ...shown(state, network), Containers: attachedContainers(state, network) })
}

export const deleteNetwork = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const network = findNetwork(state, parameter(request))
  if (builtIn.has(network.Name))
    throw new Refusal(403, `${network.Name} is a pre-defined network and cannot be removed`)
  const user = [...state.services.values()].find(({ Spec }) => networkTargets(Spec).includes(network.Id))
  if (user !== undefined)
    throw badRequest(
      `rpc error: code = FailedPrecondition desc = network ${network.Id} is in use by service ${user.ID}`,
    )
  if (isInUse(state, network))
    throw new Refusal(
      403,
      `error while removing network: network ${network.Name} id ${network.Id} has active endpoints`,
    )
  state.networks.delete(network.Id)
  state.events.emit(
    'network',
    network.Scope === 'swarm' ? 'remove' : 'destroy',
    network.Id,
    { name: network.Name, type: network.Driver },
    eventScope(network),
  )
  reconcile(state)
  return noContent
}

const Attachment = z.looseObject({ Container: z.string() })

const attachable = (state: EngineState, request: EngineRequest) => {
  const network = findNetwork(state, parameter(request))
  const { Container } = bodyOf(request, Attachment)
  const container = resolveReference(state.containers, Container, ({ name }) => name)
  if (container === undefined) throw notFound(`No such container: ${Container}`)
  return { network, container }
}

export const connectNetwork = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const { network, container } = attachable(state, request)
  if (network.Scope === 'swarm' && !network.Attachable)
    throw new Refusal(
      403,
      `Could not attach to network ${network.Name}: rpc error: code = PermissionDenied desc = network ${network.Name} not manually attachable`,
    )
  if (container.networks.has(network.Id))
    throw new Refusal(403, `endpoint with name ${container.name} already exists in network ${network.Name}`)
  container.networks.add(network.Id)
  state.events.emit(
    'network',
    'connect',
    network.Id,
    { container: container.id, name: network.Name },
    'local',
  )
  return { status: 200 }
}

export const disconnectNetwork = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const { network, container } = attachable(state, request)
  if (!container.networks.delete(network.Id))
    throw new Refusal(403, `container ${container.id} is not connected to network ${network.Name}`)
  state.events.emit(
    'network',
    'disconnect',
    network.Id,
    { container: container.id, name: network.Name },
    'local',
  )
  return { status: 200 }
}

export const pruneNetworks = (state: EngineState): EngineAnswer => {
  const unused = [...state.networks.values()].filter(
    (network) => !builtIn.has(network.Name) && !network.Ingress && !isInUse(state, network),
  )
  for (const network of unused) state.networks.delete(network.Id)
  return ok({ NetworksDeleted: unused.map(({ Name }) => Name) })
}
