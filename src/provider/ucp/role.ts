import type { Ucp } from '../../clients/ucp.ts'
import { deleteGrant, listGrants, putGrant, type UcpGrant } from '../../clients/ucp-grants.ts'
import { createRole, deleteRole, listRoles, readRole, type UcpRole } from '../../clients/ucp-roles.ts'
import { canonicalJson } from '../../core/canonical.ts'
import { Fault, isFault } from '../../core/fault.ts'
import type { Operations } from '../../core/ucp-operations.ts'
import type { InputsOf } from '../input-fields.ts'
import { type Properties, Unfinished } from '../plugin.ts'
import { isPropertyList } from '../properties.ts'
import { checkOperations, normalOperations } from './check-operations.ts'
import { ucpFor } from './client.ts'
import { defineResource, textOutput } from './define-resource.ts'
import { findOrMake, required } from './ensure.ts'
import { someText } from './patterns.ts'
import { builtInRoles, rolesNamed } from './resolve.ts'

const fields = {
  name: {
    shape: {
      ...someText,
      pattern: /^[^/:\s][^/:]{0,99}$/,
      like: 'a name of at most 100 characters without / and :',
    },
    description: 'The name. Stacks share a role of one name, so it should end in a digest of the operations.',
    replaces: true,
  },
  operations: {
    shape: { type: 'map', of: { type: 'map', of: { type: 'list', of: { type: 'string' } } } },
    description:
      'What the role allows: resource, operation, and the dangerous variants of the operation that are allowed too. UCP cannot change a role: another one is made under the name, and every grant is put again with it.',
  },
} as const

type RoleInputs = InputsOf<typeof fields>

const isSame = (a: Operations, b: Operations): boolean =>
  canonicalJson(normalOperations(a)) === canonicalJson(normalOperations(b))

/** The roles of that name with the very same operations, by id. @throws {Fault} `foreign` where one has others. */
const twins = async (ucp: Ucp, { name, operations }: RoleInputs): Promise<UcpRole[]> => {
  const named = rolesNamed(await listRoles(ucp), name)
  const other = named.find((role) => !isSame(role.operations, operations))
  if (other === undefined) return named
  throw new Fault('foreign', `A role ${name} exists already and allows something else.`, {
    details: {
      endpoint: ucp.endpoint,
      hint: 'Roles cannot be changed: give yours another name, for instance one that ends in a digest of its operations.',
    },
  })
}

const isUsed = async (ucp: Ucp, roleId: string): Promise<boolean> =>
  (await listGrants(ucp, { roleId })).length > 0

/** Deletes a role unless a grant uses it. Says whether it is gone. */
const deleteUnlessUsed = async (ucp: Ucp, roleId: string): Promise<boolean> => {
  if (await isUsed(ucp, roleId)) return false
  try {
    await deleteRole(ucp, roleId)
    return true
  } catch (error) {
    // A grant came in between; which status that is refused with is not established (reference §4.1).
    if (isFault(error) && (await isUsed(ucp, roleId))) return false
    throw error
  }
}

/**
 * Makes the role; where another process made its twin at the same moment, both keep the one with the smaller id, and the
 * one that made the other takes it away again unless it is used.
 */
const makeShared = async (ucp: Ucp, inputs: RoleInputs): Promise<UcpRole> => {
  const made = await createRole(ucp, { name: inputs.name, operations: normalOperations(inputs.operations) })
  const kept = required((await twins(ucp, inputs))[0], {
    what: `The role ${inputs.name}, made a moment ago,`,
    endpoint: ucp.endpoint,
    hint: 'Run again: it is looked up by its name first.',
  })
  if (kept.id !== made) await deleteUnlessUsed(ucp, made)
  return kept
}

const findRole = async (ucp: Ucp, name: string, roleId: string | undefined): Promise<UcpRole | undefined> => {
  const named = rolesNamed(await listRoles(ucp), name)
  return named.find(({ id }) => id === roleId) ?? named[0]
}

/** A grant that waits for its role, as one text: what is under way outlives a run that fails. */
const waitingText = ({ subjectId, collectionId }: UcpGrant): string => `${subjectId}/${collectionId}`

