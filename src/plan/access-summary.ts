import { isWithin } from '../compile/collection-paths.ts'
import { builtInOperations } from '../core/ucp-operations.ts'
import type { StackState } from '../model/desired-state.ts'
import {
  type AccessChange,
  type AccessGraph,
  accessChanges,
  accessGraph,
  permissionsOf,
  subjectText,
} from './effective-access.ts'
import { givesDangerous, nameOfSubject, renderAccessChange } from './render-access.ts'

/** What a reviewer reads about one subject's access. */
export interface AccessSentence {
  readonly text: string
  /** Whether somebody gains what reaches the host. */
  readonly dangerous: boolean
}

/** A whole role gained or lost where the subject held nothing before or holds nothing afterwards. */
interface WholeRole {
  readonly verb: 'gain' | 'lose'
  /** The role in words, with some of what it holds. */
  readonly role: string
  readonly collection: string
}

/** Of a role that is new to somebody these say most about it; the first that it holds are named. */
export const telling = [
  'Container Exec',
  'Service Create',
  'Secret Create',
  'Network Create',
  'Volume Remove',
  'Node Schedule',
  'Container Logs',
  'Service Logs',
  'Service View',
]

const namedOperations = 4

/** `developer-nonprod-1f2e3d4c` → `developer-nonprod`. */
export const roleName = (role: string): string => role.replace(/-[0-9a-f]{8}$/, '')

const roleText = (graph: AccessGraph, role: string): string => {
  const held = permissionsOf(graph.roles.get(role) ?? builtInOperations[role] ?? {})
  const dangerous = held.filter((permission) => permission.includes('['))
  const first = [
    ...telling.filter((one) => held.includes(one)),
    ...held.filter((one) => !telling.includes(one)),
  ]
  const shown =
    held.length <= namedOperations ? held : [...new Set([...dangerous, ...first.slice(0, namedOperations)])]
  const rest = shown.length < held.length ? ', …' : ''
  const count = `${held.length} operation${held.length === 1 ? '' : 's'}`
  return `${roleName(role)} (${held.length === 0 ? count : `${count}: ${shown.join(', ')}${rest}`})`
}

const rolesAt = (graph: AccessGraph, { subject, collection }: AccessChange): readonly string[] =>
  graph.grants
    .filter((grant) => subjectText(grant.subject) === subjectText(subject) && grant.collection === collection)
    .map(({ role }) => role)

/** Whether the subject held anything there, by a grant there or above. */
const holdsAt = (graph: AccessGraph, { subject, collection }: AccessChange): boolean =>
  graph.grants.some(
    (grant) => subjectText(grant.subject) === subjectText(subject) && isWithin(collection, grant.collection),
  )

/** The roles that a change consists of; none where it is a difference to what the subject held or still holds. */
const wholeRoles = (change: AccessChange, before: AccessGraph, after: AccessGraph): readonly WholeRole[] => {
  const { collection } = change
  if (!holdsAt(before, change))
    return rolesAt(after, change).map((role) => ({ verb: 'gain', role: roleText(after, role), collection }))
  if (!holdsAt(after, change))
    return rolesAt(before, change).map((role) => ({ verb: 'lose', role: roleText(before, role), collection }))
  return []
}

/** `developer-nonprod (41 operations: …) on /Run/Std/acme, /Shared/Private/acme; scheduler (2 operations: …) on /Run/Std`. */
const rolesInWords = (roles: readonly WholeRole[]): string => {
  const collections = new Map<string, string[]>()
  for (const { role, collection } of roles) {
    const known = collections.get(role)
    if (known === undefined) collections.set(role, [collection])
    else known.push(collection)
  }
  return [...collections].map(([role, at]) => `${role} on ${at.join(', ')}`).join('; ')
}

const isSingle = ({ subject }: AccessChange): boolean => subject.kind === 'user'

const sentencesOfSubject = (
  changes: readonly AccessChange[],
  before: AccessGraph,
  after: AccessGraph,
): readonly AccessSentence[] => {
  const [first] = changes
  if (first === undefined) return []
  const read = changes.map((change) => ({ change, roles: wholeRoles(change, before, after) }))
  const whole = (['gain', 'lose'] as const).flatMap((verb): AccessSentence[] => {
    const parts = read.flatMap(({ roles }) => roles.filter((role) => role.verb === verb))
    if (parts.length === 0) return []
    const dangerous =
      verb === 'gain' && read.some(({ change, roles }) => roles.length > 0 && givesDangerous(change))
    return [
      {
        text: `${nameOfSubject(first.subject)} ${verb}${isSingle(first) ? 's' : ''} ${rolesInWords(parts)}`,
        dangerous,
      },
    ]
  })
  const differences = read.flatMap(({ change, roles }) =>
    roles.length > 0
      ? []
      : renderAccessChange(change).map((text, index) => ({
          text,
          dangerous: index === 0 && givesDangerous(change),
        })),
  )
  return [...whole, ...differences]
}

/**
 * Who gains and who loses what when a stack goes from one state to another, for a reviewer; undefined stands for no stack.
 *
 * A role that is wholly new to a subject, or wholly gone, is named and counted; a difference to what the subject holds
 * is told operation by operation. Sorted by subject. Never throws.
 */
export const accessSentences = (
  before: StackState | undefined,
  after: StackState,
): readonly AccessSentence[] => {
  const then = accessGraph(before === undefined ? [] : [before])
  const now = accessGraph([after])
  const bySubject = new Map<string, AccessChange[]>()
  for (const change of accessChanges(before, after)) {
    const subject = subjectText(change.subject)
    const known = bySubject.get(subject)
    if (known === undefined) bySubject.set(subject, [change])
    else known.push(change)
  }
  return [...bySubject.values()].flatMap((changes) => sentencesOfSubject(changes, then, now))
}
