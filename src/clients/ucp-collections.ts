import {
  type AnswerObject,
  isTrueAt,
  listOf,
  objectOf,
  orMissing,
  segment,
  textAt,
  textOr,
  textsAt,
} from './answer.ts'
import type { Ucp } from './ucp.ts'

/** A constraint put on every service and container of a collection. */
export interface CollectionConstraint {
  readonly type: string
  readonly labelKey: string
  readonly labelValue: string
  /** False: everywhere but there. */
  readonly equality: boolean
}

/** A collection. Identified by id; by path, which never changes. */
export interface UcpCollection {
  readonly id: string
  readonly name: string
  readonly path: string
  /** From the root down to the direct parent. */
  readonly parentIds: readonly string[]
  readonly constraints: readonly CollectionConstraint[]
  readonly legacyLabelKey: string
  readonly legacyLabelValue: string
}

const constraint = (from: AnswerObject): CollectionConstraint => ({
  type: textOr(from, 'type', 'node'),
  labelKey: textAt(from, 'label_key'),
  labelValue: textOr(from, 'label_value'),
  equality: isTrueAt(from, 'equality'),
})

const collection = (from: AnswerObject): UcpCollection => ({
  id: textAt(from, 'id'),
  name: textOr(from, 'name'),
  path: textAt(from, 'path'),
  parentIds: textsAt(from, 'parent_ids'),
  constraints: listOf(from.label_constraints).map((one) => constraint(objectOf(one))),
  // Created as `legacy_label_key`, read as `legacylabelkey` (reference §3.1).
  legacyLabelKey: textOr(from, 'legacylabelkey'),
  legacyLabelValue: textOr(from, 'legacylabelvalue'),
})

const wireConstraints = (constraints: readonly CollectionConstraint[]) =>
  constraints.map(({ type, labelKey, labelValue, equality }) => ({
    type,
    label_key: labelKey,
    label_value: labelValue,
    equality,
  }))

/** The collection at an absolute path; undefined where there is none. */
export const collectionByPath = async (ucp: Ucp, path: string): Promise<UcpCollection | undefined> => {
  const found = await ucp.get(`/collectionByPath?path=${encodeURIComponent(path)}`)
  return found === undefined ? undefined : collection(found)
}

/** A collection by id; undefined where there is none. */
export const collectionById = async (ucp: Ucp, id: string): Promise<UcpCollection | undefined> => {
  const found = await ucp.get(`/collections/${segment(id)}`)
  return found === undefined ? undefined : collection(found)
}

/** The collections directly below one. */
export const childCollections = async (ucp: Ucp, id: string): Promise<UcpCollection[]> =>
  (await ucp.all({ path: `/collections/${segment(id)}/children`, marker: (one) => textAt(one, 'id') })).map(
    collection,
  )

/** Makes a collection below a parent and answers its id. */
export const createCollection = async (
  ucp: Ucp,
  wanted: {
    readonly name: string
    readonly parentId: string
    readonly constraints: readonly CollectionConstraint[]
    readonly legacyLabelKey: string
    readonly legacyLabelValue: string
  },
): Promise<string> =>
  textAt(
    objectOf(
      await ucp.json({
        method: 'POST',
        path: '/collections',
        body: {
          name: wanted.name,
          parent_id: wanted.parentId,
          label_constraints: wireConstraints(wanted.constraints),
          legacy_label_key: wanted.legacyLabelKey,
          legacy_label_value: wanted.legacyLabelValue,
        },
      }),
    ),
    'id',
  )

/** Replaces the constraints, the only thing of a collection that can change. */
export const patchCollection = async (
  ucp: Ucp,
  id: string,
  constraints: readonly CollectionConstraint[],
): Promise<void> => {
  await ucp.send({
    method: 'PATCH',
    path: `/collections/${segment(id)}`,
    body: { label_constraints: wireConstraints(constraints) },
  })
}

/** Succeeds where it is gone already. @throws {Fault} `conflict` or `invalid-request` while something is in it. */
export const deleteCollection = async (ucp: Ucp, id: string): Promise<void> => {
  await orMissing(ucp.send({ method: 'DELETE', path: `/collections/${segment(id)}` }))
}

/** Where a user's unlabelled resources go; undefined where there is no such user. */
export const readDefaultCollection = async (ucp: Ucp, userId: string): Promise<UcpCollection | undefined> => {
  const found = await ucp.get(`/defaultCollection/${segment(userId)}`)
  return found === undefined ? undefined : collection(found)
}

export const putDefaultCollection = async (ucp: Ucp, userId: string, collectionId: string): Promise<void> => {
  await ucp.send({
    method: 'PUT',
    path: `/defaultCollection/${segment(userId)}`,
    body: { id: collectionId },
  })
}

/** Back to the user's private collection. Succeeds where there was none. */
export const deleteDefaultCollection = async (ucp: Ucp, userId: string): Promise<void> => {
  await orMissing(ucp.send({ method: 'DELETE', path: `/defaultCollection/${segment(userId)}` }))
}
