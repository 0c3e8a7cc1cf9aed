import { compareText } from '../core/issue.ts'
import { physicalName } from '../core/name.ts'
import type { DockerSecret } from '../model/docker-secret.ts'
import type { Resource } from '../model/resource.ts'
import type { VaultAppRole } from '../model/vault-app-role.ts'
import type { VaultLdapGroup } from '../model/vault-ldap-group.ts'
import type { VaultMount } from '../model/vault-mount.ts'
import type { VaultPolicy } from '../model/vault-policy.ts'
import type { JobRole } from '../tenant/schema.ts'
import { ownedCollection } from './collection-paths.ts'
import { dependsOn } from './depends-on.ts'
import { dockerLabels } from './docker-labels.ts'
import { keys } from './keys.ts'
import { ownerMarked } from './owner-mark.ts'
import type { ResolvedApplication, ResolvedTeam } from './resolve.ts'
import type { TenantScope } from './tenant-scope.ts'
import { policyText, reachInto, readSecret, vaultMountPath, vaultReach } from './vault-policies.ts'

/** Paths of the two log-ins that the platform's stack keeps. */
export const vaultLogins = { approle: 'approle', ldap: 'ldap' } as const

/** Seconds that tokens and secret ids live. Source: our choice; a build's token outlives no working day. */
const lifetimes = {
  application: { tokenTtlSeconds: 3600, tokenMaxTtlSeconds: 86_400, secretIdTtlSeconds: 90 * 86_400 },
  ci: { tokenTtlSeconds: 1200, tokenMaxTtlSeconds: 28_800, secretIdTtlSeconds: 30 * 86_400 },
} as const

const vaultName = (...parts: readonly string[]): string => physicalName('vaultName', ...parts)

const mountOf = ({ organization, resolved, stack }: TenantScope): VaultMount => ({
  kind: 'VaultMount',
  key: keys.vaultMount,
  concern: 'secrets',
  dependsOn: [],
  retained: 'data',
  path: vaultMountPath(organization),
  description: ownerMarked(stack, `Secrets of ${resolved.displayName.value}`),
})

/** A policy of the organization; `label` is its name without the organization's. */
const policyOf = (scope: TenantScope, label: readonly string[], text: string): VaultPolicy => ({
  kind: 'VaultPolicy',
  key: keys.vaultPolicy(label.join('-')),
  concern: 'secrets',
  dependsOn: [keys.vaultMount],
  name: vaultName(scope.organization, ...label),
  policy: text,
})

/** CI reads what pipelines need beside its job role's reach into the applications' secrets. */
const jobRolePolicy = (scope: TenantScope, jobRole: JobRole): VaultPolicy => {
  const { organization, cluster } = scope
  const reach = vaultReach[cluster.stage][jobRole]
  const rules = [reachInto(organization, 'apps', reach), reachInto(organization, 'shared', reach)]
  if (jobRole === 'ci') rules.push(reachInto(organization, 'ci', 'read'))
  return policyOf(scope, [jobRole], policyText(...rules))
}

/** For teams that are limited to applications: the job role's reach into one application's secrets. */
const limitedPolicy = (scope: TenantScope, jobRole: JobRole, application: string): VaultPolicy =>
  policyOf(
    scope,
    [jobRole, application],
    reachInto(scope.organization, `apps/${application}`, vaultReach[scope.cluster.stage][jobRole]),
  )

/** An application reads the secrets that its tenant file names and what all applications share, nothing else. */
const applicationPolicy = (scope: TenantScope, { name, secrets: named }: ResolvedApplication): VaultPolicy =>
  policyOf(
    scope,
    ['app', name],
    policyText(
      ...named.value.map((secret) => readSecret(scope.organization, `apps/${name}/${secret}`)),
      reachInto(scope.organization, 'shared', 'read'),
    ),
  )

/** The policies of a team; of those limited to applications, one for each that is on the cluster. */
const teamPolicies = (scope: TenantScope, team: ResolvedTeam): readonly VaultPolicy[] => {
  const limits = team.applications.value
  if (limits === null) return [jobRolePolicy(scope, team.role.value)]
  return scope.resolved.applications
    .filter(({ name }) => limits.includes(name))
    .map(({ name }) => limitedPolicy(scope, team.role.value, name))
}

