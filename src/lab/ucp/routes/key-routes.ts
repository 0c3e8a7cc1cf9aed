import * as z from 'zod'
import type { Account } from '../accounts.ts'
import type { Answer, Call } from '../call.ts'
import { pageOf } from '../paging.ts'
import type { PublicKey } from '../public-keys.ts'
import type { Route } from '../router.ts'
import type { UcpState } from '../state.ts'
import { enziRoutes, pageAnswer, pageOfCall, requireSelf } from './enzi.ts'

const Certificates = z.array(z.object({ label: z.string(), cert: z.string() }))
const NewKey = z.object({
  publicKey: z.string(),
  label: z.string().nullish(),
  certificates: Certificates.nullish(),
})
const KeyChanges = z.object({ label: z.string().nullish(), certificates: Certificates.nullish() })

const keyView = (key: PublicKey): Record<string, unknown> => ({
  id: key.id,
  accountID: key.accountId,
  publicKey: key.publicKey,
  label: key.label,
  certificates: key.certificates,
})

const ownerOf = (state: UcpState, call: Call): Account => {
  const account = state.accounts.user(call.param('account'))
  requireSelf(call.caller, account)
  return account
}

const keyOf = (state: UcpState, call: Call): PublicKey =>
  state.publicKeys.get(ownerOf(state, call).id, call.param('key'))

const list = (state: UcpState, call: Call): Answer => {
  const keys = state.publicKeys.ofAccount(ownerOf(state, call).id)
  const page = pageOf(keys, pageOfCall(state, call), ({ id }) => id)
  return pageAnswer('accountPublicKeys', { ...page, items: page.items.map(keyView) })
}

const create = async (state: UcpState, call: Call): Promise<Answer> => {
  const account = ownerOf(state, call)
  const given = await call.body(NewKey)
  const key = state.publicKeys.add(account.id, {
    publicKey: given.publicKey,
    label: given.label ?? '',
    certificates: given.certificates ?? [],
  })
  return { status: 201, body: keyView(key) }
}

const change = async (state: UcpState, call: Call): Promise<Answer> => {
  const key = keyOf(state, call)
  const { label, certificates } = await call.body(KeyChanges)
  const updated = state.publicKeys.update(key, {
    ...(typeof label === 'string' ? { label } : {}),
    ...(Array.isArray(certificates) ? { certificates } : {}),
  })
  return { status: 200, body: keyView(updated) }
}

const remove = (state: UcpState, call: Call): Answer => {
  state.publicKeys.remove(keyOf(state, call))
  return { status: 204 }
}

/** Public keys of accounts; there is no call for one alone (reference §1.4). */
export const keyRoutes = (state: UcpState): Route[] => {
  const all = '/accounts/:account/publicKeys'
  const one = `${all}/:key`
  return enziRoutes([
    { method: 'GET', pattern: all, handle: (call) => list(state, call) },
    { method: 'POST', pattern: all, handle: (call) => create(state, call) },
    { method: 'PATCH', pattern: one, handle: (call) => change(state, call) },
    { method: 'DELETE', pattern: one, handle: (call) => remove(state, call) },
  ])
}
