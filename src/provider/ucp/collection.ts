import { waitFor } from '../../clients/clock.ts'
import type { Ucp } from '../../clients/ucp.ts'
import {
  childCollections,
  collectionById,
  collectionByPath,
  createCollection,
  deleteCollection,
  patchCollection,
  type UcpCollection,
} from '../../clients/ucp-collections.ts'
import { listGrants } from '../../clients/ucp-grants.ts'
import { engineObjectsIn, listNodes } from '../../clients/ucp-nodes.ts'
import { canonicalJson } from '../../core/canonical.ts'
import { Fault, isFault } from '../../core/fault.ts'
import type { InputsOf } from '../input-fields.ts'
import { Unfinished } from '../plugin.ts'
import { ucpFor } from './client.ts'
import { defineResource, textOutput } from './define-resource.ts'
import { findOrMake, required } from './ensure.ts'
import { assertOurs, collectionMark, collectionMarkKey, collectionOwner, isAnothers } from './ownership.ts'
import { anyText, collectionPath, someText } from './patterns.ts'
import { requireCollection, splitPath } from './resolve.ts'

const constraint = {
  type: { shape: { type: 'string', oneOf: ['node', 'engine'] }, description: 'Whose label it looks at.' },
  labelKey: { shape: someText, description: 'The label’s key.' },
  labelValue: { shape: anyText, description: 'The label’s value.' },
  equality: {
    shape: { type: 'boolean' },
    description: 'True: only where the label has the value. False: only where it has not.',
  },
} as const

const fields = {
  path: {
    shape: collectionPath,
    description: 'The absolute path; the collection above must exist. It never changes.',
    replaces: true,
  },
  labelConstraints: {
    shape: { type: 'list', of: { type: 'object', name: 'LabelConstraint', fields: constraint } },
    description: 'Constraints put on every service and container of the collection.',
    optional: true,
  },
} as const

type CollectionInputs = InputsOf<typeof fields>

// Node moves and network removals take a moment to settle.
const settle = { totalMilliseconds: 20_000, stepMilliseconds: 1_000 }
const most = 5

const sortedConstraints = (inputs: Pick<CollectionInputs, 'labelConstraints'>) =>
  [...(inputs.labelConstraints ?? [])].sort((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1))

const inputsOf = (found: UcpCollection) => {
  const constraints = sortedConstraints({
    labelConstraints: found.constraints.map((one) => ({
      ...one,
      type: one.type === 'engine' ? 'engine' : 'node',
    })),
  })
  return { path: found.path, ...(constraints.length === 0 ? {} : { labelConstraints: constraints }) }
}

const make = async (ucp: Ucp, inputs: CollectionInputs, owner: string): Promise<UcpCollection> => {
  const { parent, name } = splitPath(inputs.path)
  const { id: parentId } = await requireCollection(ucp, parent)
  const id = await createCollection(ucp, {
    name,
    parentId,
    constraints: inputs.labelConstraints ?? [],
    legacyLabelKey: collectionMarkKey,
    legacyLabelValue: collectionMark(owner, inputs.path),
  })
  return required(await collectionById(ucp, id), {
    what: `The collection ${inputs.path}, made a moment ago,`,
    endpoint: ucp.endpoint,
    hint: 'Run again: it is looked up by its path first.',
  })
}

const sync = async (ucp: Ucp, found: UcpCollection, inputs: CollectionInputs): Promise<void> => {
  const wanted = sortedConstraints(inputs)
  if (canonicalJson(inputsOf(found).labelConstraints ?? []) === canonicalJson(wanted)) return
  await patchCollection(ucp, found.id, wanted)
}

/** What lies in a collection, in the reader's words; empty where it cannot be found out. */
const contents = async (ucp: Ucp, id: string): Promise<string[]> => {
  const parts = await Promise.allSettled([
    childCollections(ucp, id).then((all) => all.map(({ path }) => `collection ${path}`)),
    listNodes(ucp).then((all) =>
      all
        .filter(({ labels }) => labels['com.docker.ucp.collection'] === id)
        .map(({ hostname }) => `node ${hostname}`),
    ),
    engineObjectsIn(ucp, id),
    listGrants(ucp, { collectionId: id }).then((all) => (all.length === 0 ? [] : [`${all.length} grants`])),
  ])
  return parts.flatMap((part) => (part.status === 'fulfilled' ? part.value : []))
}

