import type { Cluster } from '../cluster/schema.ts'
import { compareText } from '../core/issue.ts'
import { physicalName } from '../core/name.ts'
import type { PromotionPolicy, PromotionRule } from '../model/promotion-policy.ts'
import type { RegistryWebhook } from '../model/registry-webhook.ts'
import type { Repository } from '../model/repository.ts'
import type { RepositoryAccess } from '../model/repository-access.ts'
import type { Resource } from '../model/resource.ts'
import { madeAs } from '../tenant/former-name.ts'
import type { JobRole, Tenant } from '../tenant/schema.ts'
import { dependsOn } from './depends-on.ts'
import { keys } from './keys.ts'
import { environmentsAt } from './on-cluster.ts'
import type { TenantScope } from './tenant-scope.ts'

/** An image repository and the applications that use it. */
interface Images {
  readonly name: string
  readonly applications: readonly string[]
  /** Where images wait for production: tags are final, nobody pushes, only promotion writes. */
  readonly release: boolean
}

/** Name of the repository that a repository's images are promoted into. */
export const releaseRepository = (repository: string): string =>
  physicalName('dtrRepository', repository, 'prod')

/** Job roles that push to the non-production registry. Nobody pushes to a release repository or to production. */
const pushing: ReadonlySet<JobRole> = new Set(['developer', 'operator', 'ci'])

/** Images by repository name; a repository that several applications name is theirs together. */
const imagesOf = (tenant: Tenant, prodOnly: boolean): ReadonlyMap<string, readonly string[]> => {
  const byRepository = new Map<string, string[]>()
  for (const [own, application] of Object.entries(tenant.applications)) {
    const name = madeAs(own, application)
    if (prodOnly && environmentsAt(application, 'prod').length === 0) continue
    for (const repository of application.repositories ?? [])
      byRepository.set(repository, [...(byRepository.get(repository) ?? []), name])
  }
  return byRepository
}

/**
 * The repositories of a tenant in the registry of a cluster, by name: on non-production every one that an application
 * names and a release repository for those that go to production; on production the release repositories alone.
 */
const repositoriesOf = (tenant: Tenant, stage: Cluster['stage']): readonly Images[] => {
  const working: readonly Images[] =
    stage === 'prod'
      ? []
      : [...imagesOf(tenant, false)].map(([name, applications]) => ({ name, applications, release: false }))
  const releases: readonly Images[] = [...imagesOf(tenant, true)].map(([name, applications]) => ({
    name: releaseRepository(name),
    applications,
    release: true,
  }))
  return [...working, ...releases].sort((a, b) => compareText(a.name, b.name))
}

const repositoryOf = ({ organization }: TenantScope, images: Images): Repository => ({
  kind: 'Repository',
  key: keys.repository(images.name),
  concern: 'registry',
  dependsOn: [keys.organization],
  namespace: organization,
  name: images.name,
  shortDescription: `${images.release ? 'Released images' : 'Images'} of ${[...images.applications].sort(compareText).join(', ')}`,
  scanOnPush: true,
  immutableTags: images.release,
})

const accessTo = (scope: TenantScope, images: Images): readonly RepositoryAccess[] =>
  scope.resolved.teams
    .filter(
      ({ applications }) =>
        applications.value === null || applications.value.some((name) => images.applications.includes(name)),
    )
    .map((team) => ({
      kind: 'RepositoryAccess',
      key: `repository-access/${images.name}/${team.name}`,
      concern: 'registry',
      dependsOn: dependsOn(keys.repository(images.name), keys.team(team.name)),
      namespace: scope.organization,
      repository: images.name,
      team: team.name,
      accessLevel: !images.release && pushing.has(team.role.value) ? 'read-write' : 'read-only',
    }))

/**
 * What an image must pass to be released: a scan without a critical (CVSS ≥ 7) or major (≥ 4) finding, and a tag that
 * says a version: `latest` moves, and a release repository's tags do not. Source: design §1; reference §8.5, §8.6.
 */
const releaseRules: readonly PromotionRule[] = [
  { field: 'tag', operator: 'noo', values: ['latest'] },
  { field: 'vulnerability_critical', operator: 'lte', values: ['0'] },
  { field: 'vulnerability_major', operator: 'lte', values: ['0'] },
]

const promotionOf = ({ organization }: TenantScope, source: string): PromotionPolicy => ({
  kind: 'PromotionPolicy',
  key: `promotion/${source}`,
  concern: 'registry',
  dependsOn: dependsOn(keys.repository(source), keys.repository(releaseRepository(source))),
  sourceRepository: `${organization}/${source}`,
  targetRepository: `${organization}/${releaseRepository(source)}`,
  tagTemplate: '%n',
  rules: releaseRules,
})

const webhookEvents = (promoted: boolean): readonly RegistryWebhook['event'][] => [
  'TAG_PUSH',
  'SCAN_COMPLETED',
  ...(promoted ? (['PROMOTION'] as const) : []),
]

const webhooksOf = (scope: TenantScope, images: Images, promoted: boolean): readonly RegistryWebhook[] => {
  const endpoint = scope.cluster.registryWebhook
  if (endpoint === undefined) return []
  return webhookEvents(promoted).map((event) => ({
    kind: 'RegistryWebhook',
    key: `webhook/${images.name}/${event.toLowerCase().replaceAll('_', '-')}`,
    concern: 'registry',
    dependsOn: [keys.repository(images.name)],
    repository: `${scope.organization}/${images.name}`,
    event,
    endpoint,
  }))
}

/** Image repositories, who reads and writes them, how images get into the release repositories, and who is told. */
export const registry = (scope: TenantScope): readonly Resource[] => {
  const released = imagesOf(scope.tenant, true)
  const isPromoted = (images: Images): boolean => !images.release && released.has(images.name)
  return repositoriesOf(scope.tenant, scope.cluster.stage).flatMap((images) => [
    repositoryOf(scope, images),
    ...accessTo(scope, images),
    ...(isPromoted(images) ? [promotionOf(scope, images.name)] : []),
    ...webhooksOf(scope, images, isPromoted(images)),
  ])
}
