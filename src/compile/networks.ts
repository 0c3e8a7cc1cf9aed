import { physicalName } from '../core/name.ts'
import type { Network } from '../model/network.ts'
import { ownedCollection } from './collection-paths.ts'
import { dependsOn } from './depends-on.ts'
import { dockerLabels } from './docker-labels.ts'
import { keys } from './keys.ts'
import type { ResolvedNetwork, ResolvedOverlay } from './resolve.ts'
import { firstHost } from './subnet.ts'
import type { TenantScope } from './tenant-scope.ts'

/** What every network of a tenant has, whatever its kind. */
const networkBase = (scope: TenantScope, network: ResolvedNetwork) => {
  const collection = ownedCollection(scope.organization, network.application.value)
  return {
    kind: 'Network',
    key: keys.network(network.name),
    concern: 'networks',
    dependsOn: dependsOn(keys.collection(collection)),
    name: physicalName('dockerNetwork', scope.organization, network.name),
    ipRange: null,
    labels: dockerLabels(scope.stack, collection),
  } as const
}

/** Attachable on non-production alone: there an operator joins a network with a container to look into it. */
const overlayOf = (scope: TenantScope, network: ResolvedOverlay): Network => ({
  ...networkBase(scope, network),
  driver: 'overlay',
  internal: network.internal.value,
  attachable: scope.cluster.stage === 'nonprod',
  options: scope.cluster.stage === 'prod' ? { encrypted: 'true' } : {},
  subnet: network.subnet.value,
  gateway: null,
})

/**
 * Services answer on the VLAN themselves (mode l2). Docker takes no gateway from outside the subnet, so the first hop is the
 * subnet's first address, which the VLAN's router holds beside its own.
 */
const ipvlanOf = (scope: TenantScope, network: ResolvedNetwork, parent: string, subnet: string): Network => ({
  ...networkBase(scope, network),
  driver: 'ipvlan',
  internal: false,
  attachable: false,
  options: { ipvlan_mode: 'l2', parent },
  subnet,
  gateway: firstHost(subnet),
})

const networkOf = (scope: TenantScope, network: ResolvedNetwork): Network => {
  const { cluster, organization } = scope
  if (network.kind === 'overlay') return overlayOf(scope, network)
  if (network.kind === 'vpn') {
    const vlan = cluster.vlans[network.vlan.value]
    if (vlan === undefined) throw new Error(`unchecked: ${organization} names VLAN ${network.vlan.value}`)
    return ipvlanOf(scope, network, vlan.parent, network.subnet.value)
  }
  if (cluster.publicPool === undefined || network.subnet.value === null)
    throw new Error(`unchecked: ${organization} gets no public block for ${network.name}`)
  return ipvlanOf(scope, network, cluster.publicPool.parent, network.subnet.value)
}

/**
 * The docker networks of a tenant. The VLANs' port groups stand in the platform's stack: a VLAN belongs to the cluster,
 * and the nodes' interface on it carries every tenant's networks.
 *
 * Throws Error on a VLAN or public pool that the cluster lacks, which the checks across files report first.
 */
export const networks = (scope: TenantScope): readonly Network[] =>
  scope.resolved.networks.map((network) => networkOf(scope, network))
