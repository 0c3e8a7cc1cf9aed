import {
  type Account,
  createOrganization,
  deleteAccount,
  readAccount,
  renameAccount,
} from '../../clients/ucp-accounts.ts'
import { Fault } from '../../core/fault.ts'
import { ucpFor } from './client.ts'
import { defineResource, textOutput } from './define-resource.ts'
import { findOrMake } from './ensure.ts'
import { assertOurs, isAnothers, markedOutput, markText, unmarkText, withMark } from './ownership.ts'
import { accountName, anyText } from './patterns.ts'

const fields = {
  name: { shape: accountName, description: 'The name; it never changes.', replaces: true },
  fullName: {
    shape: anyText,
    description: 'The name people read. The provider adds who owns it and takes that off when reading.',
  },
} as const

const stateOf = (account: Account) => ({ name: account.name, fullName: unmarkText(account.fullName).text })

const assertOrganization = (account: Account): void => {
  if (account.isOrg) return
  throw new Fault('conflict', `${account.name} is a user, not an organization.`, {
    details: { hint: 'Accounts share one space of names: choose another name.' },
  })
}

/** `ucp:index:Organization`; its id is its name. */
export const organization = defineResource({
  description: 'An organization of UCP. Deleting it deletes its teams and their grants. Import id: its name.',
  fields,
  outputs: { accountId: { type: 'string', description: 'The id UCP gave it.' }, ...markedOutput },

  refineDiff: withMark,

  create: async (client, inputs, context) => {
    const ucp = ucpFor(client, context, `organization ${inputs.name}`)
    const fullName = markText(inputs.fullName, client.owner)
    const { thing, existed } = await findOrMake(client, {
      signal: context.signal,
      find: () => readAccount(ucp, inputs.name),
      make: () => createOrganization(ucp, { name: inputs.name, fullName }),
    })
    assertOrganization(thing)
    if (existed) {
      const { owner } = unmarkText(thing.fullName)
      assertOurs(client, { what: `organization ${inputs.name}`, id: inputs.name, owner })
    }
    if (thing.fullName !== fullName) await renameAccount(ucp, thing.id, fullName)
    return { id: thing.name, outputs: { ...inputs, accountId: thing.id, marked: true } }
  },

  read: async (client, { id, outputs }, context) => {
    const account = await readAccount(ucpFor(client, context, `organization ${id}`), id)
    if (account === undefined) return undefined
    assertOrganization(account)
    const { owner } = unmarkText(account.fullName)
    const known = textOutput(outputs, 'accountId')
    const found = { what: `The organization ${id}`, id: account.id, owner }
    if (isAnothers(client, found, { known, log: context.log })) return undefined
    const inputs = stateOf(account)
    const marked = owner === client.owner
    return { id: account.name, inputs, outputs: { ...inputs, accountId: account.id, marked } }
  },

  update: async (client, { id, inputs }, context) => {
    const ucp = ucpFor(client, context, `organization ${id}`)
    const account = await renameAccount(ucp, id, markText(inputs.fullName, client.owner))
    return { accountId: account.id, marked: true }
  },

  delete: async (client, { id, outputs }, context) => {
    const ucp = ucpFor(client, context, `organization ${id}`)
    const account = await readAccount(ucp, id)
    if (account === undefined) return
    const isAnother = account.id !== textOutput(outputs, 'accountId')
    if (isAnother && unmarkText(account.fullName).owner !== client.owner) {
      context.log('warning', `The organization ${id} was made anew by somebody else and is left alone.`)
      return
    }
    await deleteAccount(ucp, account.id)
  },
})
