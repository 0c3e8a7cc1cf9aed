import { deleteGrant, hasGrant, putGrant } from '../../clients/ucp-grants.ts'
import { Unfinished } from '../plugin.ts'
import { ucpFor } from './client.ts'
import { defineResource } from './define-resource.ts'
import { grantFields, grantId, grantOutputs, parseGrantId } from './grant.ts'
import { findGrant } from './resolve.ts'

/** `ucp:index:RevokedGrant`; its id is that of the grant that must not be. */
export const revokedGrant = defineResource({
  description:
    'A grant that must not exist, e.g. the scheduler grant of everyone on a fresh cluster. Deleting this restores the grant where there was one. Import id: subject:role:collection.',
  fields: grantFields,
  outputs: {
    ...grantOutputs,
    wasGranted: { type: 'boolean', description: 'Whether the grant was there before.' },
  },

  create: async (client, inputs, context) => {
    const id = grantId(inputs)
    const ucp = ucpFor(client, context, `revoked grant ${id}`)
    const ids = await findGrant(ucp, inputs)
    const wasGranted = ids !== undefined && (await hasGrant(ucp, ids))
    const outputs = { ...inputs, ...(ids ?? {}), wasGranted }
    try {
      if (wasGranted) await deleteGrant(ucp, ids)
    } catch (error) {
      // Whether it was there before cannot be seen a second time.
      throw new Unfinished(id, outputs, error)
    }
    return { id, outputs }
  },

  read: async (client, { id, outputs }, context) => {
    const ucp = ucpFor(client, context, `revoked grant ${id}`)
    const inputs = { ...parseGrantId(id) }
    const ids = await findGrant(ucp, inputs)
    // Granted again is gone for us: the next run makes this again, that is, revokes.
    if (ids !== undefined && (await hasGrant(ucp, ids))) return undefined
    return { id, inputs, outputs: { wasGranted: false, ...outputs, ...inputs, ...(ids ?? {}) } }
  },

  update: async (client, { id, inputs }, context) => {
    const ucp = ucpFor(client, context, `revoked grant ${id}`)
    const ids = await findGrant(ucp, inputs)
    if (ids !== undefined) await deleteGrant(ucp, ids)
    return {}
  },

  delete: async (client, { id, outputs }, context) => {
    if (outputs.wasGranted !== true) return
    const ucp = ucpFor(client, context, `revoked grant ${id}`)
    const ids = await findGrant(ucp, parseGrantId(id))
    if (ids !== undefined) await putGrant(ucp, ids)
    else context.log('info', `${id} is not granted again: a part of it is gone.`)
  },
})
