import type { AntiAffinityRule } from './anti-affinity-rule.ts'
import type { Collection } from './collection.ts'
import type { ContentTrust } from './content-trust.ts'
import type { DefaultCollection } from './default-collection.ts'
import type { DockerConfig } from './docker-config.ts'
import type { DockerSecret } from './docker-secret.ts'
import type { DockerService } from './docker-service.ts'
import type { Grant } from './grant.ts'
import type { Network } from './network.ts'
import type { NodePlacement } from './node-placement.ts'
import type { Organization } from './organization.ts'
import type { PortGroup } from './port-group.ts'
import type { PromotionPolicy } from './promotion-policy.ts'
import type { RegistryWebhook } from './registry-webhook.ts'
import type { Repository } from './repository.ts'
import type { RepositoryAccess } from './repository-access.ts'
import type { RevokedGrant } from './revoked-grant.ts'
import type { Role } from './role.ts'
import type { Tag } from './tag.ts'
import type { TagCategory } from './tag-category.ts'
import type { Team } from './team.ts'
import type { TeamMember } from './team-member.ts'
import type { VaultAppRole } from './vault-app-role.ts'
import type { VaultAuthBackend } from './vault-auth-backend.ts'
import type { VaultLdapGroup } from './vault-ldap-group.ts'
import type { VaultMount } from './vault-mount.ts'
import type { VaultPolicy } from './vault-policy.ts'
import type { VirtualMachine } from './virtual-machine.ts'
import type { VmFolder } from './vm-folder.ts'
import type { VmResourcePool } from './vm-resource-pool.ts'
import type { Volume } from './volume.ts'

/** Everything the desired state can hold, by its literal `kind`. */
export type Resource =
  | AntiAffinityRule
  | Collection
  | ContentTrust
  | DefaultCollection
  | DockerConfig
  | DockerSecret
  | DockerService
  | Network
  | NodePlacement
  | Organization
  | PortGroup
  | PromotionPolicy
  | RegistryWebhook
  | Repository
  | RepositoryAccess
  | RevokedGrant
  | Role
  | Tag
  | TagCategory
  | Team
  | TeamMember
  | VaultAppRole
  | VaultAuthBackend
  | VaultLdapGroup
  | VaultMount
  | VaultPolicy
  | VirtualMachine
  | VmFolder
  | VmResourcePool
  | Volume
  | Grant
