import type { Ucp } from '../../clients/ucp.ts'
import { type Account, readAccount } from '../../clients/ucp-accounts.ts'
import {
  deleteDefaultCollection,
  putDefaultCollection,
  readDefaultCollection,
} from '../../clients/ucp-collections.ts'
import type { InputsOf } from '../input-fields.ts'
import { ucpFor } from './client.ts'
import { defineResource } from './define-resource.ts'
import { required } from './ensure.ts'
import { accountName, collectionPath } from './patterns.ts'
import { requireCollection } from './resolve.ts'

const fields = {
  user: { shape: accountName, description: 'The user’s name.', replaces: true },
  collection: { shape: collectionPath, description: 'The path of the collection for what carries no label.' },
} as const

const requireUser = async (ucp: Ucp, user: string): Promise<Account> =>
  required(await readAccount(ucp, user), {
    what: `The user ${user}`,
    endpoint: ucp.endpoint,
    hint: 'Users exist after their first login or the LDAP sync.',
  })

const put = async (ucp: Ucp, { user, collection }: InputsOf<typeof fields>) => {
  const [{ id: userId }, { id: collectionId }] = await Promise.all([
    requireUser(ucp, user),
    requireCollection(ucp, collection),
  ])
  await putDefaultCollection(ucp, userId, collectionId)
  return { userId, collectionId }
}

/** `ucp:index:DefaultCollection`; its id is the user's name. */
export const defaultCollection = defineResource({
  description:
    'Where a user’s resources without an access label go. Deleting it sets the private collection again. Import id: the user’s name.',
  fields,
  outputs: {
    userId: { type: 'string', description: 'The user’s id in UCP.' },
    collectionId: { type: 'string', description: 'The collection’s id in UCP.' },
  },

  create: async (client, inputs, context) => {
    const ids = await put(ucpFor(client, context, `default collection of ${inputs.user}`), inputs)
    return { id: inputs.user, outputs: { ...inputs, ...ids } }
  },

  read: async (client, { id }, context) => {
    const ucp = ucpFor(client, context, `default collection of ${id}`)
    const account = await readAccount(ucp, id)
    const found = account === undefined ? undefined : await readDefaultCollection(ucp, account.id)
    if (account === undefined || found === undefined) return undefined
    const inputs = { user: account.name, collection: found.path }
    return {
      id: account.name,
      inputs,
      outputs: { ...inputs, userId: account.id, collectionId: found.id },
    }
  },

  update: (client, { id, inputs }, context) =>
    put(ucpFor(client, context, `default collection of ${id}`), inputs),

  delete: async (client, { id }, context) => {
    const ucp = ucpFor(client, context, `default collection of ${id}`)
    const account = await readAccount(ucp, id)
    if (account !== undefined) await deleteDefaultCollection(ucp, account.id)
  },
})
