import type { Authority } from '../../certificates.ts'
import { issueKeys } from '../bundles.ts'
import type { Answer, Call } from '../call.ts'
import { bundleFileName, bundleZip } from '../client-bundle.ts'
import type { Method, Route } from '../router.ts'
import type { UcpState } from '../state.ts'

export interface BundleSource {
  readonly authority: Authority
  /** `host:port` of UCP; known once it listens. */
  readonly host: () => string
}

const download = async (state: UcpState, source: BundleSource, call: Call): Promise<Answer> => {
  const account = state.accounts.get(call.caller.id)
  const keys = await issueKeys(state, source.authority, account, call.query.get('label') ?? undefined)
  const content = {
    user: account.name,
    host: source.host(),
    certificateAuthority: source.authority.certificate,
    keys,
  }
  return {
    status: 200,
    contentType: 'application/zip',
    headers: { 'content-disposition': `attachment; filename="${bundleFileName(content)}"` },
    body: bundleZip(content),
  }
}

/** Client bundles: each call makes a new key pair, the GET too; a label is the POST's (reference §1.4). */
export const bundleRoutes = (state: UcpState, source: BundleSource): Route[] =>
  (['GET', 'POST'] as const satisfies readonly Method[]).map((method) => ({
    method,
    pattern: '/api/clientbundle',
    style: 'native',
    access: 'user',
    handle: (call) => download(state, source, call),
  }))
