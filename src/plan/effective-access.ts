import { isWithin } from '../compile/collection-paths.ts'
import { everyone } from '../compile/ucp-builtins.ts'
import { compareText } from '../core/issue.ts'
import type { Operations } from '../core/ucp-operations.ts'
import { builtInOperations } from '../core/ucp-operations.ts'
import type { StackState } from '../model/desired-state.ts'
import type { Grant, Subject } from '../model/grant.ts'

export type GrantTriple = Pick<Grant, 'subject' | 'role' | 'collection'>

/** Grants, and what the roles hold that they name; a role that is not here and not UCP's own holds nothing. */
export interface AccessGraph {
  readonly grants: readonly GrantTriple[]
  readonly roles: ReadonlyMap<string, Operations>
}

/** A user and the teams that the user is in, as `organization/team`; organizations that the user is in without a team. */
export interface Person {
  readonly user: string
  readonly teams: readonly string[]
  readonly organizations: readonly string[]
}

/** `Service Create`, or with a dangerous variant `Service Create [Host Bind Mounts]`. */
export type Permission = string

/** Everything a role holds, sorted. */
export const permissionsOf = (operations: Operations): readonly Permission[] =>
  Object.values(operations)
    .flatMap((byName) =>
      Object.entries(byName).flatMap(([operation, variants]) => [
        operation,
        ...variants.map((variant) => `${operation} [${variant}]`),
      ]),
    )
    .sort(compareText)

/** What the grants of some stacks say together; without those that a stack revokes. */
export const accessGraph = (states: readonly StackState[]): AccessGraph => {
  const resources = states.flatMap((state) => state.resources)
  return {
    grants: resources.filter((resource) => resource.kind === 'Grant'),
    roles: new Map(
      resources
        .filter((resource) => resource.kind === 'Role')
        .map((role) => [role.name, role.operations] as const),
    ),
  }
}

/** One text a subject: `organization/team`, `organization`, or the user's name after `user:`. */
export const subjectText = (subject: Subject): string => {
  switch (subject.kind) {
    case 'team':
      return `${subject.organization}/${subject.team}`
    case 'organization':
      return subject.organization
    case 'user':
      return `user:${subject.user}`
  }
}

/** The user, every team, every organization of these and the one of everyone (reference §6.2). */
export const subjectsOf = ({ user, teams, organizations }: Person): ReadonlySet<string> =>
  new Set([
    `user:${user}`,
    ...teams,
    ...teams.map((team) => team.slice(0, team.indexOf('/'))),
    ...organizations,
    everyone,
  ])

const permissionsOfRole = (graph: AccessGraph, role: string): readonly Permission[] =>
  permissionsOf(graph.roles.get(role) ?? builtInOperations[role] ?? {})

/** Union of what the subjects hold on a collection and its ancestors. */
const held = (
  graph: AccessGraph,
  subjects: ReadonlySet<string>,
  collection: string,
): ReadonlySet<Permission> =>
  new Set(
    graph.grants
      .filter((grant) => subjects.has(subjectText(grant.subject)) && isWithin(collection, grant.collection))
      .flatMap((grant) => permissionsOfRole(graph, grant.role)),
  )

/** What a person may do on a collection: the union over the person's subjects and the collection's ancestors, sorted. */
export const effectiveAccess = (
  graph: AccessGraph,
  person: Person,
  collection: string,
): readonly Permission[] => [...held(graph, subjectsOf(person), collection)].sort(compareText)

/** What a subject gains and loses by a change, on a collection and everything below it. */
export interface AccessChange {
  readonly subject: Subject
  readonly collection: string
  /** Sorted. */
  readonly gained: readonly Permission[]
  /** Sorted. */
  readonly lost: readonly Permission[]
}

/** Before and after of one subject. */
interface SubjectGraphs {
  readonly subject: Subject
  readonly before: AccessGraph
  readonly after: AccessGraph
}

const without = (from: ReadonlySet<Permission>, these: ReadonlySet<Permission>): readonly Permission[] =>
  [...from].filter((permission) => !these.has(permission))

/** What a change at an ancestor has said already is not said again below. */
const unsaid = (
  permissions: readonly Permission[],
  said: readonly (readonly [string, Permission])[],
  collection: string,
): readonly Permission[] => {
  const known = new Set(said.filter(([at]) => isWithin(collection, at)).map(([, permission]) => permission))
  return permissions.filter((permission) => !known.has(permission)).sort(compareText)
}

const changesOf = ({ subject, before, after }: SubjectGraphs): readonly AccessChange[] => {
  const self = new Set([subjectText(subject)])
  const collections = [...new Set([...before.grants, ...after.grants].map((grant) => grant.collection))].sort(
    compareText,
  )
  const gains: [string, Permission][] = []
  const losses: [string, Permission][] = []
  const changes: AccessChange[] = []
  for (const collection of collections) {
    const then = held(before, self, collection)
    const now = held(after, self, collection)
    const gained = unsaid(without(now, then), gains, collection)
    const lost = unsaid(without(then, now), losses, collection)
    gains.push(...gained.map((permission): [string, Permission] => [collection, permission]))
    losses.push(...lost.map((permission): [string, Permission] => [collection, permission]))
    if (gained.length > 0 || lost.length > 0) changes.push({ subject, collection, gained, lost })
  }
  return changes
}

const bySubject = (graph: AccessGraph): ReadonlyMap<string, GrantTriple[]> => {
  const groups = new Map<string, GrantTriple[]>()
  for (const grant of graph.grants) {
    const name = subjectText(grant.subject)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [grant])
    else group.push(grant)
  }
  return groups
}

/** Changes between two graphs, by subject, then by collection. */
export const graphChanges = (before: AccessGraph, after: AccessGraph): readonly AccessChange[] => {
  const then = bySubject(before)
  const now = bySubject(after)
  return [...new Set([...then.keys(), ...now.keys()])].sort(compareText).flatMap((name) => {
    const old = then.get(name) ?? []
    const fresh = now.get(name) ?? []
    const subject = (fresh[0] ?? old[0])?.subject
    if (subject === undefined) return []
    return changesOf({
      subject,
      before: { grants: old, roles: before.roles },
      after: { grants: fresh, roles: after.roles },
    })
  })
}

/**
 * Who gains and who loses what when a stack goes from one state to another; undefined stands for no stack.
 * A change on a collection holds for everything below it and is said once. Sorted by subject, then by collection.
 */
export const accessChanges = (
  before: StackState | undefined,
  after: StackState | undefined,
): readonly AccessChange[] =>
  graphChanges(
    accessGraph(before === undefined ? [] : [before]),
    accessGraph(after === undefined ? [] : [after]),
  )
