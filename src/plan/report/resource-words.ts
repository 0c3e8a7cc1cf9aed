import type { Resource } from '../../model/resource.ts'
import { own, type Phrase, say } from './phrase.ts'

type Kind = Resource['kind']

/** What a tenant calls the things of a kind: one, several. */
export const nouns: Readonly<Record<Kind, readonly [one: string, many: string]>> = {
  AntiAffinityRule: ['rule that keeps VMs apart', 'rules that keep VMs apart'],
  Collection: ['collection', 'collections'],
  ContentTrust: ['rule on which images may run', 'rules on which images may run'],
  DefaultCollection: ['default collection of an account', 'default collections of accounts'],
  DockerConfig: ['configuration', 'configurations'],
  DockerSecret: ['log-in of an application', 'log-ins of applications'],
  DockerService: ['service', 'services'],
  Grant: ['grant', 'grants'],
  Network: ['network', 'networks'],
  NodePlacement: ['place of a node', 'places of nodes'],
  Organization: ['organization', 'organizations'],
  PortGroup: ['VLAN', 'VLANs'],
  PromotionPolicy: ['promotion of images', 'promotions of images'],
  RegistryWebhook: ['notice of the registry', 'notices of the registry'],
  Repository: ['image repository', 'image repositories'],
  RepositoryAccess: ['right on an image repository', 'rights on image repositories'],
  RevokedGrant: ['grant that is kept away', 'grants that are kept away'],
  Role: ['role', 'roles'],
  Tag: ['tag of VMs', 'tags of VMs'],
  TagCategory: ['category of tags', 'categories of tags'],
  Team: ['team', 'teams'],
  TeamMember: ['member of a team', 'members of teams'],
  VaultAppRole: ['log-in to Vault', 'log-ins to Vault'],
  VaultAuthBackend: ['way to log in to Vault', 'ways to log in to Vault'],
  VaultLdapGroup: ['group in Vault', 'groups in Vault'],
  VaultMount: ['place of secrets in Vault', 'places of secrets in Vault'],
  VaultPolicy: ['policy in Vault', 'policies in Vault'],
  VirtualMachine: ['VM', 'VMs'],
  VmFolder: ['folder of VMs', 'folders of VMs'],
  VmResourcePool: ['pool of VMs', 'pools of VMs'],
  Volume: ['volume', 'volumes'],
}

/**
 * Kinds that follow from what a tenant asks for: a reviewer wants to know how many, and reads the rest in the section on
 * access or in the list of everything.
 */
export const following: ReadonlySet<Kind> = new Set<Kind>([
  'AntiAffinityRule',
  'Collection',
  'DefaultCollection',
  'DockerSecret',
  'Grant',
  'NodePlacement',
  'RegistryWebhook',
  'RepositoryAccess',
  'Role',
  'Tag',
  'TagCategory',
  'VaultAppRole',
  'VaultLdapGroup',
  'VaultPolicy',
  'VmFolder',
])

/** What follows the kind in a key: `network/backend` → `backend`; undefined where there is one of its kind in a stack. */
export const nameOf = ({ key }: { readonly key: string }): string | undefined => {
  const slash = key.indexOf('/')
  return slash < 0 ? undefined : key.slice(slash + 1)
}

const accessVerbs: Readonly<Record<Extract<Resource, { kind: 'RepositoryAccess' }>['accessLevel'], string>> =
  {
    'read-only': 'pulls from',
    'read-write': 'pushes to and pulls from',
    admin: 'administers',
  }

const named = (resource: Resource): Phrase => {
  const [noun] = nouns[resource.kind]
  const name = nameOf(resource)
  return name === undefined ? own(noun) : say`${own(noun)} ${name}`
}

/** A resource in the tenant's words, e.g. ‘network `backend`’. */
export const wordsOf = (resource: Resource): Phrase => {
  switch (resource.kind) {
    case 'ContentTrust':
      return own('the rule on which images may run')
    case 'Grant':
      return say`grant ${nameOf(resource) ?? ''}`
    case 'Organization':
      return say`organization ${resource.name}`
    case 'PromotionPolicy':
      return say`promotion of images from ${resource.sourceRepository} to ${resource.targetRepository}`
    case 'RepositoryAccess':
      return say`team ${resource.team} ${own(accessVerbs[resource.accessLevel])} image repository ${resource.repository}`
    case 'RevokedGrant':
      return say`grant of ${resource.role} on ${resource.collection} that is kept away`
    case 'TeamMember':
      return say`${resource.user} in team ${resource.team}`
    case 'VaultMount':
      return say`secrets in Vault below ${resource.path}`
    default:
      return named(resource)
  }
}

/** What a reader wants to know of a new thing beside its name; never a secret. */
export const detailOf = (resource: Resource): Phrase | undefined => {
  switch (resource.kind) {
    case 'Network':
      return say`${own(resource.driver === 'overlay' ? 'overlay' : 'on a VLAN')}, ${resource.subnet}${own(resource.internal ? ', no way out' : '')}`
    case 'Team':
      return resource.ldapSync === null
        ? own(`${resource.members?.length ?? 0} by name`)
        : say`members of ${resource.ldapSync.groupDn}`
    case 'VirtualMachine':
      return own(`${resource.cpus} CPUs, ${Math.round(resource.memoryMib / 1024)} GiB`)
    case 'DockerService':
      return say`image ${resource.image}`
    case 'Organization':
      return say`${resource.fullName}`
    default:
      return undefined
  }
}
