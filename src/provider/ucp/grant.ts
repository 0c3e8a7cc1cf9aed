import type { Ucp } from '../../clients/ucp.ts'
import { deleteGrant, hasGrant, putGrant, type UcpGrant } from '../../clients/ucp-grants.ts'
import { Fault, isFault } from '../../core/fault.ts'
import type { Properties } from '../plugin.ts'
import { grantKey, ucpFor } from './client.ts'
import { defineResource, textOutput } from './define-resource.ts'
import { badId } from './ensure.ts'
import { collectionPath, someText, subject } from './patterns.ts'
import { findGrant, type NamedGrant, requireGrant } from './resolve.ts'

/** The inputs of a grant and of a revoked one. */
export const grantFields = {
  subject: {
    shape: subject,
    description: 'Who: `team:<organization>/<team>`, `organization:<name>` or `user:<name>`.',
    replaces: true,
  },
  role: {
    shape: { ...someText, pattern: /^[^/:]+$/, like: 'a role’s name or a built-in role’s id' },
    description:
      'What: a role’s name, or `none`, `viewonly`, `restrictedcontrol`, `scheduler`, `fullcontrol`.',
    replaces: true,
  },
  collection: {
    shape: collectionPath,
    description: 'Where: a collection’s path; everything below counts.',
    replaces: true,
  },
} as const

/** The outputs of a grant and of a revoked one. */
export const grantOutputs = {
  subjectId: { type: 'string', description: 'The subject’s id in UCP.' },
  roleId: { type: 'string', description: 'The role’s id in UCP.' },
  collectionId: { type: 'string', description: 'The collection’s id in UCP.' },
} as const

/** `<subject>:<role>:<collection>`. */
export const grantId = ({ subject: who, role, collection }: NamedGrant): string =>
  `${who}:${role}:${collection}`

/** The parts of a grant's id. @throws {Fault} `invalid-request`. */
export const parseGrantId = (id: string): NamedGrant => {
  const [, who, role, collection] =
    /^((?:team:[^/:]+\/[^/:]+)|(?:(?:organization|user):[^/:]+)):([^/:]+):(\/.*)$/.exec(id) ?? []
  if (who === undefined || role === undefined || collection === undefined)
    throw badId(id, '<subject>:<role>:<collection>, e.g. team:acme/developers:scheduler:/Run/Std')
  return { subject: who, role, collection }
}

/** A grant's ids as the state has them; undefined where one is missing. */
const grantInState = (outputs: Properties): UcpGrant | undefined => {
  const subjectId = textOutput(outputs, 'subjectId')
  const roleId = textOutput(outputs, 'roleId')
  const collectionId = textOutput(outputs, 'collectionId')
  if (subjectId === undefined || roleId === undefined || collectionId === undefined) return undefined
  return { subjectId, roleId, collectionId }
}

/** Puts a grant and makes sure that it is there: a part that goes meanwhile may take it with it. */
const ensureGrant = async (ucp: Ucp, named: NamedGrant): Promise<UcpGrant> => {
  const wanted = await requireGrant(ucp, named)
  try {
    await putGrant(ucp, wanted)
  } catch (error) {
    // A twin of the role was taken away between: the name has its final id now.
    if (!isFault(error, 'not-found')) throw error
    const again = await requireGrant(ucp, named)
    await putGrant(ucp, again)
    return again
  }
  if (await hasGrant(ucp, wanted)) return wanted
  throw new Fault('conflict', `The grant ${grantId(named)} was made and is not there.`, {
    details: { endpoint: ucp.endpoint, hint: 'Something else removes it: see who else writes grants.' },
  })
}

/** `ucp:index:Grant`; its id is `<subject>:<role>:<collection>`. */
export const grant = defineResource({
  description:
    'A role for a subject on a collection and everything below. Import id: subject:role:collection, e.g. team:acme/developers:scheduler:/Run/Std.',
  fields: grantFields,
  outputs: grantOutputs,

  create: async (client, inputs, context) => {
    const id = grantId(inputs)
    const ids = await ensureGrant(ucpFor(client, context, `grant ${id}`), inputs)
    client.grantsPut.add(grantKey(ids))
    return { id, outputs: { ...inputs, ...ids } }
  },

  read: async (client, { id, outputs }, context) => {
    const ucp = ucpFor(client, context, `grant ${id}`)
    const inputs = { ...parseGrantId(id) }
    for (const ids of [await findGrant(ucp, inputs), grantInState(outputs)])
      if (ids !== undefined && (await hasGrant(ucp, ids)))
        return { id, inputs, outputs: { ...inputs, ...ids } }
    return undefined
  },

  delete: async (client, { id, outputs }, context) => {
    const ucp = ucpFor(client, context, `grant ${id}`)
    const ids = await findStanding(ucp, id, outputs)
    if (ids === undefined) return
    // After a rename of its team this grant was put anew under its new name, and stays.
    if (client.grantsPut.has(grantKey(ids)) && !(await isStillNamed(ucp, id, ids))) return
    await deleteGrant(ucp, ids)
    client.grantsPut.delete(grantKey(ids))
  },
})

/** The grant by the ids in the state while it is there, else by its names: its role may have been made again. */
const findStanding = async (ucp: Ucp, id: string, outputs: Properties): Promise<UcpGrant | undefined> => {
  const known = grantInState(outputs)
  return known !== undefined && (await hasGrant(ucp, known)) ? known : findGrant(ucp, parseGrantId(id))
}

/** Whether a grant's id still names these ids: it does not after its team was renamed. */
const isStillNamed = async (ucp: Ucp, id: string, ids: UcpGrant): Promise<boolean> => {
  const now = await findGrant(ucp, parseGrantId(id))
  return now !== undefined && grantKey(now) === grantKey(ids)
}
