import { deleteTeamMember, putTeamMember, readTeamMember } from '../../clients/ucp-accounts.ts'
import { ucpFor } from './client.ts'
import { defineResource } from './define-resource.ts'
import { badId } from './ensure.ts'
import { accountName } from './patterns.ts'

const fields = {
  organization: { shape: accountName, description: 'The organization’s name.', replaces: true },
  team: { shape: accountName, description: 'The team’s name.', replaces: true },
  user: { shape: accountName, description: 'The user’s name.', replaces: true },
  isAdmin: {
    shape: { type: 'boolean' },
    description: 'Whether the user administers the team.',
    optional: true,
    default: false,
  },
} as const

const parts = (id: string) => {
  const [, organization, team, user] = /^([^/]+)\/([^/]+)\/([^/]+)$/.exec(id) ?? []
  if (organization === undefined || team === undefined || user === undefined)
    throw badId(id, '<organization>/<team>/<user>')
  return { organization, team, user }
}

/** `ucp:index:TeamMember`; its id is `<organization>/<team>/<user>`. */
export const teamMember = defineResource({
  description:
    'A user in a team; the user joins the organization too, and stays in it after. Import id: organization/team/user.',
  fields,
  outputs: { userId: { type: 'string', description: 'The user’s id in UCP.' } },

  create: async (client, { organization, team, user, isAdmin }, context) => {
    const id = `${organization}/${team}/${user}`
    const ucp = ucpFor(client, context, `team member ${id}`)
    const { userId } = await putTeamMember(ucp, organization, { team, user, isAdmin })
    return { id, outputs: { organization, team, user, isAdmin, userId } }
  },

  read: async (client, { id }, context) => {
    const { organization, team, user } = parts(id)
    const member = await readTeamMember(ucpFor(client, context, `team member ${id}`), organization, {
      team,
      user,
    })
    if (member === undefined) return undefined
    const inputs = { organization, team, user: member.user, isAdmin: member.isAdmin }
    return {
      id: `${organization}/${team}/${member.user}`,
      inputs,
      outputs: { ...inputs, userId: member.userId },
    }
  },

  update: async (client, { id, inputs: { organization, team, user, isAdmin } }, context) => {
    const ucp = ucpFor(client, context, `team member ${id}`)
    const { userId } = await putTeamMember(ucp, organization, { team, user, isAdmin })
    return { userId }
  },

  delete: async (client, { id }, context) => {
    const { organization, team, user } = parts(id)
    await deleteTeamMember(ucpFor(client, context, `team member ${id}`), organization, { team, user })
  },
})
