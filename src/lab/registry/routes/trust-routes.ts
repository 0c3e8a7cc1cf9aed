import type { Answer, Call } from '../../ucp/call.ts'
import { notFound } from '../../ucp/refusal.ts'
import type { Route } from '../../ucp/router.ts'
import type { RegistryState } from '../state.ts'

/** `root.json`, or below `targets/` a delegation's. Source: Notary's HTTP API; reference §8.9. */
const document = (state: RegistryState, call: Call, prefix: string): Answer => {
  const name = `${call.param('namespace')}/${call.param('repository')}`
  const missing = notFound('METADATA_NOT_FOUND', 'You have requested metadata that does not exist.')
  if (call.param('host') !== state.host) throw missing
  const repository = state.permissions.require(call.caller, name, 'read-only')
  const role = `${prefix}${call.param('role').replace(/\.json$/, '')}`
  const bytes = state.trustDocuments(repository).get(role)
  if (bytes === undefined) throw missing
  return { status: 200, body: bytes, contentType: 'application/json; charset=utf-8' }
}

/** A pull token for whoever knows the password. Source: registry protocol, token authentication. */
const token = (state: RegistryState, call: Call): Answer => ({
  status: 200,
  body: { token: state.pullTokens.issue(call.caller.name) },
})

const tuf = '/v2/:host/:namespace/:repository/_trust/tuf'

/** The trust data beside the images, and the tokens that it is asked with. */
export const trustRoutes = (state: RegistryState): Route[] => {
  const route = (pattern: string, handle: (call: Call) => Answer): Route => ({
    method: 'GET',
    pattern,
    style: 'enzi',
    access: 'user',
    handle,
  })
  return [
    route('/auth/token', (call) => token(state, call)),
    route(`${tuf}/:role`, (call) => document(state, call, '')),
    route(`${tuf}/targets/:role`, (call) => document(state, call, 'targets/')),
  ]
}