const stillHeld = async (ucp: Ucp, found: UcpCollection, cause: Fault): Promise<Fault> => {
  const held = await contents(ucp, found.id)
  if (held.length === 0 && cause.code === 'forbidden') return cause
  const shown = `${held.slice(0, most).join(', ')}${held.length > most ? ` and ${held.length - most} more` : ''}`
  return new Fault(
    'conflict',
    `The collection ${found.path} cannot be deleted: ${held.length === 0 ? cause.message : `it still holds ${shown}`}.`,
    {
      cause,
      details: {
        ...cause.details,
        hint: 'Delete or move these first; what other stacks keep in it is theirs.',
      },
    },
  )
}

// Which status a collection that holds something is refused with is not established (reference §3.5).
const isHeld = (error: unknown): error is Fault =>
  isFault(error, 'conflict') || isFault(error, 'invalid-request') || isFault(error, 'forbidden')

/** `ucp:index:Collection`; its id is its path. */
export const collection = defineResource({
  description: 'A collection: where resources lie and what grants are for. Import id: its path.',
  fields,
  outputs: { collectionId: { type: 'string', description: 'The id UCP gave it.' } },

  verify: ({ path }) =>
    path === '/'
      ? [{ property: 'path', reason: 'is the root, which always exists and cannot be made.' }]
      : [],

  normalize: ({ path, labelConstraints }) => ({
    path,
    ...(labelConstraints === undefined || labelConstraints.length === 0
      ? {}
      : { labelConstraints: sortedConstraints({ labelConstraints }) }),
  }),

  create: async (client, inputs, context) => {
    const ucp = ucpFor(client, context, `collection ${inputs.path}`)
    const { thing, existed } = await findOrMake(client, {
      signal: context.signal,
      find: () => collectionByPath(ucp, inputs.path),
      make: () => make(ucp, inputs, client.owner),
    })
    if (existed) {
      const owner = collectionOwner(thing.legacyLabelKey, thing.legacyLabelValue)
      assertOurs(client, { what: `collection ${inputs.path}`, id: inputs.path, owner })
    }
    const outputs = { ...inputs, collectionId: thing.id }
    try {
      await sync(ucp, thing, inputs)
    } catch (error) {
      throw new Unfinished(inputs.path, outputs, error)
    }
    return { id: inputs.path, outputs }
  },

  read: async (client, { id, outputs }, context) => {
    const found = await collectionByPath(ucpFor(client, context, `collection ${id}`), id)
    if (found === undefined) return undefined
    const owner = collectionOwner(found.legacyLabelKey, found.legacyLabelValue)
    const known = textOutput(outputs, 'collectionId')
    if (
      isAnothers(client, { what: `The collection ${id}`, id: found.id, owner }, { known, log: context.log })
    )
      return undefined
    const inputs = inputsOf(found)
    return { id: found.path, inputs, outputs: { ...inputs, collectionId: found.id } }
  },

  update: async (client, { id, inputs }, context) => {
    const ucp = ucpFor(client, context, `collection ${id}`)
    const found = await requireCollection(ucp, id)
    await sync(ucp, found, inputs)
    return { collectionId: found.id }
  },

  delete: async (client, { id, outputs }, context) => {
    const ucp = ucpFor(client, context, `collection ${id}`)
    const found = await collectionByPath(ucp, id)
    if (found === undefined) return
    const owner = collectionOwner(found.legacyLabelKey, found.legacyLabelValue)
    if (found.id !== textOutput(outputs, 'collectionId') && owner !== client.owner) {
      context.log('warning', `The collection ${id} was made anew by somebody else and is left alone.`)
      return
    }
    let refusal: Fault | undefined
    const deleted = await waitFor(
      async () => {
        try {
          await deleteCollection(ucp, found.id)
          return true
        } catch (error) {
          if (!isHeld(error)) throw error
          refusal = error
          return undefined
        }
      },
      { clock: client.clock, patience: settle, signal: context.signal },
    )
    if (deleted === undefined && refusal !== undefined) throw await stillHeld(ucp, found, refusal)
  },
})
