import type { Caller } from '../access.ts'
import { noSuchAccount } from '../accounts.ts'
import type { Answer, Call } from '../call.ts'
import { type Grant, grantKey } from '../grants.ts'
import { pageOf, pageRequest } from '../paging.ts'
import { invalid, notFound } from '../refusal.ts'
import type { Route } from '../router.ts'
import type { UcpState } from '../state.ts'
import { accountView, teamView } from './account-view.ts'

const subjectTypes = new Set(['all', 'anonymous', 'authenticated', 'org', 'team', 'user', 'agent'])

const subjectType = (state: UcpState, id: string): string | undefined => {
  if (state.organizations.teamById(id) !== undefined) return 'team'
  const account = state.accounts.find(id)
  if (account?.id !== id) return undefined
  return account.isOrg ? 'org' : 'user'
}

const subjectView = (state: UcpState, id: string): Record<string, unknown> => {
  const team = state.organizations.teamById(id)
  if (team !== undefined) return { id, subject_type: 'team', team: teamView(state, team) }
  const account = state.accounts.find(id)
  if (account === undefined) return { id, subject_type: 'user' }
  return { id, subject_type: account.isOrg ? 'org' : 'user', account: accountView(state, account) }
}

/** Of these subjects, or of all; others than admins see what concerns themselves. */
const visible = (
  state: UcpState,
  caller: Caller,
  wanted: ReadonlySet<string> | undefined,
): readonly Grant[] => {
  if (caller.isAdmin && wanted === undefined) return state.grants.all()
  const subjects = caller.isAdmin ? [...(wanted ?? [])] : state.subjectsOf(caller.id)
  return subjects
    .filter((subject) => wanted === undefined || wanted.has(subject))
    .flatMap((subject) => state.grants.ofSubject(subject))
}

/** The subjects that the query asks for; undefined for all of them. */
const wantedSubjects = (state: UcpState, call: Call): ReadonlySet<string> | undefined => {
  const id = call.query.get('subjectID') ?? ''
  if (id === '') return undefined
  const expands = call.flag('expandUser', false) && subjectType(state, id) === 'user'
  return new Set(expands ? state.subjectsOf(id) : [id])
}

const filtered = (state: UcpState, call: Call): Grant[] => {
  const object = call.query.get('objectID') ?? ''
  const role = call.query.get('roleID') ?? ''
  const type = call.query.get('subjectType') || 'all'
  if (!subjectTypes.has(type)) throw invalid(`Unknown subjectType ${JSON.stringify(type)}.`)
  return visible(state, call.caller, wantedSubjects(state, call)).filter(
    (grant) =>
      (object === '' || grant.objectID === object) &&
      (role === '' || grant.roleID === role) &&
      (type === 'all' || subjectType(state, grant.subjectID) === type),
  )
}

const list = (state: UcpState, call: Call): Answer => {
  const request = pageRequest(call.query, state.switches.limitZeroMeansAll)
  const page = pageOf(filtered(state, call), request, grantKey)
  const showPaths = call.flag('showPaths', false)
  const grants = page.items.map((grant) =>
    showPaths ? { ...grant, collectionPath: state.collections.find(grant.objectID)?.path ?? '' } : grant,
  )
  const subjects = [...new Set(page.items.map((grant) => grant.subjectID))]
  return {
    status: 200,
    body: {
      grants: grants.length === 0 && state.switches.emptyGrantsAreNull ? null : grants,
      subjects: subjects.map((id) => subjectView(state, id)),
      nextPageStart: page.nextPageStart,
      resourceCount: page.resourceCount,
    },
  }
}

const grantOf = (call: Call): Grant => ({
  subjectID: call.param('subject'),
  objectID: call.param('object'),
  roleID: call.param('role'),
})

const put = (state: UcpState, call: Call): Answer => {
  const grant = grantOf(call)
  if (state.switches.grantOfUnknownIds === 'refuse') {
    if (subjectType(state, grant.subjectID) === undefined) throw noSuchAccount(grant.subjectID)
    state.collections.get(grant.objectID)
    state.roles.get(grant.roleID)
  }
  state.grants.put(grant)
  return { status: 201 }
}

const remove = (state: UcpState, call: Call): Answer => {
  const removed = state.grants.remove(grantOf(call))
  if (!removed && state.switches.missingGrantDeleteStatus === 404)
    throw notFound('NO_SUCH_GRANT', 'No such grant exists.')
  return { status: 204 }
}

/** Grants (reference §5). */
export const grantRoutes = (state: UcpState): Route[] => {
  const pattern = '/collectionGrants/:subject/:object/:role'
  return [
    {
      method: 'GET',
      pattern: '/collectionGrants',
      style: 'native',
      access: 'user',
      handle: (call) => list(state, call),
    },
    { method: 'PUT', pattern, style: 'native', access: 'admin', handle: (call) => put(state, call) },
    { method: 'DELETE', pattern, style: 'native', access: 'admin', handle: (call) => remove(state, call) },
  ]
}
