import { Secret as DockerSecret } from '@pulumi/docker/secret.js'
import { secret } from '@pulumi/pulumi'
import { AuthBackendRole } from '@pulumi/vault/approle/authBackendRole.js'
import { AuthBackend } from '@pulumi/vault/authBackend.js'
import { AuthBackendGroup } from '@pulumi/vault/ldap/authBackendGroup.js'
import { Mount } from '@pulumi/vault/mount.js'
import { Policy } from '@pulumi/vault/policy.js'
import { labelList } from './labels.ts'
import type { Registrations } from './site.ts'

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')

/** Vault mounts, policies and log-ins, and the swarm secrets that start them. */
export const secrets = {
  VaultMount: (mount, site) =>
    new Mount(
      mount.key,
      { path: mount.path, type: 'kv', options: { version: '2' }, description: mount.description },
      site.options(mount, 'vault'),
    ),
  VaultPolicy: (policy, site) =>
    new Policy(policy.key, { name: policy.name, policy: policy.policy }, site.options(policy, 'vault')),
  VaultAuthBackend: (backend, site) =>
    new AuthBackend(
      backend.key,
      { type: backend.type, path: backend.path, description: backend.description },
      site.options(backend, 'vault'),
    ),
  /** The id is half of a log-in, and goes into swarm secrets: no state or preview shows it. */
  VaultAppRole: (role, site) =>
    new AuthBackendRole(
      role.key,
      {
        backend: role.backend,
        roleName: role.name,
        tokenPolicies: [...role.policies],
        tokenTtl: role.tokenTtlSeconds,
        tokenMaxTtl: role.tokenMaxTtlSeconds,
        secretIdTtl: role.secretIdTtlSeconds,
      },
      { ...site.options(role, 'vault'), additionalSecretOutputs: ['roleId'] },
    ),
  VaultLdapGroup: (group, site) =>
    new AuthBackendGroup(
      group.key,
      { backend: group.backend, groupname: group.groupName, policies: [...group.policies] },
      site.options(group, 'vault'),
    ),
  DockerSecret: (held, site) =>
    new DockerSecret(
      held.key,
      {
        name: held.name,
        data: secret(site.secretText(held.data).apply(base64)),
        labels: labelList(held.labels),
      },
      { ...site.options(held, 'docker'), deleteBeforeReplace: true },
    ),
} satisfies Partial<Registrations>
