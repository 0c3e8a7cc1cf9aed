import * as z from 'zod'
import { type Operations, operationCatalogue } from '../../../core/ucp-operations.ts'
import type { Account } from '../accounts.ts'
import { noSuchAccount } from '../accounts.ts'
import type { Answer, Call } from '../call.ts'
import type { Route } from '../router.ts'
import type { UcpState } from '../state.ts'
import { collectionView, seenCollection } from './collection-routes.ts'
import { requireSelf } from './enzi.ts'

const Chosen = z.object({ id: z.string() })

const userOf = (state: UcpState, call: Call): Account => {
  const given = call.param('user')
  const user = state.accounts.user(given)
  if (user.id !== given && !state.switches.defaultCollectionAcceptsNames) throw noSuchAccount(given)
  requireSelf(call.caller, user)
  return user
}

const choose = async (state: UcpState, call: Call): Promise<Answer> => {
  const user = userOf(state, call)
  const { id } = await call.body(Chosen)
  state.chooseDefaultCollection(user.id, seenCollection(state, call.caller, id).id)
  return { status: 201 }
}

const reset = (state: UcpState, call: Call): Answer => {
  state.resetDefaultCollection(userOf(state, call).id)
  return { status: 204 }
}

const effectiveRole = (state: UcpState, call: Call, collectionId?: string): Record<string, unknown> => {
  const operations: Operations = call.caller.isAdmin
    ? operationCatalogue
    : state.rbac.effectiveOperations(call.caller, collectionId)
  return { id: '', name: '', system_role: false, operations }
}

const totalRole = (state: UcpState, call: Call): Answer => {
  const role = effectiveRole(state, call)
  return { status: 200, body: state.switches.totalRoleAsArray ? [role] : role }
}

const roleOnDefault = (state: UcpState, call: Call): Answer => ({
  status: 200,
  body: effectiveRole(state, call, state.rbac.defaultCollection(call.caller).id),
})

/** Where a user's unlabelled resources go, and what callers may do (reference §3.4). */
export const defaultCollectionRoutes = (state: UcpState): Route[] => {
  const own = { style: 'native', access: 'user', pattern: '/defaultCollection/:user' } as const
  return [
    {
      ...own,
      method: 'GET',
      handle: (call) => ({
        status: 200,
        body: collectionView(state.defaultCollection(userOf(state, call).id)),
      }),
    },
    { ...own, method: 'PUT', handle: (call) => choose(state, call) },
    { ...own, method: 'DELETE', handle: (call) => reset(state, call) },
    {
      method: 'GET',
      pattern: '/defaultCollectionRole',
      style: 'native',
      access: 'user',
      handle: (call) => roleOnDefault(state, call),
    },
    {
      method: 'GET',
      pattern: '/totalRole',
      style: 'native',
      access: 'user',
      handle: (call) => totalRole(state, call),
    },
  ]
}