const waitingOf = (outputs: Properties): readonly string[] => {
  const { waitingGrants } = outputs
  return isPropertyList(waitingGrants) ? waitingGrants.filter((one) => typeof one === 'string') : []
}

/** Takes away roles that have the name and allow something else, grants first. Adds the grants to `waiting`. */
const dissolve = async (ucp: Ucp, others: readonly UcpRole[], waiting: Set<string>): Promise<void> => {
  for (const { id: roleId } of others) {
    const grants = await listGrants(ucp, { roleId })
    for (const grant of grants) waiting.add(waitingText(grant))
    for (const grant of grants) await deleteGrant(ucp, grant)
    await deleteRole(ucp, roleId)
  }
}

const putAgain = async (ucp: Ucp, waiting: ReadonlySet<string>, roleId: string): Promise<void> => {
  for (const one of waiting) {
    const [subjectId = '', collectionId = ''] = one.split('/')
    try {
      await putGrant(ucp, { subjectId, collectionId, roleId })
    } catch (error) {
      // Its subject or collection went meanwhile, and the grant with it.
      if (!isFault(error, 'not-found')) throw error
    }
  }
}

/** `ucp:index:Role`; its id is its name. */
export const role = defineResource({
  description:
    'A role: which operations are allowed. UCP’s roles never change; one with the same name and operations is shared between stacks, and deleted by the last that leaves it. Import id: its name.',
  fields,
  outputs: {
    roleId: { type: 'string', description: 'The id UCP gave it.' },
    waitingGrants: {
      type: 'array',
      description: 'Grants, by subject and collection, that an interrupted update has yet to put again.',
    },
  },

  verify: ({ name, operations }) => [
    ...(builtInRoles.includes(name)
      ? [{ property: 'name', reason: `is a role that UCP ships: ${builtInRoles.join(', ')}.` }]
      : []),
    ...checkOperations(operations),
  ],

  normalize: ({ name, operations }) => ({ name, operations: normalOperations(operations) }),

  create: async (client, inputs, context) => {
    const ucp = ucpFor(client, context, `role ${inputs.name}`)
    const { thing } = await findOrMake(client, {
      signal: context.signal,
      find: async () => (await twins(ucp, inputs))[0],
      make: () => makeShared(ucp, inputs),
    })
    return { id: inputs.name, outputs: { ...inputs, roleId: thing.id, waitingGrants: [] } }
  },

  read: async (client, { id, outputs }, context) => {
    const found = await findRole(ucpFor(client, context, `role ${id}`), id, textOutput(outputs, 'roleId'))
    if (found === undefined) return undefined
    const inputs = { name: found.name, operations: normalOperations(found.operations) }
    const waitingGrants = [...waitingOf(outputs)]
    return { id: found.name, inputs, outputs: { ...inputs, roleId: found.id, waitingGrants } }
  },

  update: async (client, { id, outputs, inputs }, context) => {
    const ucp = ucpFor(client, context, `role ${id}`)
    const named = rolesNamed(await listRoles(ucp), inputs.name)
    const waiting = new Set(waitingOf(outputs))
    try {
      await dissolve(
        ucp,
        named.filter((one) => !isSame(one.operations, inputs.operations)),
        waiting,
      )
      const { thing } = await findOrMake(client, {
        signal: context.signal,
        find: async () => (await twins(ucp, inputs))[0],
        make: () => makeShared(ucp, inputs),
      })
      await putAgain(ucp, waiting, thing.id)
      return { roleId: thing.id, waitingGrants: [] }
    } catch (error) {
      // The operations that were read stay in the state, so that the next run comes here again.
      throw new Unfinished(id, { ...outputs, waitingGrants: [...waiting] }, error)
    }
  },

  delete: async (client, { id, outputs }, context) => {
    const ucp = ucpFor(client, context, `role ${id}`)
    const roleId = textOutput(outputs, 'roleId')
    const found =
      (roleId === undefined ? undefined : await readRole(ucp, roleId)) ?? (await findRole(ucp, id, roleId))
    if (found === undefined || found.isSystem) return
    if (await deleteUnlessUsed(ucp, found.id)) return
    context.log('debug', `The role ${id} is still used by grants and stays until the last is gone.`)
  },
})
