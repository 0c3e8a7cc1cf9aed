import { type AnswerObject, orMissing, segment, textAt } from './answer.ts'
import type { Ucp } from './ucp.ts'

/** A role for a subject on a collection, by their ids. Identified by the three. */
export interface UcpGrant {
  readonly subjectId: string
  readonly collectionId: string
  readonly roleId: string
}

const grant = (from: AnswerObject): UcpGrant => ({
  subjectId: textAt(from, 'subjectID'),
  collectionId: textAt(from, 'objectID'),
  roleId: textAt(from, 'roleID'),
})

const grantPath = ({ subjectId, collectionId, roleId }: UcpGrant): string =>
  `/collectionGrants/${segment(subjectId)}/${segment(collectionId)}/${segment(roleId)}`

/** Every grant with the given parts; all of them where none is given. */
export const listGrants = async (ucp: Ucp, filter: Partial<UcpGrant>): Promise<UcpGrant[]> => {
  const query = new URLSearchParams({
    ...(filter.subjectId === undefined ? {} : { subjectID: filter.subjectId }),
    ...(filter.collectionId === undefined ? {} : { objectID: filter.collectionId }),
    ...(filter.roleId === undefined ? {} : { roleID: filter.roleId }),
  }).toString()
  const found = await ucp.all({
    path: `/collectionGrants${query === '' ? '' : `?${query}`}`,
    key: 'grants',
    marker: (one) => `${textAt(one, 'subjectID')}:${textAt(one, 'objectID')}:${textAt(one, 'roleID')}`,
  })
  return found.map(grant)
}

/** Whether the grant exists. */
export const hasGrant = async (ucp: Ucp, wanted: UcpGrant): Promise<boolean> =>
  (await listGrants(ucp, wanted)).some(
    ({ subjectId, collectionId, roleId }) =>
      subjectId === wanted.subjectId && collectionId === wanted.collectionId && roleId === wanted.roleId,
  )

/** Idempotent. @throws {Fault} `not-found` where a part does not exist and the server checks it. */
export const putGrant = async (ucp: Ucp, wanted: UcpGrant): Promise<void> => {
  await ucp.send({ method: 'PUT', path: grantPath(wanted), body: {} })
}

/** Succeeds where it is gone already. */
export const deleteGrant = async (ucp: Ucp, gone: UcpGrant): Promise<void> => {
  await orMissing(ucp.send({ method: 'DELETE', path: grantPath(gone) }))
}
