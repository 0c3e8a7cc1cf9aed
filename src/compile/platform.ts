import type { Cluster } from '../cluster/schema.ts'
import { compareText } from '../core/issue.ts'
import { physicalName } from '../core/name.ts'
import type { ContentTrust } from '../model/content-trust.ts'
import type { PortGroup } from '../model/port-group.ts'
import type { Resource } from '../model/resource.ts'
import type { RevokedGrant } from '../model/revoked-grant.ts'
import type { VaultAuthBackend } from '../model/vault-auth-backend.ts'
import { collectionsAt } from './access.ts'
import { platformCollections } from './collection-paths.ts'
import { platformNodes } from './nodes.ts'
import { vaultLogins } from './secrets.ts'
import { everyone, scheduler } from './ucp-builtins.ts'

const contentTrust = ({ contentTrust: { required, signers } }: Cluster): ContentTrust => ({
  kind: 'ContentTrust',
  key: 'content-trust',
  concern: 'cluster',
  dependsOn: [],
  required,
  signers: [...new Set(signers)].sort(compareText),
})

/** The grant that lets everyone schedule on `/Shared` from the start, which defeats isolation (reference §5.3). */
const defaultScheduler: RevokedGrant = {
  kind: 'RevokedGrant',
  key: `revoked-grant/${everyone}/${scheduler}/Shared`,
  concern: 'access',
  dependsOn: [],
  subject: { kind: 'organization', organization: everyone },
  role: scheduler,
  collection: '/Shared',
}

const portGroup = (cluster: Cluster, name: string, vlanId: number): PortGroup => ({
  kind: 'PortGroup',
  key: `port-group/${name}`,
  concern: 'networks',
  dependsOn: [],
  name: physicalName('vsphereObject', cluster.cluster, 'vlan', name),
  datacenter: cluster.vsphere.datacenter,
  distributedSwitch: cluster.vsphere.distributedSwitch,
  vlanId,
})

/** VLANs by name, and the public pool's; a VLAN called `public` would be both, so that one is told apart by its number. */
const portGroups = (cluster: Cluster): readonly PortGroup[] => [
  ...Object.entries(cluster.vlans).map(([name, vlan]) => portGroup(cluster, name, vlan.id)),
  ...(cluster.publicPool === undefined
    ? []
    : [portGroup(cluster, `public-${cluster.publicPool.vlan}`, cluster.publicPool.vlan)]),
]

const login = (type: VaultAuthBackend['type'], description: string): VaultAuthBackend => ({
  kind: 'VaultAuthBackend',
  key: `vault-auth/${type}`,
  concern: 'secrets',
  dependsOn: [],
  type,
  path: vaultLogins[type],
  description,
})

/** What a cluster's organizations share. It depends on the cluster's file alone. */
export const platform = (cluster: Cluster): readonly Resource[] => [
  ...collectionsAt(platformCollections),
  ...(cluster.removeDefaultSchedulerGrant ? [defaultScheduler] : []),
  contentTrust(cluster),
  ...portGroups(cluster),
  login('approle', 'Machines of the platform'),
  login('ldap', 'People by their LDAP groups'),
  ...platformNodes(cluster),
]
