import type { Ucp } from '../../clients/ucp.ts'
import { readAccount, readTeam } from '../../clients/ucp-accounts.ts'
import { collectionByPath, type UcpCollection } from '../../clients/ucp-collections.ts'
import type { UcpGrant } from '../../clients/ucp-grants.ts'
import { listRoles, type UcpRole } from '../../clients/ucp-roles.ts'
import { required } from './ensure.ts'

/** A grant by names, as inputs have it. */
export interface NamedGrant {
  readonly subject: string
  readonly role: string
  readonly collection: string
}

/** Roles that UCP ships; their ids are their names here (reference §4.2). */
export const builtInRoles: readonly string[] = [
  'none',
  'viewonly',
  'restrictedcontrol',
  'scheduler',
  'fullcontrol',
]

/** The id of `team:<org>/<team>`, `organization:<name>` or `user:<name>`; undefined where there is none. */
const findSubjectId = async (ucp: Ucp, subject: string): Promise<string | undefined> => {
  const colon = subject.indexOf(':')
  const name = subject.slice(colon + 1)
  if (subject.slice(0, colon) !== 'team') return (await readAccount(ucp, name))?.id
  const [organization = '', team = ''] = name.split('/')
  return (await readTeam(ucp, organization, team))?.id
}

/** The roles of a name that are not built in, by id: the first one is the one that counts. */
export const rolesNamed = (roles: readonly UcpRole[], name: string): UcpRole[] =>
  roles.filter((role) => role.name === name && !role.isSystem)

/** The id of a built-in role or of the role of that name; undefined where there is none. */
const findRoleId = async (ucp: Ucp, role: string): Promise<string | undefined> =>
  builtInRoles.includes(role) ? role : rolesNamed(await listRoles(ucp), role)[0]?.id

/** The ids of a grant's parts; undefined where one of them does not exist. */
export const findGrant = async (ucp: Ucp, grant: NamedGrant): Promise<UcpGrant | undefined> => {
  const [subjectId, roleId, collection] = await Promise.all([
    findSubjectId(ucp, grant.subject),
    findRoleId(ucp, grant.role),
    collectionByPath(ucp, grant.collection),
  ])
  if (subjectId === undefined || roleId === undefined || collection === undefined) return undefined
  return { subjectId, roleId, collectionId: collection.id }
}

/** The collection at a path. @throws {Fault} `not-found`. */
export const requireCollection = async (ucp: Ucp, path: string): Promise<UcpCollection> =>
  required(await collectionByPath(ucp, path), {
    what: `The collection ${path}`,
    endpoint: ucp.endpoint,
    hint: 'Collections are never made on the way: apply the stack that declares it first.',
  })

/** The ids of a grant's parts. @throws {Fault} `not-found` that names the part that is missing. */
export const requireGrant = async (ucp: Ucp, grant: NamedGrant): Promise<UcpGrant> => {
  const { endpoint } = ucp
  const [subjectId, roleId, collection] = await Promise.all([
    findSubjectId(ucp, grant.subject),
    findRoleId(ucp, grant.role),
    requireCollection(ucp, grant.collection),
  ])
  return {
    subjectId: required(subjectId, {
      what: `The subject ${grant.subject}`,
      endpoint,
      hint: 'A user exists after the first login or LDAP sync, a team once its stack was applied.',
    }),
    roleId: required(roleId, {
      what: `The role ${grant.role}`,
      endpoint,
      hint: `Roles are ${builtInRoles.join(', ')} or the names of roles that were made before.`,
    }),
    collectionId: collection.id,
  }
}

/** The last name of a path and what is above it: `/Run/Std` → `Std` in `/Run`, `/Run` → `Run` in `/`. */
export const splitPath = (path: string): { readonly parent: string; readonly name: string } => {
  const slash = path.lastIndexOf('/')
  return { parent: path.slice(0, slash) || '/', name: path.slice(slash + 1) }
}
