import { deleteTeamAccess, listTeamAccess, putTeamAccess } from '../../clients/registry-access.ts'
import { readTeam } from '../../clients/ucp-accounts.ts'
import type { ResourceContext } from '../plugin.ts'
import { registryFor, type UcpClient, ucpFor } from './client.ts'
import { defineResource, textOutput } from './define-resource.ts'
import { badId, required } from './ensure.ts'
import { accountName, repositoryPart } from './patterns.ts'

const levels = ['read-only', 'read-write', 'admin'] as const

const fields = {
  namespace: {
    shape: repositoryPart,
    description: 'The organization that holds the repository.',
    replaces: true,
  },
  repository: { shape: repositoryPart, description: 'The repository’s name.', replaces: true },
  team: { shape: accountName, description: 'The name of a team of that organization.', replaces: true },
  accessLevel: {
    shape: { type: 'string', oneOf: levels },
    description:
      '`read-only` pulls, `read-write` pushes and deletes tags too, `admin` changes the repository too.',
  },
} as const

interface Names {
  readonly namespace: string
  readonly repository: string
  readonly team: string
}

const idOf = ({ namespace, repository, team }: Names): string => `${namespace}/${repository}:${team}`

const parts = (id: string): Names => {
  const [, namespace, repository, team] = /^([^/]+)\/([^/:]+):([^/:]+)$/.exec(id) ?? []
  if (namespace === undefined || repository === undefined || team === undefined)
    throw badId(id, '<namespace>/<repository>:<team>')
  return { namespace, repository, team }
}

const findTeamId = async (client: UcpClient, names: Names, context: ResourceContext) =>
  (
    await readTeam(
      ucpFor(client, context, `team ${names.namespace}/${names.team}`),
      names.namespace,
      names.team,
    )
  )?.id

const put = async (client: UcpClient, inputs: Names & { accessLevel: string }, context: ResourceContext) => {
  const teamId = required(await findTeamId(client, inputs, context), {
    what: `The team ${inputs.namespace}/${inputs.team}`,
    endpoint: client.ucp.endpoint,
    hint: 'A team’s access needs the team: apply the stack that declares it first.',
  })
  await putTeamAccess(registryFor(client, context, `team access ${idOf(inputs)}`), inputs)
  return { teamId }
}

/** `ucp:registry:TeamAccess`; its id is `<namespace>/<repository>:<team>`. */
export const teamAccess = defineResource({
  description:
    'What a team may do in a repository of its organization. Import id: namespace/repository:team.',
  fields,
  outputs: { teamId: { type: 'string', description: 'The team’s id in UCP: the registry lists ids only.' } },

  create: async (client, inputs, context) => {
    const { teamId } = await put(client, inputs, context)
    return { id: idOf(inputs), outputs: { ...inputs, teamId } }
  },

  read: async (client, { id, outputs }, context) => {
    const names = parts(id)
    const all = await listTeamAccess(registryFor(client, context, `team access ${id}`), names)
    // The team of the state whatever it is called now, else the one that has the name.
    const named = await findTeamId(client, names, context)
    const found = [textOutput(outputs, 'teamId'), named]
      .map((teamId) => all?.find((one) => one.teamId === teamId))
      .find((one) => one !== undefined)
    if (found === undefined) return undefined
    const inputs = { ...names, accessLevel: found.accessLevel }
    return { id, inputs, outputs: { ...inputs, teamId: found.teamId } }
  },

  update: (client, { inputs }, context) => put(client, inputs, context),

  delete: async (client, { id }, context) => {
    const names = parts(id)
    // The registry refuses a team it does not know instead of calling it gone (reference §8.3).
    if ((await findTeamId(client, names, context)) === undefined) return
    await deleteTeamAccess(registryFor(client, context, `team access ${id}`), names)
  },
})
