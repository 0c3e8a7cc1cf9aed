import type { Operations } from '../core/ucp-operations.ts'
import {
  type AnswerObject,
  isTrueAt,
  listOf,
  objectOf,
  orMissing,
  segment,
  textAt,
  textOr,
} from './answer.ts'
import type { Ucp } from './ucp.ts'

/** A role. Identified by id; names may occur twice. Immutable. */
export interface UcpRole {
  readonly id: string
  readonly name: string
  readonly isSystem: boolean
  readonly operations: Operations
}

const subPermissions = (value: unknown): string[] =>
  listOf(value)
    .filter((one) => typeof one === 'string')
    .sort()

const operations = (value: unknown): Operations =>
  Object.fromEntries(
    Object.entries(objectOf(value ?? {})).map(([resource, byOperation]) => [
      resource,
      Object.fromEntries(
        Object.entries(objectOf(byOperation ?? {})).map(([name, list]) => [name, subPermissions(list)]),
      ),
    ]),
  )

const role = (from: AnswerObject): UcpRole => ({
  id: textAt(from, 'id'),
  name: textOr(from, 'name'),
  isSystem: isTrueAt(from, 'system_role'),
  operations: operations(from.operations),
})

/** Every role, by id. */
export const listRoles = async (ucp: Ucp): Promise<UcpRole[]> =>
  listOf(await ucp.json({ method: 'GET', path: '/roles' }))
    .map((one) => role(objectOf(one)))
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))

/** A role by id; undefined where there is none. */
export const readRole = async (ucp: Ucp, id: string): Promise<UcpRole | undefined> => {
  const found = await ucp.get(`/roles/${segment(id)}`)
  return found === undefined ? undefined : role(found)
}

/** Makes a role and answers its id; the server answers an object or a list of one (reference §4.1). */
export const createRole = async (
  ucp: Ucp,
  wanted: { readonly name: string; readonly operations: Operations },
): Promise<string> => {
  const answer = await ucp.json({
    method: 'POST',
    path: '/roles',
    body: { name: wanted.name, system_role: false, operations: wanted.operations },
  })
  return textAt(objectOf(Array.isArray(answer) ? answer[0] : answer), 'id')
}

/** Succeeds where it is gone already. @throws {Fault} `conflict` or `invalid-request` while a grant uses it. */
export const deleteRole = async (ucp: Ucp, id: string): Promise<void> => {
  await orMissing(ucp.send({ method: 'DELETE', path: `/roles/${segment(id)}` }))
}
