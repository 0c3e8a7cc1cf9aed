import pLimit from 'p-limit'
import type { Ucp } from '../clients/ucp.ts'
import { listTeams, readAccount, type UcpTeam } from '../clients/ucp-accounts.ts'
import { type ListedCollection, listCollections } from '../clients/ucp-collection-list.ts'
import { listGrants, type UcpGrant } from '../clients/ucp-grants.ts'
import { listRoles } from '../clients/ucp-roles.ts'
import { isFault } from '../core/fault.ts'
import { grantName, type LiveThing } from '../plan/unowned.ts'
import { collectionOwner, unmarkText } from '../provider/ucp/ownership.ts'

/** Whose things are looked for. */
export interface UcpSurvey {
  readonly ucp: Ucp
  /** Organizations that have a file or a stack. */
  readonly organizations: readonly string[]
  /** The platform's own account: what it may do is the administrators' affair. */
  readonly account: string
}

/** So many calls at once. */
const atOnce = 8

const collectionThings = (collections: readonly ListedCollection[]): readonly LiveThing[] =>
  collections.map(({ path, label }) => {
    const owner = collectionOwner(label.key, label.value)
    return { kind: 'collection', name: path, collection: path, ...(owner === undefined ? {} : { owner }) }
  })

interface KnownOrganization {
  readonly name: string
  readonly id: string
  readonly teams: readonly UcpTeam[]
}

/** Undefined where nobody has made it yet. */
const readOrganization = async (ucp: Ucp, name: string): Promise<KnownOrganization | undefined> => {
  const account = await readAccount(ucp, name)
  if (account === undefined || !account.isOrg) return undefined
  return { name, id: account.id, teams: await listTeams(ucp, name) }
}

const teamThings = ({ name, teams }: KnownOrganization): readonly LiveThing[] =>
  teams.map((team) => {
    const { owner } = unmarkText(team.description)
    return { kind: 'team', name: `${name}/${team.name}`, ...(owner === undefined ? {} : { owner }) }
  })

const subjectsOf = (organizations: readonly KnownOrganization[]): Map<string, string> =>
  new Map(
    organizations.flatMap(({ id, name, teams }) => [
      [id, name] as const,
      ...teams.map((team) => [team.id, `${name}/${team.name}`] as const),
    ]),
  )

/** A subject that is none of ours: a user, or an organization beside ours. A team of such a one keeps its id. */
const otherSubject = async (ucp: Ucp, id: string): Promise<string> => {
  try {
    const account = await readAccount(ucp, id)
    if (account === undefined) return id
    return account.isOrg ? account.name : `user ${account.name}`
  } catch (error) {
    if (isFault(error, 'invalid-request') || isFault(error, 'forbidden')) return id
    throw error
  }
}

interface Names {
  readonly subjects: Map<string, string>
  readonly collections: ReadonlyMap<string, string>
  readonly roles: ReadonlyMap<string, string>
}

/** A role that is built in has its id for a name. */
const grantThing = ({ subjectId, roleId, collectionId }: UcpGrant, names: Names): LiveThing | undefined => {
  const collection = names.collections.get(collectionId)
  const subject = names.subjects.get(subjectId) ?? subjectId
  if (collection === undefined) return undefined
  return {
    kind: 'grant',
    name: grantName(subject, names.roles.get(roleId) ?? roleId, collection),
    collection,
  }
}

/** Grants on private collections are UCP's own affair: everybody has one. */
const isPrivate = (path: string, organizations: readonly string[]): boolean => {
  const [, owner] = /^\/Shared\/Private\/([^/]+)/.exec(path) ?? []
  return owner !== undefined && !organizations.includes(owner)
}

const learnSubjects = async (
  ucp: Ucp,
  grants: readonly UcpGrant[],
  subjects: Map<string, string>,
): Promise<void> => {
  const bounded = pLimit(atOnce)
  const unknown = [...new Set(grants.map(({ subjectId }) => subjectId))].filter((id) => !subjects.has(id))
  await Promise.all(unknown.map((id) => bounded(async () => subjects.set(id, await otherSubject(ucp, id)))))
}

const grantThings = async (
  { ucp, organizations: names, account }: UcpSurvey,
  collections: readonly ListedCollection[],
  organizations: readonly KnownOrganization[],
): Promise<readonly LiveThing[]> => {
  const paths = new Map(collections.map(({ id, path }) => [id, path]))
  const grants = (await listGrants(ucp, {})).filter(
    ({ collectionId }) => !isPrivate(paths.get(collectionId) ?? '', names),
  )
  const roles = new Map(
    (await listRoles(ucp)).map(({ id, name, isSystem }) => [id, isSystem ? id : name] as const),
  )
  const subjects = subjectsOf(organizations)
  await learnSubjects(ucp, grants, subjects)
  return grants
    .filter(({ subjectId }) => subjects.get(subjectId) !== `user ${account}`)
    .flatMap((grant) => grantThing(grant, { subjects, collections: paths, roles }) ?? [])
}

/** Collections and grants of a cluster, and the teams of our organizations. @throws {Fault} as `Ucp` does. */
export const ucpThings = async (survey: UcpSurvey): Promise<readonly LiveThing[]> => {
  const bounded = pLimit(atOnce)
  const collections = await listCollections(survey.ucp)
  const organizations = (
    await Promise.all(survey.organizations.map((name) => bounded(() => readOrganization(survey.ucp, name))))
  ).flatMap((one) => one ?? [])
  return [
    ...collectionThings(collections),
    ...organizations.flatMap(teamThings),
    ...(await grantThings(survey, collections, organizations)),
  ]
}
