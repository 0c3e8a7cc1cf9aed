import type { ComponentResource, CustomResource, CustomResourceOptions } from '@pulumi/pulumi'
import type { StackState } from '../model/desired-state.ts'
import type { Resource } from '../model/resource.ts'
import type { Concern } from '../model/resource-base.ts'
import { access } from './access.ts'
import { ci } from './ci.ts'
import { cluster } from './cluster.ts'
import { ConcernGroup, Platform, Tenant } from './components.ts'
import type { Connected } from './connected.ts'
import { type JoinTickets, joinTickets } from './join-tickets.ts'
import { networks } from './networks.ts'
import { nodes } from './nodes.ts'
import { makeProviders, type ProviderName, type Providers } from './providers.ts'
import { registry } from './registry.ts'
import { secretTexts } from './secret-text.ts'
import { secrets } from './secrets.ts'
import { outputOf, type Registrations, type Site } from './site.ts'
import { volumes } from './volumes.ts'
import { vsphereLookups } from './vsphere/lookups.ts'

/** What to register, and how to reach the cluster it is for. */
export interface Deployment {
  readonly state: StackState
  /** Asked for only when a resource needs a provider. */
  readonly connected: () => Connected
  readonly adopt?: boolean
  /** Vault's where absent. */
  readonly tickets?: JoinTickets
}

const registrations: Registrations = {
  ...access,
  ...registry,
  ...networks,
  ...volumes,
  ...secrets,
  ...ci,
  ...nodes,
  ...cluster,
}

/** The table has the right function for each kind, which the type of an indexed access cannot say. */
const register = (resource: Resource, site: Site): CustomResource => {
  const registration = registrations[resource.kind] as (resource: Resource, site: Site) => CustomResource
  return registration(resource, site)
}

const concernGroups = (root: ComponentResource) => {
  const made = new Map<Concern, ConcernGroup>()
  return (concern: Concern): ConcernGroup => {
    const group = made.get(concern) ?? new ConcernGroup(concern, root)
    made.set(concern, group)
    return group
  }
}

/** Registers each key once, what it stands on first. */
const registrar = (state: StackState, registerOne: (resource: Resource) => CustomResource) => {
  const resources = new Map(state.resources.map((resource) => [resource.key, resource]))
  const done = new Map<string, CustomResource>()
  const underWay = new Set<string>()
  return (key: string): CustomResource => {
    const before = done.get(key)
    if (before !== undefined) return before
    const resource = resources.get(key)
    if (resource === undefined) throw new Error(`${state.stack} has no resource ${key}`)
    if (underWay.has(key)) throw new Error(`${state.stack}: ${key} depends on itself`)
    underWay.add(key)
    const made = registerOne(resource)
    done.set(key, made)
    return made
  }
}

interface OptionsRequest {
  readonly groupOf: (concern: Concern) => ComponentResource
  readonly providers: Providers
  readonly registered: (key: string) => CustomResource
}

const optionsFor =
  ({ groupOf, providers, registered }: OptionsRequest) =>
  (resource: Resource, provider: ProviderName): CustomResourceOptions => ({
    parent: groupOf(resource.concern),
    provider: providers(provider),
    dependsOn: resource.dependsOn.map(registered),
    protect: resource.retained === 'data',
    retainOnDelete: resource.retained !== undefined,
  })

/**
 * Registers a stack's resources with the engine, grouped by tenant and concern; logical names are the keys.
 *
 * Decides nothing: everything it sends follows from the desired state. Registers nothing where the cluster cannot be reached.
 * Resolves once all that is asked of others than the engine is settled.
 * @throws {Fault} what `connected` throws.
 */
export const deployStack = async ({
  state,
  connected,
  adopt = false,
  tickets,
}: Deployment): Promise<void> => {
  if (state.resources.length > 0) connected()
  const root = state.organization === null ? new Platform(state.cluster) : new Tenant(state.organization)
  const providers = makeProviders({ owner: state.stack, adopt, parent: root, connected })
  const invokeOptions = (name: ProviderName) => () => ({ provider: providers(name), parent: root })
  const registered = registrar(state, (resource) => register(resource, site))
  const asked: Promise<unknown>[] = []
  const site: Site = {
    options: optionsFor({ groupOf: concernGroups(root), providers, registered }),
    registered,
    find: (matches) => state.resources.find(matches)?.key,
    secretText: secretTexts({
      vault: invokeOptions('vault'),
      reference: ({ of, output }) => outputOf(registered(of), output),
    }),
    joinTicket:
      tickets ??
      joinTickets(
        () => connected().vault(),
        (ticket) => asked.push(ticket),
      ),
    vsphere: vsphereLookups(invokeOptions('vsphere')),
  }
  for (const { key } of state.resources) registered(key)
  await Promise.allSettled(asked)
}
