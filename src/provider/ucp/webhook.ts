import type { Registry } from '../../clients/registry.ts'
import {
  activateWebhook,
  createWebhook,
  deleteWebhook,
  listWebhooks,
  type RegistryHook,
  repositoryEvents,
} from '../../clients/registry-webhooks.ts'
import type { InputsOf } from '../input-fields.ts'
import { registryFor } from './client.ts'
import { defineResource, textOutput } from './define-resource.ts'
import { badId, findOrMake } from './ensure.ts'
import { repositoryName } from './patterns.ts'
import { splitName } from './repository-name.ts'

const fields = {
  repository: { shape: repositoryName, description: 'The repository, `namespace/name`.', replaces: true },
  event: { shape: { type: 'string', oneOf: repositoryEvents }, description: 'What calls.', replaces: true },
  endpoint: {
    shape: { type: 'string', pattern: /^https?:\/\/\S+$/, like: 'an http or https address' },
    description: 'The address that is called.',
    replaces: true,
  },
} as const

type WebhookInputs = InputsOf<typeof fields>

const idOf = ({ repository, event, endpoint }: WebhookInputs): string => `${repository}:${event}:${endpoint}`

const parts = (id: string): WebhookInputs => {
  const [, repository, name, endpoint] = /^([^/\s:]+\/[^/\s:]+):([A-Z_]+):(\S+)$/.exec(id) ?? []
  const event = repositoryEvents.find((one) => one === name)
  if (repository === undefined || event === undefined || endpoint === undefined)
    throw badId(id, '<namespace>/<repository>:<EVENT>:<endpoint>')
  return { repository, event, endpoint }
}

const findHooks = async (registry: Registry, wanted: WebhookInputs): Promise<RegistryHook[]> =>
  ((await listWebhooks(registry, splitName(wanted.repository))) ?? [])
    .filter(({ type, endpoint }) => type === wanted.event && endpoint === wanted.endpoint)
    .sort((a, b) => (a.id < b.id ? -1 : 1))

/** `ucp:registry:Webhook`; its id is `<repository>:<event>:<endpoint>`. */
export const webhook = defineResource({
  description: 'A call the registry makes on an event of a repository. Import id: repository:event:endpoint.',
  fields,
  outputs: { webhookId: { type: 'string', description: 'The id the registry gave it.' } },

  create: async (client, inputs, context) => {
    const registry = registryFor(client, context, `webhook ${idOf(inputs)}`)
    const { thing } = await findOrMake(client, {
      signal: context.signal,
      find: async () => (await findHooks(registry, inputs))[0],
      make: () =>
        createWebhook(registry, { type: inputs.event, key: inputs.repository, endpoint: inputs.endpoint }),
    })
    if (thing.isInactive) await activateWebhook(registry, thing.id)
    return { id: idOf(inputs), outputs: { ...inputs, webhookId: thing.id } }
  },

  read: async (client, { id, outputs }, context) => {
    const inputs = parts(id)
    const all = await findHooks(registryFor(client, context, `webhook ${id}`), inputs)
    const found = all.find((one) => one.id === textOutput(outputs, 'webhookId')) ?? all[0]
    // One that was switched off calls nobody: making it again switches it on.
    if (found === undefined || found.isInactive) return undefined
    return { id, inputs: { ...inputs }, outputs: { ...inputs, webhookId: found.id } }
  },

  delete: async (client, { id, outputs }, context) => {
    const registry = registryFor(client, context, `webhook ${id}`)
    const webhookId = textOutput(outputs, 'webhookId') ?? (await findHooks(registry, parts(id)))[0]?.id
    if (webhookId !== undefined) await deleteWebhook(registry, webhookId)
  },
})
