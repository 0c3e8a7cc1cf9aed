import * as z from 'zod'
import type { Caller } from '../access.ts'
import type { Answer, Call } from '../call.ts'
import { type Collection, noSuchCollection } from '../collections.ts'
import { type PageRequest, pageOf, pageRequest } from '../paging.ts'
import { invalid } from '../refusal.ts'
import type { Route } from '../router.ts'
import type { UcpState } from '../state.ts'

const LabelConstraint = z.object({
  type: z.enum(['node', 'engine']),
  label_key: z.string().min(1),
  label_value: z.string(),
  equality: z.boolean(),
})

const NewCollection = z.object({
  name: z.string(),
  parent_id: z.string(),
  label_constraints: z.array(LabelConstraint).nullish(),
  legacy_label_key: z.string().nullish(),
  legacy_label_value: z.string().nullish(),
})

/** Name and parent are immutable (reference §3.3). */
const Changes = z.object({ label_constraints: z.array(LabelConstraint) })

/** As the API shows it: the label's names differ from those that create takes (reference §3.1). */
export const collectionView = (collection: Collection): Record<string, unknown> => ({
  id: collection.id,
  name: collection.name,
  path: collection.path,
  parent_ids: collection.ancestorIds,
  label_constraints: collection.labelConstraints,
  legacylabelkey: collection.legacyLabelKey,
  legacylabelvalue: collection.legacyLabelValue,
  created_at: collection.createdAt,
  updated_at: collection.updatedAt,
})

/**
 * Whether the caller sees it: by a grant on it, by a right that it inherits, or as an ancestor of one they have a grant on
 * (reference §3.5).
 * Asked once per call for many collections.
 */
const visibleTo = (state: UcpState, caller: Caller): ((collection: Collection) => boolean) => {
  if (caller.isAdmin) return () => true
  const granted = state.rbac.grantedCollections(caller)
  const shown = new Set(granted.flatMap((id) => [id, ...(state.collections.find(id)?.ancestorIds ?? [])]))
  const inherits = (id: string): boolean =>
    state.switches.nodeRightsShowCollectionsBelow
      ? state.rbac.mayAnything(caller, id)
      : state.rbac.mayBeyondNodes(caller, id)
  return ({ id }) => shown.has(id) || inherits(id)
}

/** @throws {Refusal} where it is missing or the caller cannot see it. */
export const seenCollection = (state: UcpState, caller: Caller, id: string): Collection => {
  const collection = state.collections.get(id)
  if (visibleTo(state, caller)(collection)) return collection
  throw noSuchCollection(id, state.switches.hiddenCollectionStatus)
}

/** A bare array without a marker (reference §3.3). */
const listed = (state: UcpState, call: Call, collections: readonly Collection[]): Answer => {
  const found = collections.filter(visibleTo(state, call.caller))
  const request = pageRequest(call.query, state.switches.limitZeroMeansAll)
  const items =
    state.switches.collectionStart === 'id'
      ? pageOf(found, request, ({ id }) => id).items
      : byOffset(found, request)
  return { status: 200, body: items.map(collectionView) }
}

const byOffset = (found: readonly Collection[], request: PageRequest): readonly Collection[] => {
  const from = Number(request.start || '0')
  if (!Number.isInteger(from) || from < 0) throw invalid('start must be a whole number of 0 or more.')
  return found.slice(from, from + request.limit)
}

const byPath = (state: UcpState, call: Call): Answer => {
  const path = call.query.get('path') ?? ''
  if (!path.startsWith('/')) throw invalid('path must be an absolute path.')
  const collection = state.collections.byPath(path)
  if (collection === undefined || !visibleTo(state, call.caller)(collection))
    throw noSuchCollection(path, collection === undefined ? 404 : state.switches.hiddenCollectionStatus)
  return { status: 200, body: collectionView(collection) }
}

const create = async (state: UcpState, call: Call): Promise<Answer> => {
  const given = await call.body(NewCollection)
  const { id } = state.collections.create({
    name: given.name,
    parentId: given.parent_id,
    labelConstraints: given.label_constraints ?? [],
    legacyLabelKey: given.legacy_label_key ?? '',
    legacyLabelValue: given.legacy_label_value ?? '',
  })
  return { status: 201, body: { id } }
}

const change = async (state: UcpState, call: Call): Promise<Answer> => {
  const { id } = state.collections.get(call.param('id'))
  const { label_constraints } = await call.body(Changes)
  state.collections.constrain(id, label_constraints)
  return { status: 200 }
}

const children = (state: UcpState, call: Call): Answer => {
  const { id } = seenCollection(state, call.caller, call.param('id'))
  return listed(state, call, state.collections.children(id))
}

/** Collections (reference §3). */
export const collectionRoutes = (state: UcpState): Route[] => {
  const read = { style: 'native', access: 'user', method: 'GET' } as const
  const write = { style: 'native', access: 'admin' } as const
  return [
    { ...read, pattern: '/collections', handle: (call) => listed(state, call, state.collections.all()) },
    { ...read, pattern: '/collectionByPath', handle: (call) => byPath(state, call) },
    {
      ...read,
      pattern: '/collections/:id',
      handle: (call) => ({
        status: 200,
        body: collectionView(seenCollection(state, call.caller, call.param('id'))),
      }),
    },
    { ...read, pattern: '/collections/:id/children', handle: (call) => children(state, call) },
    { ...write, method: 'POST', pattern: '/collections', handle: (call) => create(state, call) },
    { ...write, method: 'PATCH', pattern: '/collections/:id', handle: (call) => change(state, call) },
    {
      ...write,
      method: 'DELETE',
      pattern: '/collections/:id',
      handle: async (call) => {
        await state.removeCollection(call.param('id'))
        return { status: 204 }
      },
    },
  ]
}