interface PolicyHolder {
  readonly team: ResolvedTeam
  readonly policies: readonly VaultPolicy[]
}

/** The common name an LDAP distinguished name begins with, as its directory writes it. */
export const commonName = (distinguishedName: string): string =>
  /^CN=([^,]+)/i.exec(distinguishedName)?.[1] ?? distinguishedName

/** Vault knows groups by common name; two teams of the same group are one group with both policies. */
const ldapGroups = (holders: readonly PolicyHolder[]): readonly VaultLdapGroup[] => {
  const byGroup = new Map<string, VaultPolicy[]>()
  for (const { team, policies } of holders) {
    if (team.ldapGroup.value === null) continue
    // Vault folds the names of LDAP groups to lower case when it writes and reads, but not when it deletes (1.19.0, seen).
    const group = commonName(team.ldapGroup.value).toLowerCase()
    byGroup.set(group, [...(byGroup.get(group) ?? []), ...policies])
  }
  return [...byGroup]
    .filter(([, policies]) => policies.length > 0)
    .map(([groupName, policies]) => ({
      kind: 'VaultLdapGroup',
      key: `vault-group/${groupName}`,
      concern: 'secrets',
      dependsOn: dependsOn(...policies.map((policy) => policy.key)),
      backend: vaultLogins.ldap,
      groupName,
      policies: [...new Set(policies.map((policy) => policy.name))].sort(compareText),
    }))
}

const appRoleOf = (
  scope: TenantScope,
  label: readonly string[],
  policy: VaultPolicy,
  lifetime: (typeof lifetimes)[keyof typeof lifetimes],
): VaultAppRole => ({
  kind: 'VaultAppRole',
  key: keys.vaultAppRole(label.join('-')),
  concern: 'secrets',
  dependsOn: [policy.key],
  backend: vaultLogins.approle,
  name: vaultName(scope.organization, ...label),
  policies: [policy.name],
  ...lifetime,
})

/** The role id is half of a log-in and no secret by itself; the secret id is handed over at start and never stands here. */
const roleIdOf = (scope: TenantScope, application: string, appRole: VaultAppRole): DockerSecret => {
  const collection = ownedCollection(scope.organization, application)
  return {
    kind: 'DockerSecret',
    key: keys.dockerSecret(`${application}-role-id`),
    concern: 'secrets',
    dependsOn: dependsOn(appRole.key, keys.collection(collection)),
    name: physicalName('dockerSecret', scope.organization, application, 'role-id'),
    data: { kind: 'SecretText', parts: [{ kind: 'Reference', of: appRole.key, output: 'roleId' }] },
    labels: dockerLabels(scope.stack, collection),
  }
}

const applicationSecrets = (scope: TenantScope, application: ResolvedApplication): readonly Resource[] => {
  const policy = applicationPolicy(scope, application)
  const appRole = appRoleOf(scope, ['app', application.name], policy, lifetimes.application)
  return [policy, appRole, roleIdOf(scope, application.name, appRole)]
}

/** The log-in of the organization's Jenkins. */
const ciSecrets = (scope: TenantScope): readonly Resource[] => {
  if (scope.resolved.ci === null) return []
  const policy = jobRolePolicy(scope, 'ci')
  return [policy, appRoleOf(scope, ['ci'], policy, lifetimes.ci)]
}

const byKey = (resources: readonly Resource[]): readonly Resource[] => [
  ...new Map(resources.map((resource) => [resource.key, resource])).values(),
]

/** The organization's mount in Vault, who reaches which part of it, and how machines log in. Values are nobody's here. */
export const secrets = (scope: TenantScope): readonly Resource[] => {
  const holders = scope.resolved.teams.map((team) => ({ team, policies: teamPolicies(scope, team) }))
  return byKey([
    mountOf(scope),
    ...holders.flatMap(({ policies }) => policies),
    ...ldapGroups(holders),
    ...scope.resolved.applications.flatMap((application) => applicationSecrets(scope, application)),
    ...ciSecrets(scope),
  ])
}
