import { compareText } from '../../core/issue.ts'
import type { AccessItem } from './access-item.ts'
import { groupBy } from './group-by.ts'
import { own, say } from './phrase.ts'

const everyoneOf = (items: readonly AccessItem[]): readonly string[] | undefined => {
  const isCounted = items.every(({ people, isAccount }) => people !== undefined || isAccount)
  return isCounted ? [...new Set(items.flatMap(({ people }) => people ?? []))].sort(compareText) : undefined
}

const asOne = (items: readonly AccessItem[]): readonly AccessItem[] => {
  const [first] = items
  if (first === undefined) return []
  const people = everyoneOf(items)
  return [
    {
      ...first,
      verb: 'lose',
      relation: people === undefined ? 'itself' : 'of',
      holders: say`${first.organization ?? ''}`,
      isAccount: false,
      people,
      among: [],
      what: own('everything that they hold there'),
      dangerous: false,
    },
  ]
}

/** Access on one cluster, with what the organizations that leave it lose told in one sentence each. Never throws. */
export const withLeaving = (
  items: readonly AccessItem[],
  leaving: ReadonlySet<string | null>,
): readonly AccessItem[] => {
  const isLeaving = ({ organization }: AccessItem): boolean => leaving.has(organization)
  const byOrganization = groupBy(items.filter(isLeaving), ({ organization }) => organization ?? '')
  return [...items.filter((item) => !isLeaving(item)), ...[...byOrganization.values()].flatMap(asOne)]
}
