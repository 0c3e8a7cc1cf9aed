import type { Ucp } from '../../clients/ucp.ts'
import {
  deleteTeamMember,
  putTeamMember,
  readMemberSync,
  readTeam,
  readTeamMember,
} from '../../clients/ucp-accounts.ts'
import { isFault } from '../../core/fault.ts'
import { ucpFor } from './client.ts'
import { defineResource, textOutput } from './define-resource.ts'
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

/** Empty where there is no such team. */
const teamIdOf = async (ucp: Ucp, organization: string, team: string): Promise<string> =>
  (await readTeam(ucp, organization, team))?.id ?? ''

/** The membership in the first of the teams, by id, that has the user; an empty id is no team. */
const findMember = async (
  ucp: Ucp,
  { organization, user, teams }: { organization: string; user: string; teams: readonly string[] },
) => {
  for (const teamId of teams) {
    const member = teamId === '' ? undefined : await readTeamMember(ucp, organization, { team: teamId, user })
    if (member !== undefined) return { member, teamId }
  }
  return undefined
}

// Which status a change of a synced team's members has is not established.
const mayBeSynced = (error: unknown): boolean =>
  isFault(error, 'forbidden') || isFault(error, 'conflict') || isFault(error, 'invalid-request')

/** `ucp:index:TeamMember`; its id is `<organization>/<team>/<user>`. */
export const teamMember = defineResource({
  description:
    'A user in a team; the user joins the organization too, and stays in it after. Import id: organization/team/user.',
  fields,
  outputs: {
    userId: { type: 'string', description: 'The user’s id in UCP.' },
    teamId: { type: 'string', description: 'The team’s id in UCP, which stays when the team is renamed.' },
  },

  create: async (client, { organization, team, user, isAdmin }, context) => {
    const id = `${organization}/${team}/${user}`
    const ucp = ucpFor(client, context, `team member ${id}`)
    const { userId } = await putTeamMember(ucp, organization, { team, user, isAdmin })
    const teamId = await teamIdOf(ucp, organization, team)
    return { id, outputs: { organization, team, user, isAdmin, userId, teamId } }
  },

  read: async (client, { id, outputs }, context) => {
    const { organization, team, user } = parts(id)
    const ucp = ucpFor(client, context, `team member ${id}`)
    // That its team was renamed is told of the team.
    const found = await findMember(ucp, {
      organization,
      user,
      teams: [textOutput(outputs, 'teamId') ?? '', await teamIdOf(ucp, organization, team)],
    })
    if (found === undefined) return undefined
    const { member, teamId } = found
    const inputs = { organization, team, user: member.user, isAdmin: member.isAdmin }
    return {
      id: `${organization}/${team}/${member.user}`,
      inputs,
      outputs: { ...inputs, userId: member.userId, teamId },
    }
  },

  update: async (client, { id, inputs: { organization, team, user, isAdmin } }, context) => {
    const ucp = ucpFor(client, context, `team member ${id}`)
    const { userId } = await putTeamMember(ucp, organization, { team, user, isAdmin })
    return { userId, teamId: await teamIdOf(ucp, organization, team) }
  },

  /** In a team that follows an LDAP group by now, who is in it is the group's to say, and UCP refuses everyone else. */
  delete: async (client, { id }, context) => {
    const { organization, team, user } = parts(id)
    const ucp = ucpFor(client, context, `team member ${id}`)
    try {
      await deleteTeamMember(ucp, organization, { team, user })
    } catch (error) {
      if (!mayBeSynced(error) || !(await readMemberSync(ucp, organization, team)).enableSync) throw error
    }
  },
})
