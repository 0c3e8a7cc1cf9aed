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
import { badId, findOrMake, required } from './ensure.ts'
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

/** The webhook of that id whatever it calls now, else the first that calls there. */
const findHook = async (
  registry: Registry,
  wanted: WebhookInputs,
  webhookId?: string,
): Promise<RegistryHook | undefined> => {
  const all = (await listWebhooks(registry, splitName(wanted.repository))) ?? []
  const same = all
    .filter(({ type, endpoint }) => type === wanted.event && endpoint === wanted.endpoint)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  return all.find(({ id }) => id === webhookId) ?? same[0]
}

const seenInputs = (last: WebhookInputs, { type, endpoint }: RegistryHook) => ({
  repository: last.repository,
  event: repositoryEvents.find((one) => one === type) ?? last.event,
  endpoint,
})

/** `ucp:registry:Webhook`; its id is `<repository>:<event>:<endpoint>`. */
export const webhook = defineResource({
  description: 'A call the registry makes on an event of a repository. Import id: repository:event:endpoint.',
  fields,
  outputs: {
    webhookId: { type: 'string', description: 'The id the registry gave it.' },
    active: { type: 'boolean', description: 'Whether it calls: a person can switch it off.' },
  },

  refineDiff: (diff, outputs) =>
    outputs.active === false
      ? { ...diff, changes: true, details: { ...diff.details, active: 'update' } }
      : diff,

  create: async (client, inputs, context) => {
    const registry = registryFor(client, context, `webhook ${idOf(inputs)}`)
    const { thing } = await findOrMake(client, {
      signal: context.signal,
      find: () => findHook(registry, inputs),
      make: () =>
        createWebhook(registry, { type: inputs.event, key: inputs.repository, endpoint: inputs.endpoint }),
    })
    if (thing.isInactive) await activateWebhook(registry, thing.id)
    return { id: idOf(inputs), outputs: { ...inputs, webhookId: thing.id, active: true } }
  },

  read: async (client, { id, outputs }, context) => {
    const registry = registryFor(client, context, `webhook ${id}`)
    const found = await findHook(registry, parts(id), textOutput(outputs, 'webhookId'))
    if (found === undefined) return undefined
    const inputs = seenInputs(parts(id), found)
    const active = !found.isInactive
    return { id: idOf(inputs), inputs, outputs: { ...inputs, webhookId: found.id, active } }
  },

  update: async (client, { id, outputs }, context) => {
    const registry = registryFor(client, context, `webhook ${id}`)
    const found = required(await findHook(registry, parts(id), textOutput(outputs, 'webhookId')), {
      what: `The webhook ${id}`,
      endpoint: registry.endpoint,
      hint: 'It was deleted by somebody else: refresh the stack, then it is made again.',
    })
    if (found.isInactive) await activateWebhook(registry, found.id)
    return { webhookId: found.id, active: true }
  },

  delete: async (client, { id, outputs }, context) => {
    const registry = registryFor(client, context, `webhook ${id}`)
    const webhookId = textOutput(outputs, 'webhookId') ?? (await findHook(registry, parts(id)))?.id
    if (webhookId !== undefined) await deleteWebhook(registry, webhookId)
  },
})
