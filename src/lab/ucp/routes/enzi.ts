import type { Caller } from '../access.ts'
import type { Account } from '../accounts.ts'
import type { Answer, Call } from '../call.ts'
import { type Page, type PageRequest, pageRequest } from '../paging.ts'
import { notAuthorized } from '../refusal.ts'
import type { Method, Route } from '../router.ts'
import type { UcpState } from '../state.ts'

interface EnziRoute {
  readonly method: Method
  readonly pattern: string
  readonly access?: Route['access']
  readonly handle: (call: Call) => Answer | Promise<Answer>
}

/** Routes of the accounts service: at the root and once more below `/enzi/v0` (reference §2). */
export const enziRoutes = (routes: readonly EnziRoute[]): Route[] =>
  ['', '/enzi/v0'].flatMap((prefix) =>
    routes.map((route) => ({
      method: route.method,
      pattern: `${prefix}${route.pattern}`,
      style: 'enzi' as const,
      access: route.access ?? 'user',
      handle: route.handle,
    })),
  )

export const pageOfCall = (state: UcpState, call: Call): PageRequest =>
  pageRequest(call.query, state.switches.limitZeroMeansAll)

/** One page under its name, with the markers that 3.2 adds. */
export const pageAnswer = (name: string, page: Page<unknown>): Answer => ({
  status: 200,
  body: { [name]: page.items, nextPageStart: page.nextPageStart, resourceCount: page.resourceCount },
})

/** @throws {Refusal} 403 unless the caller is an admin of the system or of the organization. */
export const requireOrgAdmin = (state: UcpState, caller: Caller, organization: Account): void => {
  if (caller.isAdmin || state.organizations.member(organization.id, caller.id)?.isAdmin === true) return
  throw notAuthorized()
}

/** @throws {Refusal} 403 unless the caller is an admin or in the organization. */
export const requireOrgMember = (state: UcpState, caller: Caller, organization: Account): void => {
  if (caller.isAdmin || state.organizations.member(organization.id, caller.id) !== undefined) return
  throw notAuthorized()
}

/** @throws {Refusal} 403 unless the caller is an admin or the account itself. */
export const requireSelf = (caller: Caller, account: Account): void => {
  if (!caller.isAdmin && caller.id !== account.id) throw notAuthorized()
}
