import type { Subject } from '../../src/model/grant.ts'
import type { AccessGraph, Person } from '../../src/plan/effective-access.ts'

/**
 * UCP's access rules by brute force, written from the reference (§4.2, §6.2) and sharing nothing with the code: it asks of
 * every single permission whether some grant gives it, walking the path up a segment at a time.
 */

const viewOnly =
  'Config View;Container Logs;Container Stats;Container Top;Container View;Image History;Image View;Network View;Node View;Secret View;Service Logs;Service View;Service View Tasks;Volume View'.split(
    ';',
  )

const builtin: Record<string, readonly string[]> = {
  none: [],
  viewonly: viewOnly,
  scheduler: ['Node Schedule', 'Node View'],
}

const roleGives = (graph: AccessGraph, role: string, permission: string): boolean => {
  const own = graph.roles.get(role)
  if (own === undefined) return (builtin[role] ?? []).includes(permission)
  for (const resource of Object.keys(own))
    for (const [operation, variants] of Object.entries(own[resource] ?? {})) {
      if (operation === permission) return true
      for (const variant of variants) if (`${operation} [${variant}]` === permission) return true
    }
  return false
}

const parent = (path: string): string | undefined => {
  if (path === '/') return undefined
  const segments = path.split('/')
  segments.pop()
  return segments.length === 1 ? '/' : segments.join('/')
}

export type Covers = (subject: Subject) => boolean

/** Whether a grant's subject is the person, one of the person's teams, or an organization that the person is in. */
export const coversPerson =
  (person: Person): Covers =>
  (subject) => {
    if (subject.kind === 'user') return subject.user === person.user
    if (subject.kind === 'team') return person.teams.includes(`${subject.organization}/${subject.team}`)
    if (subject.organization === 'docker-datacenter') return true
    if (person.organizations.includes(subject.organization)) return true
    return person.teams.some((team) => team.split('/')[0] === subject.organization)
  }

const may = (graph: AccessGraph, covers: Covers, collection: string, permission: string): boolean => {
  for (let at: string | undefined = collection; at !== undefined; at = parent(at))
    for (const grant of graph.grants)
      if (grant.collection === at && covers(grant.subject) && roleGives(graph, grant.role, permission))
        return true
  return false
}

const candidates = (graph: AccessGraph): readonly string[] => {
  const all = new Set([...viewOnly, 'Node Schedule'])
  for (const operations of graph.roles.values())
    for (const byName of Object.values(operations))
      for (const [operation, variants] of Object.entries(byName)) {
        all.add(operation)
        for (const variant of variants) all.add(`${operation} [${variant}]`)
      }
  return [...all]
}

/** Every permission on a collection, sorted. */
export const oracle = (graph: AccessGraph, covers: Covers, collection: string): readonly string[] =>
  candidates(graph)
    .filter((permission) => may(graph, covers, collection, permission))
    .sort()
