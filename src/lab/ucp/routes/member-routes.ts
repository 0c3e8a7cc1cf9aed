import * as z from 'zod'
import type { Account } from '../accounts.ts'
import type { Answer, Call } from '../call.ts'
import type { Membership } from '../organizations.ts'
import { pageOf } from '../paging.ts'
import { invalid, notFound, Refusal } from '../refusal.ts'
import type { Route } from '../router.ts'
import type { UcpState } from '../state.ts'
import { memberOf, membersOf, memberView, teamView } from './account-view.ts'
import { enziRoutes, pageAnswer, pageOfCall, requireOrgAdmin, requireOrgMember } from './enzi.ts'

export const MemberBody = z.object({ isAdmin: z.boolean().nullish() })

/** A page of members by user id, after the filter of the query. */
export const membersAnswer = (state: UcpState, call: Call, all: readonly Membership[]): Answer => {
  const filter = call.query.get('filter')
  const found = all.filter(({ isAdmin }) =>
    filter === 'admins' ? isAdmin : filter === 'non-admins' ? !isAdmin : true,
  )
  const page = pageOf(found, pageOfCall(state, call), ({ userId }) => userId)
  return pageAnswer('members', { ...page, items: page.items.map((one) => memberView(state, one)) })
}

export const notMember = (user: Account): Refusal =>
  notFound('NO_SUCH_MEMBER', `${user.name} is not a member.`)

const listedIn = (state: UcpState, call: Call): Account => {
  const organization = state.accounts.organization(call.param('org'))
  requireOrgMember(state, call.caller, organization)
  return organization
}

/** Everybody is in the everyone-org and stays there. */
const changed = (state: UcpState, call: Call): Account => {
  const organization = state.accounts.organization(call.param('org'))
  requireOrgAdmin(state, call.caller, organization)
  if (organization.id === state.everyone.id) throw invalid(`The members of ${organization.name} are fixed.`)
  return organization
}

const show = (state: UcpState, call: Call): Answer => {
  const organization = listedIn(state, call)
  const user = state.accounts.user(call.param('user'))
  const membership = memberOf(state, organization, user.id)
  if (membership === undefined) throw notMember(user)
  return { status: 200, body: memberView(state, membership) }
}

const put = async (state: UcpState, call: Call): Promise<Answer> => {
  const organization = changed(state, call)
  const user = state.accounts.user(call.param('user'))
  const { isAdmin } = await call.body(MemberBody)
  const adminsAreSynced = state.memberSync.ofAdmins(organization.id).enableSync
  if (adminsAreSynced && user.isImported && typeof isAdmin === 'boolean')
    throw new Refusal(state.switches.syncedMemberStatus, 'MEMBERS_SYNCED', 'Admins are synced with LDAP.')
  const membership = state.organizations.putMember(organization.id, user.id, isAdmin ?? undefined)
  return { status: 200, body: memberView(state, membership) }
}

const remove = (state: UcpState, call: Call): Answer => {
  const organization = changed(state, call)
  const user = state.accounts.user(call.param('user'))
  const syncedTeam = state.organizations
    .teams(organization.id)
    .find(
      (team) => state.memberSync.ofTeam(team.id).enableSync && user.isImported && isIn(state, team.id, user),
    )
  if (syncedTeam !== undefined)
    throw new Refusal(
      state.switches.syncedMemberStatus,
      'MEMBERS_SYNCED',
      `The members of ${syncedTeam.name} are synced with LDAP.`,
    )
  state.organizations.removeMember(organization.id, user.id)
  return { status: 204 }
}

const isIn = (state: UcpState, teamId: string, user: Account): boolean =>
  state.organizations.teamMember(teamId, user.id) !== undefined

const teams = (state: UcpState, call: Call): Answer => {
  const organization = listedIn(state, call)
  const user = state.accounts.user(call.param('user'))
  const found = state.organizations.teams(organization.id).flatMap((team) => {
    const membership = state.organizations.teamMember(team.id, user.id)
    return membership === undefined ? [] : [{ team, isAdmin: membership.isAdmin }]
  })
  const page = pageOf(found, pageOfCall(state, call), ({ team }) => team.name)
  return pageAnswer('memberTeams', {
    ...page,
    items: page.items.map(({ team, isAdmin }) => ({ team: teamView(state, team), isAdmin })),
  })
}

/** Members of organizations (reference §2.3). */
export const memberRoutes = (state: UcpState): Route[] =>
  enziRoutes([
    {
      method: 'GET',
      pattern: '/accounts/:org/members',
      handle: (call) => membersAnswer(state, call, membersOf(state, listedIn(state, call))),
    },
    { method: 'GET', pattern: '/accounts/:org/members/:user', handle: (call) => show(state, call) },
    { method: 'PUT', pattern: '/accounts/:org/members/:user', handle: (call) => put(state, call) },
    { method: 'DELETE', pattern: '/accounts/:org/members/:user', handle: (call) => remove(state, call) },
    { method: 'GET', pattern: '/accounts/:org/members/:user/teams', handle: (call) => teams(state, call) },
  ])
