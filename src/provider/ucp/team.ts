import type { Ucp } from '../../clients/ucp.ts'
import {
  createTeam,
  deleteTeam,
  deleteTeamMember,
  listTeamMembers,
  type MemberSync,
  patchTeam,
  putMemberSync,
  readAccount,
  readMemberSync,
  readTeam,
  type UcpTeam,
} from '../../clients/ucp-accounts.ts'
import { Fault, isFault } from '../../core/fault.ts'
import type { InputsOf } from '../input-fields.ts'
import { type Properties, Unfinished } from '../plugin.ts'
import { ucpFor } from './client.ts'
import { defineResource, textOutput } from './define-resource.ts'
import { badId, findOrMake, required } from './ensure.ts'
import { assertOurs, isAnothers, markedOutput, markText, unmarkText, withMark } from './ownership.ts'
import { accountName, anyText, someText } from './patterns.ts'

const ldapSync = {
  groupDn: { shape: someText, description: 'The distinguished name of the LDAP group.' },
  groupMemberAttribute: {
    shape: someText,
    description: 'The group’s attribute that lists its members, e.g. `member`.',
  },
} as const

const fields = {
  organization: { shape: accountName, description: 'The organization’s name.', replaces: true },
  name: {
    shape: accountName,
    description: 'The name. Another one renames the team: its members and grants stay.',
  },
  description: {
    shape: anyText,
    description: 'A sentence. The provider adds who owns it and takes that off when reading.',
    optional: true,
    default: '',
  },
  ldapSync: {
    shape: { type: 'object', name: 'LdapSync', fields: ldapSync },
    description: 'The LDAP group that the members follow; without it members are named one by one.',
    optional: true,
  },
  members: {
    shape: { type: 'list', of: accountName },
    description:
      'Who may be in it, each put there by a TeamMember: anybody else is taken out. Where absent, whoever is in it stays.',
    optional: true,
  },
} as const

type TeamInputs = InputsOf<typeof fields>

const parts = (id: string) => {
  const [, organization, name] = /^([^/]+)\/([^/]+)$/.exec(id) ?? []
  if (organization === undefined || name === undefined) throw badId(id, '<organization>/<team>')
  return { organization, name }
}

/** A team by the id UCP gave it, since its name may change; by name where that is gone or not known. */
const findTeam = async (
  ucp: Ucp,
  { organization, name, teamId }: { organization: string; name: string; teamId: string | undefined },
): Promise<UcpTeam | undefined> => {
  const byId = teamId === undefined ? undefined : await readTeam(ucp, organization, teamId)
  return byId ?? (await readTeam(ucp, organization, name))
}

const isSynced = (sync: MemberSync, wanted: TeamInputs['ldapSync']): boolean => {
  if (wanted === undefined) return !sync.enableSync
  return (
    sync.enableSync &&
    sync.selectGroupMembers &&
    sync.groupDN === wanted.groupDn &&
    sync.groupMemberAttr === wanted.groupMemberAttribute
  )
}

const syncMembers = async (ucp: Ucp, teamId: string, { organization, ldapSync: wanted }: TeamInputs) => {
  if (isSynced(await readMemberSync(ucp, organization, teamId), wanted)) return
  const group =
    wanted === undefined
      ? {}
      : { enableSync: true, groupDN: wanted.groupDn, groupMemberAttr: wanted.groupMemberAttribute }
  await putMemberSync(ucp, organization, { nameOrId: teamId, ...group })
}

/** Who is in a team besides those that may be; nobody where nothing says who may. */
const strangersIn = async (
  ucp: Ucp,
  teamId: string,
  { organization, members }: Pick<TeamInputs, 'organization' | 'members'>,
): Promise<string[]> => {
  if (members === undefined) return []
  const present = await listTeamMembers(ucp, organization, teamId)
  return present.map(({ user }) => user).filter((user) => !members.includes(user))
}

const takeOutStrangers = async (ucp: Ucp, teamId: string, inputs: TeamInputs): Promise<void> => {
  const { organization } = inputs
  for (const user of await strangersIn(ucp, teamId, inputs))
    await deleteTeamMember(ucp, organization, { team: teamId, user })
}

const nameTaken = (
  ucp: Ucp,
  team: UcpTeam,
  { inputs: { organization, name }, cause }: { inputs: TeamInputs; cause: unknown },
): unknown => {
  if (!isFault(cause, 'conflict') && !isFault(cause, 'invalid-request')) return cause
  const what = `team ${organization}/${name}`
  return new Fault(
    'foreign',
    `The ${what} is called ${team.name} now and cannot have its name: ${cause.message}`,
    {
      cause,
      details: {
        resource: what,
        endpoint: ucp.endpoint,
        hint: `Where another team has the name, which is not ours: rename or delete that one, then run again.`,
      },
    },
  )
}

