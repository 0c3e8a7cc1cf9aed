import type { Registrations } from './site.ts'
import { UcpPromotionPolicy } from './ucp/promotion-policy.ts'
import { UcpRepository } from './ucp/repository.ts'
import { UcpTeamAccess } from './ucp/team-access.ts'
import { UcpWebhook } from './ucp/webhook.ts'

/** Repositories, who may push and pull, and how images get to production. */
export const registry = {
  Repository: (repository, site) =>
    new UcpRepository(
      repository.key,
      {
        namespace: repository.namespace,
        name: repository.name,
        shortDescription: repository.shortDescription,
        scanOnPush: repository.scanOnPush,
        immutableTags: repository.immutableTags,
      },
      site.options(repository, 'ucp'),
    ),
  RepositoryAccess: (granted, site) =>
    new UcpTeamAccess(
      granted.key,
      {
        namespace: granted.namespace,
        repository: granted.repository,
        team: granted.team,
        accessLevel: granted.accessLevel,
      },
      site.options(granted, 'ucp'),
    ),
  PromotionPolicy: (policy, site) =>
    new UcpPromotionPolicy(
      policy.key,
      {
        sourceRepository: policy.sourceRepository,
        targetRepository: policy.targetRepository,
        tagTemplate: policy.tagTemplate,
        rules: policy.rules.map((rule) => ({ ...rule, values: [...rule.values] })),
      },
      site.options(policy, 'ucp'),
    ),
  RegistryWebhook: (webhook, site) =>
    new UcpWebhook(
      webhook.key,
      { repository: webhook.repository, event: webhook.event, endpoint: webhook.endpoint },
      site.options(webhook, 'ucp'),
    ),
} satisfies Partial<Registrations>
