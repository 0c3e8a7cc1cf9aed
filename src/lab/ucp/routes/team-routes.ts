import * as z from 'zod'
import type { Account } from '../accounts.ts'
import type { Answer, Call } from '../call.ts'
import type { Team } from '../organizations.ts'
import { pageOf } from '../paging.ts'
import { Refusal } from '../refusal.ts'
import type { Route } from '../router.ts'
import type { UcpState } from '../state.ts'
import { memberView, teamView } from './account-view.ts'
import { enziRoutes, pageAnswer, pageOfCall, requireOrgAdmin, requireOrgMember } from './enzi.ts'
import { MemberBody, membersAnswer, notMember } from './member-routes.ts'

const NewTeam = z.object({ name: z.string(), description: z.string().nullish() })
const TeamChanges = z.object({ name: z.string().nullish(), description: z.string().nullish() })

interface Found {
  readonly organization: Account
  readonly team: Team
}

const listedIn = (state: UcpState, call: Call): Account => {
  const organization = state.accounts.organization(call.param('org'))
  requireOrgMember(state, call.caller, organization)
  return organization
}

const administered = (state: UcpState, call: Call): Account => {
  const organization = state.accounts.organization(call.param('org'))
  requireOrgAdmin(state, call.caller, organization)
  return organization
}

const seen = (state: UcpState, call: Call): Found => {
  const organization = listedIn(state, call)
  return { organization, team: state.organizations.team(organization.id, call.param('team')) }
}

/** An admin of the team may change its members besides those of the organization. */
const membersChanged = (state: UcpState, call: Call): Found => {
  const organization = state.accounts.organization(call.param('org'))
  const team = state.organizations.team(organization.id, call.param('team'))
  if (state.organizations.teamMember(team.id, call.caller.id)?.isAdmin !== true)
    requireOrgAdmin(state, call.caller, organization)
  return { organization, team }
}

const requireByHand = (state: UcpState, team: Team, user: Account): void => {
  if (!user.isImported || !state.memberSync.ofTeam(team.id).enableSync) return
  throw new Refusal(
    state.switches.syncedMemberStatus,
    'MEMBERS_SYNCED',
    `The members of ${team.name} are synced with LDAP.`,
  )
}

const list = (state: UcpState, call: Call): Answer => {
  const teams = state.organizations.teams(listedIn(state, call).id)
  const page = pageOf(teams, pageOfCall(state, call), ({ name }) => name)
  return pageAnswer('teams', { ...page, items: page.items.map((team) => teamView(state, team)) })
}

const create = async (state: UcpState, call: Call): Promise<Answer> => {
  const organization = administered(state, call)
  const { name, description } = await call.body(NewTeam)
  const team = state.organizations.createTeam(organization.id, name, description ?? '')
  return { status: 201, body: teamView(state, team) }
}

const change = async (state: UcpState, call: Call): Promise<Answer> => {
  const organization = administered(state, call)
  const team = state.organizations.team(organization.id, call.param('team'))
  const { name, description } = await call.body(TeamChanges)
  const updated = state.organizations.updateTeam(team, {
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof description === 'string' ? { description } : {}),
  })
  return { status: 200, body: teamView(state, updated) }
}

const remove = (state: UcpState, call: Call): Answer => {
  const organization = administered(state, call)
  state.removeTeam(state.organizations.team(organization.id, call.param('team')))
  return { status: 204 }
}

const showMember = (state: UcpState, call: Call): Answer => {
  const { team } = seen(state, call)
  const user = state.accounts.user(call.param('user'))
  const membership = state.organizations.teamMember(team.id, user.id)
  if (membership === undefined) throw notMember(user)
  return { status: 200, body: memberView(state, membership) }
}

const putMember = async (state: UcpState, call: Call): Promise<Answer> => {
  const { team } = membersChanged(state, call)
  const user = state.accounts.user(call.param('user'))
  requireByHand(state, team, user)
  const { isAdmin } = await call.body(MemberBody)
  const membership = state.organizations.putTeamMember(team, user.id, isAdmin ?? undefined)
  return { status: 200, body: memberView(state, membership) }
}

const removeMember = (state: UcpState, call: Call): Answer => {
  const { team } = membersChanged(state, call)
  const user = state.accounts.user(call.param('user'))
  requireByHand(state, team, user)
  state.organizations.removeTeamMember(team.id, user.id)
  return { status: 204 }
}

const teamPattern = '/accounts/:org/teams/:team'

/** Teams and their members (reference §2.4). */
export const teamRoutes = (state: UcpState): Route[] =>
  enziRoutes([
    { method: 'GET', pattern: '/accounts/:org/teams', handle: (call) => list(state, call) },
    { method: 'POST', pattern: '/accounts/:org/teams', handle: (call) => create(state, call) },
    {
      method: 'GET',
      pattern: teamPattern,
      handle: (call) => ({ status: 200, body: teamView(state, seen(state, call).team) }),
    },
    { method: 'PATCH', pattern: teamPattern, handle: (call) => change(state, call) },
    { method: 'DELETE', pattern: teamPattern, handle: (call) => remove(state, call) },
    {
      method: 'GET',
      pattern: `${teamPattern}/members`,
      handle: (call) =>
        membersAnswer(state, call, state.organizations.teamMembers(seen(state, call).team.id)),
    },
    { method: 'GET', pattern: `${teamPattern}/members/:user`, handle: (call) => showMember(state, call) },
    { method: 'PUT', pattern: `${teamPattern}/members/:user`, handle: (call) => putMember(state, call) },
    {
      method: 'DELETE',
      pattern: `${teamPattern}/members/:user`,
      handle: (call) => removeMember(state, call),
    },
  ])
