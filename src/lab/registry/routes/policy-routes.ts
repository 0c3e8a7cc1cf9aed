import * as z from 'zod'
import type { Answer, Call } from '../../ucp/call.ts'
import type { Route } from '../../ucp/router.ts'
import type { PromotionPolicy } from '../promotion-policies.ts'
import type { Rule } from '../promotion-rules.ts'
import { fullNameOf } from '../repositories.ts'
import type { RegistryState } from '../state.ts'
import { pageFor, pageHeaders, registryRoutes, repositoryParam } from './registry-route.ts'

const Rules = z.array(z.object({ field: z.string(), operator: z.string(), values: z.array(z.string()) }))

const NewPolicy = z.object({
  enabled: z.boolean().default(true),
  rules: Rules.default([]),
  targetRepository: z.string(),
  tagTemplate: z.string(),
})

const Changes = z.object({
  enabled: z.boolean().nullish(),
  rules: Rules.nullish(),
  targetRepository: z.string().nullish(),
  tagTemplate: z.string().nullish(),
})

/** The source, once the caller has shown to be its admin. */
const sourceOf = (state: RegistryState, call: Call): string =>
  fullNameOf(state.permissions.require(call.caller, repositoryParam(call), 'admin'))

const policyOf = (state: RegistryState, call: Call): PromotionPolicy =>
  state.policies.get(sourceOf(state, call), call.param('policy'))

const evaluated = (state: RegistryState, call: Call, policy: PromotionPolicy): PromotionPolicy => {
  if (call.flag('initialEvaluation', true)) state.evaluate(policy)
  return state.policies.get(policy.sourceRepository, policy.id)
}

const list = (state: RegistryState, call: Call): Answer => {
  const repository = sourceOf(state, call)
  const found = call.flag('source', true) ? state.policies.from(repository) : state.policies.into(repository)
  const page = pageFor(call, found, ({ id }) => id)
  return { status: 200, headers: pageHeaders(state, call, page), body: page.items }
}

const create = async (state: RegistryState, call: Call): Promise<Answer> => {
  const source = sourceOf(state, call)
  const settings = await call.body(NewPolicy)
  state.permissions.require(call.caller, settings.targetRepository, 'admin')
  const policy = state.policies.create(source, settings)
  return { status: 201, body: evaluated(state, call, policy) }
}

const given = (
  changes: z.infer<typeof Changes>,
): { enabled?: boolean; rules?: readonly Rule[]; targetRepository?: string; tagTemplate?: string } =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => (value ?? null) !== null))

const change = async (state: RegistryState, call: Call): Promise<Answer> => {
  const policy = policyOf(state, call)
  const changes = given(await call.body(Changes))
  state.permissions.require(call.caller, changes.targetRepository ?? policy.targetRepository, 'admin')
  return { status: 200, body: evaluated(state, call, state.policies.update(policy, changes)) }
}

/** Also 204 when there is none. */
const remove = (state: RegistryState, call: Call): Answer => {
  state.policies.remove(sourceOf(state, call), call.param('policy'))
  return { status: 204 }
}

/** Promotion policies (reference §8.6). */
export const policyRoutes = (state: RegistryState): Route[] => {
  const all = '/repositories/:namespace/:repository/promotionPolicies'
  const one = `${all}/:policy`
  return registryRoutes([
    { method: 'GET', pattern: all, handle: (call) => list(state, call) },
    { method: 'POST', pattern: all, handle: (call) => create(state, call) },
    { method: 'GET', pattern: one, handle: (call) => ({ status: 200, body: policyOf(state, call) }) },
    { method: 'PUT', pattern: one, handle: (call) => change(state, call) },
    { method: 'DELETE', pattern: one, handle: (call) => remove(state, call) },
  ])
}
