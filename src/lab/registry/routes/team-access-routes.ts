import * as z from 'zod'
import type { Account } from '../../ucp/accounts.ts'
import type { Answer, Call } from '../../ucp/call.ts'
import type { Team } from '../../ucp/organizations.ts'
import { invalid, notFound } from '../../ucp/refusal.ts'
import type { Route } from '../../ucp/router.ts'
import { accountView } from '../../ucp/routes/account-view.ts'
import { requireOrgMember, requireSelf } from '../../ucp/routes/enzi.ts'
import { type AccessLevel, accessLevels } from '../levels.ts'
import type { Repository } from '../repositories.ts'
import type { RegistryState } from '../state.ts'
import { pageFor, pageHeaders, registryRoutes, repositoryParam } from './registry-route.ts'

const Access = z.object({ accessLevel: z.enum(accessLevels) })

/** A team by its id alone (reference §8.3). */
const teamView = (state: RegistryState, call: Call, teamId: string): Record<string, unknown> => ({
  id: teamId,
  clientUserIsMember: state.ucp.organizations.teamMember(teamId, call.caller.id) !== undefined,
})

/** Levels of teams that still exist: UCP may have deleted some behind the registry's back. */
const accessList = (
  state: RegistryState,
  call: Call,
  levels: ReadonlyMap<string, AccessLevel>,
): Record<string, unknown>[] =>
  [...levels]
    .filter(([teamId]) => state.ucp.organizations.teamById(teamId) !== undefined)
    .map(([teamId, accessLevel]) => ({ accessLevel, team: teamView(state, call, teamId) }))

const administered = (state: RegistryState, call: Call): Repository => {
  const repository = state.permissions.require(call.caller, repositoryParam(call), 'admin')
  if (repository.namespaceType === 'user')
    throw invalid('A repository of a user has no team access.', 'INVALID_PARAMETERS')
  return repository
}

/** @throws {Refusal} 400 for a team of another organization, 404 NO_SUCH_TEAM. */
const teamOf = (state: RegistryState, organization: Account, nameOrId: string): Team => {
  const foreign = state.ucp.organizations.teamById(nameOrId)
  if (foreign !== undefined && foreign.orgId !== organization.id)
    throw invalid(`The team is not one of ${organization.name}.`)
  return state.ucp.organizations.team(organization.id, nameOrId)
}

const teamOfRepository = (state: RegistryState, call: Call, repository: Repository): Team =>
  teamOf(state, state.ucp.accounts.organization(repository.namespace), call.param('team'))

const list = (state: RegistryState, call: Call): Answer => {
  const repository = state.permissions.require(call.caller, repositoryParam(call), 'admin')
  const teamAccessList = accessList(state, call, state.repositories.teamLevels(repository))
  return { status: 200, body: { repository, teamAccessList } }
}

const put = async (state: RegistryState, call: Call): Promise<Answer> => {
  const repository = administered(state, call)
  const team = teamOfRepository(state, call, repository)
  const { accessLevel } = await call.body(Access)
  state.repositories.setTeamLevel(repository, team.id, accessLevel)
  return { status: 200, body: { accessLevel, team: teamView(state, call, team.id), repository } }
}

const remove = (state: RegistryState, call: Call): Answer => {
  const repository = administered(state, call)
  state.repositories.removeTeamLevel(repository, teamOfRepository(state, call, repository).id)
  return { status: 204 }
}

const namespaceOf = (state: RegistryState, call: Call): Account => {
  const namespace = state.ucp.accounts.organization(call.param('namespace'))
  state.permissions.requireNamespaceAdmin(call.caller, namespace)
  return namespace
}

const listNamespace = (state: RegistryState, call: Call): Answer => {
  const { name } = namespaceOf(state, call)
  const teamAccessList = accessList(state, call, state.repositories.namespaceLevels(name))
  return { status: 200, body: { namespace: name, teamAccessList } }
}

const showNamespace = (state: RegistryState, call: Call): Answer => {
  const namespace = namespaceOf(state, call)
  const team = teamOf(state, namespace, call.param('team'))
  const accessLevel = state.repositories.namespaceLevels(namespace.name).get(team.id)
  if (accessLevel === undefined)
    throw notFound('NO_SUCH_NAMESPACE_TEAM_ACCESS', 'The team has no access to the namespace.')
  return {
    status: 200,
    body: { accessLevel, team: teamView(state, call, team.id), namespace: namespace.name },
  }
}

const putNamespace = async (state: RegistryState, call: Call): Promise<Answer> => {
  const namespace = namespaceOf(state, call)
  const team = teamOf(state, namespace, call.param('team'))
  const { accessLevel } = await call.body(Access)
  state.repositories.setNamespaceLevel(namespace.name, team.id, accessLevel)
  return showNamespace(state, call)
}

const removeNamespace = (state: RegistryState, call: Call): Answer => {
  const namespace = namespaceOf(state, call)
  const team = teamOf(state, namespace, call.param('team'))
  state.repositories.removeNamespaceLevel(namespace.name, team.id)
  return { status: 204 }
}

const accessOfTeam = (state: RegistryState, call: Call): Answer => {
  const organization = state.ucp.accounts.organization(call.param('org'))
  requireOrgMember(state.ucp, call.caller, organization)
  const team = teamOf(state, organization, call.param('team'))
  const found = state.repositories.all().flatMap((repository) => {
    const accessLevel = state.repositories.teamLevels(repository).get(team.id)
    return accessLevel === undefined ? [] : [{ accessLevel, repository }]
  })
  const page = pageFor(call, found, ({ repository }) => repository.id)
  return {
    status: 200,
    headers: pageHeaders(state, call, page),
    body: { team: teamView(state, call, team.id), repositoryAccessList: page.items },
  }
}

const accessOfUser = (state: RegistryState, call: Call): Answer => {
  const user = state.ucp.accounts.user(call.param('user'))
  requireSelf(call.caller, user)
  const repository = state.repositories.get(repositoryParam(call))
  const accessLevel = state.permissions.effectiveLevel(state.ucp.callerOf(user), repository) ?? ''
  return { status: 200, body: { accessLevel, user: accountView(state.ucp, user), repository } }
}

/** Who may do what in repositories and namespaces (reference §8.3). */
export const teamAccessRoutes = (state: RegistryState): Route[] => {
  const ofRepository = '/repositories/:namespace/:repository/teamAccess'
  const ofNamespace = '/repositoryNamespaces/:namespace/teamAccess'
  return registryRoutes([
    { method: 'GET', pattern: ofRepository, handle: (call) => list(state, call) },
    { method: 'PUT', pattern: `${ofRepository}/:team`, handle: (call) => put(state, call) },
    { method: 'DELETE', pattern: `${ofRepository}/:team`, handle: (call) => remove(state, call) },
    { method: 'GET', pattern: ofNamespace, handle: (call) => listNamespace(state, call) },
    { method: 'GET', pattern: `${ofNamespace}/:team`, handle: (call) => showNamespace(state, call) },
    { method: 'PUT', pattern: `${ofNamespace}/:team`, handle: (call) => putNamespace(state, call) },
    { method: 'DELETE', pattern: `${ofNamespace}/:team`, handle: (call) => removeNamespace(state, call) },
    {
      method: 'GET',
      pattern: '/accounts/:org/teams/:team/repositoryAccess',
      handle: (call) => accessOfTeam(state, call),
    },
    {
      method: 'GET',
      pattern: '/accounts/:user/repositoryAccess/:namespace/:repository',
      handle: (call) => accessOfUser(state, call),
    },
  ])
}
