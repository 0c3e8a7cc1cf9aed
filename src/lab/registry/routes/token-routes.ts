import * as z from 'zod'
import type { Account } from '../../ucp/accounts.ts'
import type { Answer, Call } from '../../ucp/call.ts'
import type { Route } from '../../ucp/router.ts'
import { requireSelf } from '../../ucp/routes/enzi.ts'
import type { ApiToken } from '../api-tokens.ts'
import type { RegistryState } from '../state.ts'
import { pageFor, pageHeaders, registryRoutes } from './registry-route.ts'

const NewToken = z.object({ tokenLabel: z.string().default('') })
const Changes = z.object({ isActive: z.boolean().nullish(), tokenLabel: z.string().nullish() })

const tokenView = ({ accountId: _, ...shown }: ApiToken): Record<string, unknown> => shown

/** The user that the query names, else the caller. */
const ownerOf = (state: RegistryState, call: Call): Account => {
  const user = state.ucp.accounts.user(call.query.get('username') || call.caller.id)
  requireSelf(call.caller, user)
  return user
}

const tokenOf = (state: RegistryState, call: Call): ApiToken => {
  const token = state.apiTokens.get(call.param('token'))
  requireSelf(call.caller, state.ucp.accounts.get(token.accountId))
  return token
}

const list = (state: RegistryState, call: Call): Answer => {
  const page = pageFor(call, state.apiTokens.ofAccount(ownerOf(state, call).id), (one) => one.hashedToken)
  return { status: 200, headers: pageHeaders(state, call, page), body: page.items.map(tokenView) }
}

/** The only answer that holds a token. */
const create = async (state: RegistryState, call: Call): Promise<Answer> => {
  const user = ownerOf(state, call)
  const { tokenLabel } = await call.body(NewToken)
  const { token, record } = state.apiTokens.create({
    accountId: user.id,
    tokenLabel,
    createdAt: state.time(),
    generatedBy: call.caller.name,
    creatorUa: call.request.headers['user-agent'] ?? '',
  })
  return { status: 200, body: { token, ...tokenView(record) } }
}

const change = async (state: RegistryState, call: Call): Promise<Answer> => {
  const token = tokenOf(state, call)
  const { isActive, tokenLabel } = await call.body(Changes)
  const updated = state.apiTokens.update(token, {
    ...(typeof isActive === 'boolean' ? { isActive } : {}),
    ...(typeof tokenLabel === 'string' ? { tokenLabel } : {}),
  })
  return { status: 200, body: tokenView(updated) }
}

const remove = (state: RegistryState, call: Call): Answer => {
  state.apiTokens.remove(tokenOf(state, call))
  return { status: 204 }
}

const removeAll = (state: RegistryState, call: Call): Answer => {
  for (const token of state.apiTokens.ofAccount(ownerOf(state, call).id)) state.apiTokens.remove(token)
  return { status: 204 }
}

/** Access tokens (reference §8.1). */
export const tokenRoutes = (state: RegistryState): Route[] =>
  registryRoutes([
    { method: 'GET', pattern: '/api_tokens', handle: (call) => list(state, call) },
    { method: 'POST', pattern: '/api_tokens', handle: (call) => create(state, call) },
    { method: 'DELETE', pattern: '/api_tokens', handle: (call) => removeAll(state, call) },
    {
      method: 'GET',
      pattern: '/api_tokens/:token',
      handle: (call) => ({ status: 200, body: tokenView(tokenOf(state, call)) }),
    },
    { method: 'PATCH', pattern: '/api_tokens/:token', handle: (call) => change(state, call) },
    { method: 'DELETE', pattern: '/api_tokens/:token', handle: (call) => remove(state, call) },
  ])
