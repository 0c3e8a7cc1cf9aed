import * as z from 'zod'
import type { Answer, Call } from '../../ucp/call.ts'
import { invalid } from '../../ucp/refusal.ts'
import type { Route } from '../../ucp/router.ts'
import { type Repository, type RepositorySettings, visibilities } from '../repositories.ts'
import { newRepositorySettings, type RegistryState } from '../state.ts'
import { pageFor, pageHeaders, registryRoutes, repositoryParam } from './registry-route.ts'

const settings = {
  shortDescription: z.string().nullish(),
  longDescription: z.string().nullish(),
  visibility: z.string().nullish(),
  scanOnPush: z.boolean().nullish(),
  immutableTags: z.boolean().nullish(),
  enableManifestLists: z.boolean().nullish(),
  tagLimit: z.int().min(0).nullish(),
}
const Changes = z.object(settings)
type Changes = z.infer<typeof Changes>
const NewRepository = z.object({ name: z.string(), ...settings })

/** Null and absent leave what is there. @throws {Refusal} 400 INVALID_REPOSITORY_VISIBILITY. */
const changed = (before: RepositorySettings, changes: Changes): RepositorySettings => {
  const wanted = changes.visibility ?? before.visibility
  const visibility = visibilities.find((one) => one === wanted)
  if (visibility === undefined)
    throw invalid('The visibility must be public or private.', 'INVALID_REPOSITORY_VISIBILITY')
  return {
    shortDescription: changes.shortDescription ?? before.shortDescription,
    longDescription: changes.longDescription ?? before.longDescription,
    visibility,
    scanOnPush: changes.scanOnPush ?? before.scanOnPush,
    immutableTags: changes.immutableTags ?? before.immutableTags,
    tagLimit: changes.tagLimit ?? before.tagLimit,
  }
}

const listed = (state: RegistryState, call: Call, repositories: readonly Repository[]): Answer => {
  const visible = repositories.filter((one) => state.permissions.mayRead(call.caller, one))
  const page = pageFor(call, visible, ({ id }) => id)
  return { status: 200, headers: pageHeaders(state, call, page), body: { repositories: page.items } }
}

const listNamespace = (state: RegistryState, call: Call): Answer => {
  const { name } = state.ucp.accounts.get(call.param('namespace'))
  return listed(
    state,
    call,
    state.repositories.all().filter((one) => one.namespace === name),
  )
}

const create = async (state: RegistryState, call: Call): Promise<Answer> => {
  const namespace = state.ucp.accounts.get(call.param('namespace'))
  state.permissions.requireNamespaceAdmin(call.caller, namespace)
  const { name, ...given } = await call.body(NewRepository)
  const repository = state.createRepository(
    call.caller,
    namespace,
    name,
    changed({ ...newRepositorySettings, visibility: 'public' }, given),
  )
  return { status: 201, body: repository }
}

const change = async (state: RegistryState, call: Call): Promise<Answer> => {
  const repository = state.permissions.require(call.caller, repositoryParam(call), 'admin')
  const updated = state.repositories.put({
    ...repository,
    ...changed(repository, await call.body(Changes)),
  })
  state.repositoryEvent('REPO_UPDATED', call.caller, updated)
  return { status: 200, body: updated }
}

/** Also 204 when there is none (reference §8.2), to whoever might have had one there. */
const remove = (state: RegistryState, call: Call): Answer => {
  const fullName = repositoryParam(call)
  if (state.repositories.find(fullName) !== undefined)
    state.removeRepository(call.caller, state.permissions.require(call.caller, fullName, 'admin'))
  return { status: 204 }
}

const ScanToggle = z.object({ scanOnPush: z.boolean() })

const toggleScans = async (state: RegistryState, call: Call): Promise<Answer> => {
  const { scanOnPush } = await call.body(ScanToggle)
  for (const repository of state.repositories.all()) state.repositories.put({ ...repository, scanOnPush })
  return { status: 200, body: {} }
}

/** Removes the account of UCP with its repositories (reference §8.2). */
const removeNamespace = (state: RegistryState, call: Call): Answer => {
  const account = state.ucp.accounts.get(call.param('namespace'))
  for (const repository of state.repositories.all())
    if (repository.namespace === account.name) state.removeRepository(call.caller, repository)
  state.ucp.removeAccount(account)
  return { status: 204 }
}

/** Repositories (reference §8.2). */
export const repositoryRoutes = (state: RegistryState): Route[] =>
  registryRoutes([
    {
      method: 'GET',
      pattern: '/repositories',
      handle: (call) => listed(state, call, state.repositories.all()),
    },
    {
      method: 'POST',
      pattern: '/repositories/scan/toggle',
      access: 'admin',
      handle: (call) => toggleScans(state, call),
    },
    { method: 'GET', pattern: '/repositories/:namespace', handle: (call) => listNamespace(state, call) },
    { method: 'POST', pattern: '/repositories/:namespace', handle: (call) => create(state, call) },
    {
      method: 'GET',
      pattern: '/repositories/:namespace/:repository',
      handle: (call) => ({
        status: 200,
        body: state.permissions.require(call.caller, repositoryParam(call), 'read-only'),
      }),
    },
    {
      method: 'PATCH',
      pattern: '/repositories/:namespace/:repository',
      handle: (call) => change(state, call),
    },
    {
      method: 'DELETE',
      pattern: '/repositories/:namespace/:repository',
      handle: (call) => remove(state, call),
    },
    {
      method: 'DELETE',
      pattern: '/accounts/:namespace',
      access: 'admin',
      handle: (call) => removeNamespace(state, call),
    },
  ])
