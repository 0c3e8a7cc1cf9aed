import * as z from 'zod'
import type { Account } from '../accounts.ts'
import type { Call } from '../call.ts'
import { bearerToken } from '../identity.ts'
import { Refusal } from '../refusal.ts'
import type { Route } from '../router.ts'
import type { UcpState } from '../state.ts'
import { accountView } from './account-view.ts'
import { enziRoutes } from './enzi.ts'

const Credentials = z.object({
  username: z.string().default(''),
  password: z.string().default(''),
  token: z.string().nullish(),
})

const verified = async (state: UcpState, call: Call): Promise<Account> => {
  const { username, password } = await call.body(Credentials)
  const account = state.verified(username, password)
  if (account === undefined) throw new Refusal(401, 'NOT_AUTHENTICATED', 'unauthorized')
  return account
}

const logout = (state: UcpState, call: Call): void => {
  const token = bearerToken(call.request.headers.authorization ?? '')
  if (token !== undefined) state.sessions.close(token)
}

/** Sessions (reference §1.1). */
export const loginRoutes = (state: UcpState): Route[] => [
  {
    method: 'POST',
    pattern: '/auth/login',
    style: 'native',
    access: 'anyone',
    handle: async (call) => ({
      status: 200,
      body: { auth_token: state.openSession(await verified(state, call)) },
    }),
  },
  ...enziRoutes([
    {
      method: 'POST',
      pattern: '/id/login',
      access: 'anyone',
      handle: async (call) => {
        const account = await verified(state, call)
        const sessionToken = state.openSession(account)
        return { status: 200, body: { account: accountView(state, account), sessionToken } }
      },
    },
    {
      method: 'POST',
      pattern: '/id/logout',
      handle: (call) => {
        logout(state, call)
        return { status: 204 }
      },
    },
    {
      method: 'GET',
      pattern: '/id',
      handle: (call) => ({
        status: 200,
        body: accountView(state, state.accounts.get(call.caller.id)),
      }),
    },
  ]),
]
