import * as z from 'zod'
import type { Caller } from '../access.ts'
import type { Account } from '../accounts.ts'
import type { Answer, Call } from '../call.ts'
import { pageOf } from '../paging.ts'
import { shortestPassword } from '../passwords.ts'
import { invalid, notAuthorized } from '../refusal.ts'
import type { Route } from '../router.ts'
import type { UcpState } from '../state.ts'
import { accountView, memberOf } from './account-view.ts'
import { enziRoutes, pageAnswer, pageOfCall, requireOrgAdmin, requireSelf } from './enzi.ts'

const NewAccount = z.object({
  name: z.string(),
  fullName: z.string().nullish(),
  password: z.string().nullish(),
  isOrg: z.boolean().nullish(),
  isAdmin: z.boolean().nullish(),
  isActive: z.boolean().nullish(),
  searchLDAP: z.boolean().nullish(),
})
type NewAccount = z.infer<typeof NewAccount>

const Changes = z.object({
  fullName: z.string().nullish(),
  isActive: z.boolean().nullish(),
  isAdmin: z.boolean().nullish(),
})

const PasswordChange = z.object({ oldPassword: z.string().nullish(), newPassword: z.string() })

const filters = new Map<string, (account: Account) => boolean>([
  ['users', (account) => !account.isOrg],
  ['orgs', (account) => account.isOrg],
  ['admins', (account) => !account.isOrg && account.isAdmin],
  ['non-admins', (account) => !account.isOrg && !account.isAdmin],
  ['active-users', (account) => !account.isOrg && account.isActive],
  ['inactive-users', (account) => !account.isOrg && !account.isActive],
])

/** An unknown filter is `all` (reference §10.1, defect 6). */
const filterOf = (call: Call): ((account: Account) => boolean) => {
  const byKind = filters.get(call.query.get('filter') ?? 'all') ?? (() => true)
  const text = (call.query.get('contains') ?? '').toLowerCase()
  const contains = (account: Account): boolean =>
    account.name.toLowerCase().includes(text) || account.fullName.toLowerCase().includes(text)
  return (account) => byKind(account) && contains(account)
}

/** The marker orders, and names one account among those of one full name. */
const orderOf = (call: Call): { markerOf: (account: Account) => string; descending: boolean } => {
  const order = call.query.get('order') ?? 'name'
  const descending = order.startsWith('-')
  const byFullName = order.replace(/^[-+ ]/, '') === 'fullName'
  return {
    descending,
    markerOf: (account) => (byFullName ? `${account.fullName} ${account.id}` : account.name),
  }
}

const list = (state: UcpState, call: Call): Answer => {
  if (!call.caller.isAdmin && !state.switches.accountsVisibleToUsers) throw notAuthorized()
  const { markerOf, descending } = orderOf(call)
  const found = state.accounts.all().filter(filterOf(call))
  const page = pageOf(found, pageOfCall(state, call), markerOf, descending)
  const all = state.accounts.all()
  const orgsCount = all.filter((account) => account.isOrg).length
  return {
    status: 200,
    body: {
      accounts: page.items.map((account) => accountView(state, account)),
      usersCount: all.length - orgsCount,
      orgsCount,
      resourceCount: page.resourceCount,
      nextPageStart: page.nextPageStart,
    },
  }
}

/** Admins, the account itself, fellow members of an organization (reference §2.2, from 3.1.6). */
const maySee = (state: UcpState, caller: Caller, account: Account): boolean => {
  if (caller.isAdmin || caller.id === account.id || state.switches.accountsVisibleToUsers) return true
  if (account.isOrg) return memberOf(state, account, caller.id) !== undefined
  const own = new Set(state.organizations.organizationIdsOf(caller.id))
  return state.organizations.organizationIdsOf(account.id).some((id) => own.has(id))
}

const show = (state: UcpState, call: Call): Answer => {
  const account = state.accounts.get(call.param('account'))
  if (!maySee(state, call.caller, account)) throw notAuthorized()
  return { status: 200, body: accountView(state, account) }
}

const checkedPassword = (password: string): string => {
  if (password.length < shortestPassword)
    throw invalid(`A password has at least ${shortestPassword} characters.`, 'INVALID_PASSWORD')
  return password
}

const createUser = (state: UcpState, given: NewAccount): Account => {
  const password = checkedPassword(given.password ?? '')
  return state.addUser({
    name: given.name,
    fullName: given.fullName ?? '',
    isAdmin: given.isAdmin ?? false,
    isActive: given.isActive ?? true,
    password,
  })
}

