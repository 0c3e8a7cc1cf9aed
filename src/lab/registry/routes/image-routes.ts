import type { Answer, Call } from '../../ucp/call.ts'
import { notFound } from '../../ucp/refusal.ts'
import type { Route } from '../../ucp/router.ts'
import type { RegistryState } from '../state.ts'

/** What the store behind it says, to whoever may read the repository. Source: OCI distribution specification. */
const stored = async (state: RegistryState, store: string, call: Call, kind: string): Promise<Answer> => {
  const name = `${call.param('namespace')}/${call.param('repository')}`
  state.permissions.require(call.caller, name, 'read-only')
  const { accept = '*/*' } = call.request.headers
  const url = `${store}/v2/${name}/${kind}/${encodeURIComponent(call.param('reference'))}`
  const answer = await fetch(url, { headers: { accept } })
  const body = Buffer.from(await answer.arrayBuffer())
  if (!answer.ok)
    throw notFound(kind === 'blobs' ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN', 'It is not stored here.')
  return { status: 200, body, contentType: answer.headers.get('content-type') ?? 'application/octet-stream' }
}

/** Pulls of images that a distribution's registry keeps, as DTR keeps them in one behind its front door. */
export const imageRoutes = (state: RegistryState, store: string): Route[] =>
  ['manifests', 'blobs'].map((kind) => ({
    method: 'GET',
    pattern: `/v2/:namespace/:repository/${kind}/:reference`,
    style: 'enzi',
    access: 'user',
    handle: (call) => stored(state, store, call, kind),
  }))