/** Sets everything of a team that is not as it should be; what fails leaves the team in the state. */
const syncTeam = async (
  ucp: Ucp,
  team: UcpTeam,
  { inputs, owner, outputs }: { inputs: TeamInputs; owner: string; outputs: Properties },
): Promise<void> => {
  const { organization, name } = inputs
  const description = markText(inputs.description, owner)
  try {
    if (team.name !== name || team.description !== description)
      await patchTeam(ucp, organization, { nameOrId: team.id, name, description }).catch((error: unknown) => {
        throw team.name === name ? error : nameTaken(ucp, team, { inputs, cause: error })
      })
    await syncMembers(ucp, team.id, inputs)
    if (inputs.ldapSync === undefined) await takeOutStrangers(ucp, team.id, inputs)
  } catch (error) {
    throw new Unfinished(`${organization}/${name}`, outputs, error)
  }
}

const organizationId = async (ucp: Ucp, name: string): Promise<string> =>
  required(await readAccount(ucp, name), {
    what: `The organization ${name}`,
    endpoint: ucp.endpoint,
    hint: 'Apply the stack that declares it first.',
  }).id

const syncInputs = (sync: MemberSync): Pick<TeamInputs, 'ldapSync'> =>
  sync.enableSync
    ? {
        ldapSync: {
          // A search instead of a group is drift: no group is what is there then.
          groupDn: sync.selectGroupMembers ? sync.groupDN : '',
          groupMemberAttribute: sync.groupMemberAttr,
        },
      }
    : {}

/** Those that may be in it and whoever is in it besides, where the inputs say who may. */
const memberInputs = async (
  ucp: Ucp,
  teamId: string,
  last: TeamInputs | undefined,
): Promise<{ members?: string[] }> => {
  if (last?.members === undefined) return {}
  return { members: [...last.members, ...(await strangersIn(ucp, teamId, last))].sort() }
}

/** `ucp:index:Team`; its id is `<organization>/<team>`. */
export const team = defineResource({
  description:
    'A team of an organization, its members in step with an LDAP group where one is named. Import id: organization/team.',
  fields,
  outputs: {
    teamId: { type: 'string', description: 'The id UCP gave it: the subject of its grants.' },
    organizationId: { type: 'string', description: 'The organization’s id in UCP.' },
    ...markedOutput,
  },

  refineDiff: withMark,

  normalize: ({ organization, name, description, ldapSync: wanted, members }) => ({
    organization,
    name,
    description,
    ...(wanted === undefined ? {} : { ldapSync: { ...wanted } }),
    ...(members === undefined ? {} : { members: [...new Set(members)].sort() }),
  }),

  create: async (client, inputs, context) => {
    const { organization, name } = inputs
    const id = `${organization}/${name}`
    const ucp = ucpFor(client, context, `team ${id}`)
    const orgId = await organizationId(ucp, organization)
    const { thing, existed } = await findOrMake(client, {
      signal: context.signal,
      find: () => readTeam(ucp, organization, name),
      make: () =>
        createTeam(ucp, organization, { name, description: markText(inputs.description, client.owner) }),
    })
    if (existed) assertOurs(client, { what: `team ${id}`, id, owner: unmarkText(thing.description).owner })
    const outputs = { ...inputs, teamId: thing.id, organizationId: orgId, marked: true }
    await syncTeam(ucp, thing, { inputs, owner: client.owner, outputs })
    return { id, outputs }
  },

  read: async (client, { id, inputs: last, outputs }, context) => {
    const { organization, name } = parts(id)
    const ucp = ucpFor(client, context, `team ${id}`)
    const found = await findTeam(ucp, { organization, name, teamId: textOutput(outputs, 'teamId') })
    if (found === undefined) return undefined
    const { text: description, owner } = unmarkText(found.description)
    const known = textOutput(outputs, 'teamId')
    if (isAnothers(client, { what: `The team ${id}`, id: found.id, owner }, { known, log: context.log }))
      return undefined
    const inputs = {
      organization,
      name: found.name,
      description,
      ...syncInputs(await readMemberSync(ucp, organization, found.id)),
      ...(await memberInputs(ucp, found.id, last)),
    }
    const orgId = await organizationId(ucp, organization)
    return {
      id: `${organization}/${found.name}`,
      inputs,
      outputs: { ...inputs, teamId: found.id, organizationId: orgId, marked: owner === client.owner },
    }
  },

  update: async (client, { id, outputs, inputs }, context) => {
    const ucp = ucpFor(client, context, `team ${id}`)
    const where = { ...parts(id), teamId: textOutput(outputs, 'teamId') }
    const found = required(await findTeam(ucp, where), {
      what: `The team ${id}`,
      endpoint: ucp.endpoint,
      hint: 'It was deleted by somebody else: refresh the stack, then it is made again.',
    })
    await syncTeam(ucp, found, { inputs, owner: client.owner, outputs })
    return { teamId: found.id, marked: true }
  },

  delete: async (client, { id, outputs }, context) => {
    const ucp = ucpFor(client, context, `team ${id}`)
    const { organization, name } = parts(id)
    const teamId = textOutput(outputs, 'teamId')
    const found = await findTeam(ucp, { organization, name, teamId })
    if (found === undefined) return
    if (found.id !== teamId && unmarkText(found.description).owner !== client.owner) {
      context.log('warning', `The team ${id} was made anew by somebody else and is left alone.`)
      return
    }
    await deleteTeam(ucp, organization, found.id)
  },
})
