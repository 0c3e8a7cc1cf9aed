import type { Answer, Call } from '../call.ts'
import type { Route } from '../router.ts'
import type { UcpState } from '../state.ts'

const replace = async (state: UcpState, call: Call): Promise<Answer> => {
  state.configure(await call.text())
  return {
    status: 200,
    body: { message: 'Calling the UCP cluster to apply the new configuration settings.' },
  }
}

/** The configuration file as TOML, whole in and out, for admins (reference §9.1). */
export const configurationRoutes = (state: UcpState): Route[] => {
  const own = { pattern: '/api/ucp/config-toml', style: 'native', access: 'admin' } as const
  return [
    {
      ...own,
      method: 'GET',
      handle: () => ({
        status: 200,
        contentType: 'application/toml',
        body: state.configuration.toml(),
      }),
    },
    { ...own, method: 'PUT', handle: (call) => replace(state, call) },
  ]
}
