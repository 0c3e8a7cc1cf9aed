import { isWithin } from '../../compile/collection-paths.ts'
import { scheduler } from '../../compile/ucp-builtins.ts'
import { compareText } from '../../core/issue.ts'
import { roleName, telling } from '../access-summary.ts'
import type { AccessChange, GrantTriple, Permission } from '../effective-access.ts'
import { groupBy } from './group-by.ts'
import { joined, listed, names, own, type Phrase, say } from './phrase.ts'

const mostOperations = 4
const mostCollections = 5

/** Dangerous variants first, then those that say most, then the others. */
const byMeaning = (permissions: readonly Permission[]): readonly Permission[] => {
  const rank = (one: Permission): number => {
    if (one.includes('[')) return -1
    const place = telling.indexOf(one)
    return place < 0 ? telling.length : place
  }
  return [...permissions].sort((a, b) => rank(a) - rank(b) || compareText(a, b))
}

/** All that reaches the host, and of the rest as many as a line holds. */
const operations = (permissions: readonly Permission[]): Phrase => {
  const dangerous = permissions.filter((one) => one.includes('[')).length
  return names(byMeaning(permissions), Math.max(mostOperations, dangerous))
}

/** What an actor's grants are on the side where it holds what is told, and on the other one. */
export interface HeldGrants {
  readonly here: readonly GrantTriple[]
  readonly there: readonly GrantTriple[]
}

const rolesAt = (grants: readonly GrantTriple[], collection: string): readonly string[] =>
  grants.filter((grant) => grant.collection === collection).map(({ role }) => role)

/** What changes on one collection: whole roles that the other side has not there, or operations alone. */
interface Told {
  readonly collection: string
  readonly permissions: readonly Permission[]
  readonly roles: readonly string[]
  /** Whether the actor holds something there on the other side too. */
  readonly partly: boolean
}

const toldOf = (
  change: AccessChange,
  part: 'gained' | 'lost',
  { here, there }: HeldGrants,
): readonly Told[] => {
  const { collection } = change
  const permissions = change[part]
  if (permissions.length === 0) return []
  const other = rolesAt(there, collection)
  const roles = rolesAt(here, collection).filter((role) => !other.includes(role))
  const partly = there.some((grant) => isWithin(collection, grant.collection))
  return [{ collection, permissions, roles: [...new Set(roles)].sort(compareText), partly }]
}

/** A role says more than a list of what it holds; of a few operations that are new beside others they say more. */
const isByRole = ({ roles, permissions, partly }: Told): boolean =>
  roles.length > 0 && permissions.length > (partly ? mostOperations : 1)

const groupKey = (told: Told): string =>
  isByRole(told) ? JSON.stringify([told.roles, told.partly]) : told.permissions.join()

const inWords = (same: readonly Told[]): Phrase => {
  const [first] = same
  if (first === undefined) return own('')
  const at = names(
    same.map(({ collection }) => collection),
    mostCollections,
  )
  const all = [...new Set(same.flatMap(({ permissions }) => permissions))]
  if (!isByRole(first)) return say`${operations(all)} on ${at}`
  if (first.roles.length === 1 && first.roles[0] === scheduler) return say`the nodes of ${at} to run on`
  const roles = names(first.roles.map(roleName))
  return say`${roles} (${all.length}${own(first.partly ? ' of its' : '')} operations: ${operations(all)}) on ${at}`
}

/**
 * What is gained, or lost, in words: ‘`Service Create` on `/Run/Std/acme`; `viewer-prod` (12 operations: …) on …’. A role
 * is named where the other side has not got it there.
 */
export const accessInWords = (
  changes: readonly AccessChange[],
  part: 'gained' | 'lost',
  held: HeldGrants,
): Phrase => {
  const told = changes.flatMap((change) => toldOf(change, part, held))
  return joined([...groupBy(told, groupKey).values()].map(inWords), '; ')
}

/** Teams as a reader knows them, and accounts; `user:x` → ‘account `x`’. */
export const holders = (subjects: readonly string[]): Phrase =>
  listed(
    subjects.map((one) =>
      one.startsWith('user:') ? say`account ${one.slice('user:'.length)}` : say`${one}`,
    ),
    mostCollections,
  )

/** ‘nobody’, ‘1 person’, ‘3 people’. */
export const people = (count: number): Phrase =>
  own(count === 0 ? 'nobody' : count === 1 ? '1 person' : `${count} people`)