const createFromDirectory = (state: UcpState, name: string): Account => {
  if (state.accounts.find(name) !== undefined) return state.accounts.create({ name })
  const account = state.memberSync.importUser(name)
  if (account === undefined)
    throw invalid(`The directory has no user ${JSON.stringify(name)}.`, 'NO_SUCH_LDAP_USER')
  return account
}

const create = async (state: UcpState, call: Call): Promise<Answer> => {
  const given = await call.body(NewAccount)
  const account =
    given.isOrg === true
      ? state.accounts.create({ name: given.name, fullName: given.fullName ?? '', isOrg: true })
      : given.searchLDAP === true
        ? createFromDirectory(state, given.name)
        : createUser(state, given)
  return { status: 201, body: accountView(state, account) }
}

const requireMayChange = (state: UcpState, caller: Caller, account: Account): void =>
  account.isOrg ? requireOrgAdmin(state, caller, account) : requireSelf(caller, account)

const change = async (state: UcpState, call: Call): Promise<Answer> => {
  const account = state.accounts.get(call.param('account'))
  requireMayChange(state, call.caller, account)
  const { fullName, isActive, isAdmin } = await call.body(Changes)
  const asksForUserFlags = (isActive ?? null) !== null || (isAdmin ?? null) !== null
  if (asksForUserFlags && account.isOrg) throw invalid('isActive and isAdmin are for users.')
  if (asksForUserFlags && !call.caller.isAdmin) throw notAuthorized()
  const updated = state.accounts.update(account.id, {
    ...(typeof fullName === 'string' ? { fullName } : {}),
    ...(typeof isActive === 'boolean' ? { isActive } : {}),
    ...(typeof isAdmin === 'boolean' ? { isAdmin } : {}),
  })
  return { status: 200, body: accountView(state, updated) }
}

const remove = (state: UcpState, call: Call): Answer => {
  state.removeAccount(state.accounts.get(call.param('account')))
  return { status: 204 }
}

/** An admin may leave the old password out for another user (reference §2.2). */
const changePassword = async (state: UcpState, call: Call): Promise<Answer> => {
  const account = state.accounts.user(call.param('account'))
  requireSelf(call.caller, account)
  if (account.isImported) throw invalid('The directory keeps the passwords of its users.', 'IMPORTED_USER')
  const { oldPassword, newPassword } = await call.body(PasswordChange)
  const mustProve = !call.caller.isAdmin || call.caller.id === account.id
  if (mustProve && !state.passwords.matches(account.id, oldPassword ?? ''))
    throw invalid('The old password is wrong.', 'PASSWORD_INCORRECT')
  state.passwords.set(account.id, checkedPassword(newPassword))
  return { status: 200, body: accountView(state, account) }
}

const organizations = (state: UcpState, call: Call): Answer => {
  const account = state.accounts.user(call.param('account'))
  requireSelf(call.caller, account)
  const ids = [...state.organizations.organizationIdsOf(account.id), state.everyone.id]
  const page = pageOf(ids, pageOfCall(state, call), (id) => id)
  return pageAnswer('memberOrgs', {
    ...page,
    items: page.items.map((id) => ({
      org: accountView(state, state.accounts.get(id)),
      isAdmin: state.organizations.member(id, account.id)?.isAdmin ?? false,
    })),
  })
}

const Bulk = z.object({
  operations: z.array(z.object({ op: z.string(), ref: z.string(), value: z.unknown().optional() })),
})

/** The names of the operations are not published (reference §2.2): each result says so. */
const bulk = async (call: Call): Promise<Answer> => {
  const { operations } = await call.body(Bulk)
  const results = operations.map(({ op, ref }) => ({
    op,
    ref,
    success: false,
    error: `unknown operation ${op}`,
  }))
  return { status: 200, body: { results } }
}

/** Users and organizations (reference §2.2). */
export const accountRoutes = (state: UcpState): Route[] =>
  enziRoutes([
    { method: 'GET', pattern: '/accounts', handle: (call) => list(state, call) },
    { method: 'POST', pattern: '/accounts', access: 'admin', handle: (call) => create(state, call) },
    { method: 'PATCH', pattern: '/accounts', access: 'admin', handle: bulk },
    { method: 'GET', pattern: '/accounts/:account', handle: (call) => show(state, call) },
    { method: 'PATCH', pattern: '/accounts/:account', handle: (call) => change(state, call) },
    {
      method: 'DELETE',
      pattern: '/accounts/:account',
      access: 'admin',
      handle: (call) => remove(state, call),
    },
    {
      method: 'POST',
      pattern: '/accounts/:account/changePassword',
      handle: (call) => changePassword(state, call),
    },
    {
      method: 'GET',
      pattern: '/accounts/:account/organizations',
      handle: (call) => organizations(state, call),
    },
  ])
