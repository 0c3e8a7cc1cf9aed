import { type AnswerObject, isTrueAt, objectOf, orMissing, segment, textAt, textOr } from './answer.ts'
import type { Registry } from './registry.ts'
import type { RepositoryName } from './registry-promotion.ts'
import { repositoryPath } from './registry-repositories.ts'

/** What may happen in one repository that a webhook can be told of. Source: reference §8.8. */
export const repositoryEvents = [
  'TAG_PUSH',
  'TAG_PULL',
  'TAG_DELETE',
  'MANIFEST_PUSH',
  'MANIFEST_PULL',
  'MANIFEST_DELETE',
  'PROMOTION',
  'PUSH_MIRRORING',
  'POLL_MIRRORING',
  'SCAN_COMPLETED',
  'SCAN_FAILED',
] as const

/** A call the registry makes. Identified by id; the registry takes duplicates. */
export interface RegistryHook {
  readonly id: string
  readonly type: string
  readonly key: string
  readonly endpoint: string
  readonly isInactive: boolean
}

const hook = (from: AnswerObject): RegistryHook => ({
  id: textAt(from, 'id'),
  type: textAt(from, 'type'),
  key: textOr(from, 'key'),
  endpoint: textAt(from, 'endpoint'),
  isInactive: isTrueAt(from, 'inactive'),
})

/** Every webhook of a repository; undefined where there is no such repository. */
export const listWebhooks = async (
  registry: Registry,
  { namespace, name }: RepositoryName,
): Promise<RegistryHook[] | undefined> => {
  const found = await registry.all({
    path: `${repositoryPath(namespace, name)}/webhooks`,
    marker: (one) => textAt(one, 'id'),
  })
  return found?.map(hook)
}

/** The server answers the webhook, or a list that ends in it (reference §8.8). */
export const createWebhook = async (
  registry: Registry,
  body: { readonly type: string; readonly key: string; readonly endpoint: string },
): Promise<RegistryHook> => {
  const answer = await registry.json({ method: 'POST', path: '/webhooks', body })
  const all = (Array.isArray(answer) ? answer : [answer]).map((one) => hook(objectOf(one)))
  const ours = all.filter(
    ({ type, key, endpoint }) => type === body.type && key === body.key && endpoint === body.endpoint,
  )
  return ours.at(-1) ?? hook(objectOf(all.at(-1)))
}

/** Switches a webhook on again. */
export const activateWebhook = async (registry: Registry, id: string): Promise<void> => {
  await registry.send({ method: 'POST', path: '/webhooks/update', body: { id, inactive: false } })
}

/** Succeeds where it is gone already. */
export const deleteWebhook = async (registry: Registry, id: string): Promise<void> => {
  await orMissing(registry.send({ method: 'DELETE', path: `/webhooks/${segment(id)}` }))
}
