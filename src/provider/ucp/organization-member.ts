import {
  deleteOrganizationMember,
  putOrganizationMember,
  readOrganizationMember,
} from '../../clients/ucp-accounts.ts'
import { ucpFor } from './client.ts'
import { defineResource } from './define-resource.ts'
import { badId } from './ensure.ts'
import { accountName } from './patterns.ts'

const fields = {
  organization: { shape: accountName, description: 'The organization’s name.', replaces: true },
  user: { shape: accountName, description: 'The user’s name.', replaces: true },
  isAdmin: {
    shape: { type: 'boolean' },
    description: 'Whether the user administers the organization.',
    optional: true,
    default: false,
  },
} as const

const parts = (id: string) => {
  const [, organization, user] = /^([^/]+)\/([^/]+)$/.exec(id) ?? []
  if (organization === undefined || user === undefined) throw badId(id, '<organization>/<user>')
  return { organization, user }
}

/** `ucp:index:OrganizationMember`; its id is `<organization>/<user>`. */
export const organizationMember = defineResource({
  description:
    'A user in an organization. Deleting it takes the user out of every team of it. Import id: organization/user.',
  fields,
  outputs: { userId: { type: 'string', description: 'The user’s id in UCP.' } },

  create: async (client, { organization, user, isAdmin }, context) => {
    const id = `${organization}/${user}`
    const ucp = ucpFor(client, context, `member ${id}`)
    const { userId } = await putOrganizationMember(ucp, organization, { user, isAdmin })
    return { id, outputs: { organization, user, isAdmin, userId } }
  },

  read: async (client, { id }, context) => {
    const { organization, user } = parts(id)
    const member = await readOrganizationMember(ucpFor(client, context, `member ${id}`), organization, user)
    if (member === undefined) return undefined
    const inputs = { organization, user: member.user, isAdmin: member.isAdmin }
    return { id: `${organization}/${member.user}`, inputs, outputs: { ...inputs, userId: member.userId } }
  },

  update: async (client, { id, inputs: { organization, user, isAdmin } }, context) => {
    const ucp = ucpFor(client, context, `member ${id}`)
    const { userId } = await putOrganizationMember(ucp, organization, { user, isAdmin })
    return { userId }
  },

  delete: async (client, { id }, context) => {
    const { organization, user } = parts(id)
    await deleteOrganizationMember(ucpFor(client, context, `member ${id}`), organization, user)
  },
})
