import * as z from 'zod'
import type { Answer, Call } from '../../ucp/call.ts'
import { notAuthorized } from '../../ucp/refusal.ts'
import type { Route } from '../../ucp/router.ts'
import { fullNameOf } from '../repositories.ts'
import type { RegistryState } from '../state.ts'
import { type Webhook, webhookTypes } from '../webhooks.ts'
import { registryRoutes, repositoryParam } from './registry-route.ts'

const Type = z.enum(webhookTypes)

const NewWebhook = z.object({
  type: Type,
  key: z.string().default(''),
  endpoint: z.string(),
  tlsCert: z.string().default(''),
  skipTLSVerification: z.boolean().default(false),
})

const Changes = z.object({
  id: z.string(),
  inactive: z.boolean().optional(),
  endpoint: z.string().optional(),
  tlsCert: z.string().optional(),
  skipTLSVerification: z.boolean().optional(),
})

const Sample = z.object({
  type: Type,
  endpoint: z.string(),
  tlsCert: z.string().default(''),
  skipTLSVerification: z.boolean().default(false),
})

/** @throws {Refusal} unless the caller is an admin, its author, or administers its key. */
const requireOwn = (state: RegistryState, call: Call, webhook: Webhook): void => {
  if (call.caller.id !== webhook.authorID) state.requireWebhookKey(call.caller, webhook.type, webhook.key)
}

const list = (state: RegistryState, call: Call): Answer => {
  const type = call.query.get('webhookType') || 'any'
  const found = state.webhooks
    .all()
    .filter((webhook) => type === 'any' || webhook.type === type)
    .filter((webhook) => call.caller.isAdmin || webhook.authorID === call.caller.id)
  return { status: 200, body: found }
}

const listRepository = (state: RegistryState, call: Call): Answer => {
  const key = fullNameOf(state.permissions.require(call.caller, repositoryParam(call), 'admin'))
  return { status: 200, body: state.webhooks.all().filter((webhook) => webhook.key === key) }
}

const listNamespace = (state: RegistryState, call: Call): Answer => {
  const account = state.ucp.accounts.get(call.param('namespace'))
  state.permissions.requireNamespaceAdmin(call.caller, account)
  return { status: 200, body: state.webhooks.all().filter((webhook) => webhook.key === account.name) }
}

const create = async (state: RegistryState, call: Call): Promise<Answer> => {
  const given = await call.body(NewWebhook)
  state.requireWebhookKey(call.caller, given.type, given.key)
  const webhook = state.webhooks.create({ ...given, inactive: false }, call.caller.id, state.time())
  return { status: 200, body: state.switches.webhookCreatedAsArray ? [webhook] : webhook }
}

const change = async (state: RegistryState, call: Call): Promise<Answer> => {
  const { id, ...changes } = await call.body(Changes)
  const webhook = state.webhooks.get(id)
  requireOwn(state, call, webhook)
  const wanted = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  return { status: 200, body: state.webhooks.update(webhook, wanted) }
}

/** Posts a canned sample; only someone who administers something may make the registry call out. */
const test = async (state: RegistryState, call: Call): Promise<Answer> => {
  const { type, ...target } = await call.body(Sample)
  const administersSome =
    call.caller.isAdmin ||
    state.repositories.all().some((one) => state.permissions.effectiveLevel(call.caller, one) === 'admin')
  if (!administersSome) throw notAuthorized()
  await state.deliveries.post(target, {
    type,
    createdAt: state.time(),
    contents: { namespace: 'foo', repository: 'bar', tag: 'latest' },
    location: '/repositories/foo/bar/tags/latest',
  })
  return { status: 200, body: {} }
}

const remove = (state: RegistryState, call: Call): Answer => {
  const webhook = state.webhooks.get(call.param('webhook'))
  requireOwn(state, call, webhook)
  state.webhooks.remove(webhook)
  return { status: state.switches.webhookDeleteStatus }
}

/** Webhooks (reference §8.8). */
export const webhookRoutes = (state: RegistryState): Route[] =>
  registryRoutes([
    { method: 'GET', pattern: '/webhooks', handle: (call) => list(state, call) },
    { method: 'POST', pattern: '/webhooks', handle: (call) => create(state, call) },
    { method: 'POST', pattern: '/webhooks/update', handle: (call) => change(state, call) },
    { method: 'POST', pattern: '/webhooks/test', handle: (call) => test(state, call) },
    { method: 'DELETE', pattern: '/webhooks/:webhook', handle: (call) => remove(state, call) },
    {
      method: 'GET',
      pattern: '/repositories/:namespace/:repository/webhooks',
      handle: (call) => listRepository(state, call),
    },
    { method: 'GET', pattern: '/accounts/:namespace/webhooks', handle: (call) => listNamespace(state, call) },
  ])
