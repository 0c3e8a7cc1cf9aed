import type { Cluster } from '../cluster/schema.ts'
import { compareText } from '../core/issue.ts'
import { physicalName } from '../core/name.ts'
import type { ContentTrust } from '../model/content-trust.ts'
import type { Organization } from '../model/organization.ts'
import type { PortGroup } from '../model/port-group.ts'
import type { Resource } from '../model/resource.ts'
import type { RevokedGrant } from '../model/revoked-grant.ts'
import type { Team } from '../model/team.ts'
import type { VaultAuthBackend } from '../model/vault-auth-backend.ts'
import { collectionsAt } from './access.ts'
import { platformCollections } from './collection-paths.ts'
import type { LivePools } from './live-machines.ts'
import { platformNodes } from './nodes.ts'
import { ownerMarked } from './owner-mark.ts'
import { vaultLogins } from './secrets.ts'
import { platformStack } from './stack-name.ts'
import { everyone, scheduler } from './ucp-builtins.ts'
import { watcherAccess } from './watcher-access.ts'

/** The platform's own organization. Its name is one that no tenant may take. */
/** Whose teams sign. */
export const signingOrganization = 'platform'
const owner = signingOrganization

const teamKey = (team: string): string => `team/${team}`

const signingTeam = (cluster: Cluster, name: string, groupDn: string): Team => ({
  kind: 'Team',
  key: teamKey(name),
  concern: 'cluster',
  dependsOn: ['organization'],
  organization: owner,
  name,
  description: 'Signs the images that may run on this cluster.',
  ldapSync: { groupDn, groupMemberAttribute: cluster.ldap.groupMemberAttribute },
})

/**
 * Which images may run, with the teams whose signatures count. They are the platform's: every listed team must have
 * signed, so that one organization's team would hold up all others, and the platform stands before any organization does.
 */
const contentTrust = (cluster: Cluster): readonly Resource[] => {
  const { required, signers } = cluster.contentTrust
  const teams = Object.entries(signers).sort(([a], [b]) => compareText(a, b))
  const organization: Organization = {
    kind: 'Organization',
    key: 'organization',
    concern: 'cluster',
    dependsOn: [],
    name: owner,
    fullName: 'Container platform',
  }
  const trust: ContentTrust = {
    kind: 'ContentTrust',
    key: 'content-trust',
    concern: 'cluster',
    dependsOn: teams.map(([team]) => teamKey(team)),
    required,
    signers: teams.map(([team]) => `${owner}/${team}`),
  }
  if (teams.length === 0) return [trust]
  return [organization, ...teams.map(([team, group]) => signingTeam(cluster, team, group)), trust]
}

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

const login = (
  { cluster }: Cluster,
  type: VaultAuthBackend['type'],
  description: string,
): VaultAuthBackend => ({
  kind: 'VaultAuthBackend',
  key: `vault-auth/${type}`,
  concern: 'secrets',
  dependsOn: [],
  type,
  path: vaultLogins[type],
  description: ownerMarked(platformStack(cluster), description),
})

/** What a cluster's organizations share. It depends on the cluster's file and the pools' live VMs alone. */
export const platform = (cluster: Cluster, live?: LivePools): readonly Resource[] => [
  ...collectionsAt(platformCollections),
  ...(cluster.removeDefaultSchedulerGrant ? [defaultScheduler] : []),
  ...contentTrust(cluster),
  ...watcherAccess(cluster),
  ...portGroups(cluster),
  login(cluster, 'approle', 'Machines of the platform'),
  login(cluster, 'ldap', 'People by their LDAP groups'),
  ...platformNodes(cluster, live),
]
