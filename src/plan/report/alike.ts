import { compareText } from '../../core/issue.ts'
import { groupBy } from './group-by.ts'
import { joined, names, own, type Phrase, renamed, say } from './phrase.ts'

/** A stack by what a reader knows it by. */
export interface Place {
  readonly cluster: string
  /** Null for what a cluster shares. */
  readonly organization: string | null
}

/** Something that is said of some stacks in the same words. */
export interface Alike<T> {
  /** In the order given. */
  readonly places: readonly Place[]
  /** As it holds for each: where there are several organizations, `<organization>` stands for its name. */
  readonly value: T
}

const placeholder = '<organization>'

const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|-]/g, '\\$&')

/** A name without the organization's own in it, so that two tenants' can be compared. */
const anonymous = (organization: string): ((name: string) => string) => {
  const pattern = new RegExp(`(?<![a-z0-9])${literal(organization)}(?![a-z0-9])`, 'g')
  return (name) => name.replaceAll(pattern, placeholder)
}

interface Told<T> extends Place {
  readonly value: T
}

/** The phrase without the organization's name in it. */
export const withoutOrganization = (phrase: Phrase, organization: string | null): Phrase =>
  organization === null ? phrase : renamed(phrase, anonymous(organization))

const hasOneOrganization = (places: readonly Place[]): boolean =>
  new Set(places.map(({ organization }) => organization)).size === 1

/**
 * Groups what is told of stacks alike but for the organization's name, in the order of the first of each group. `map`
 * rewrites the phrases of a value. Never throws.
 */
export const alike = <T>(
  told: readonly Told<T>[],
  map: (value: T, rewrite: (phrase: Phrase) => Phrase) => T,
): readonly Alike<T>[] => {
  const plain = told.map(({ value, cluster, organization }) => ({
    place: { cluster, organization },
    value,
    general: map(value, (phrase) => withoutOrganization(phrase, organization)),
  }))
  const groups = groupBy(plain, ({ place, general }) =>
    JSON.stringify([place.organization === null, general]),
  )
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const places = group.map(({ place }) => place)
    return [{ places, value: hasOneOrganization(places) ? first.value : first.general }]
  })
}

const mostNamed = 3

const whoAt = (organizations: readonly (string | null)[]): Phrase => {
  const named = organizations.filter((one) => one !== null)
  const platform = named.length < organizations.length ? [own('the platform')] : []
  const tenants =
    named.length === 0 ? [] : [named.length > mostNamed ? say`${named.length} organizations` : names(named)]
  return joined([...platform, ...tenants], ' and ')
}

/** Stacks for a reader: ‘`acme` on `nonprod` and `prod`’, ‘412 organizations on `nonprod`’. */
export const placesInWords = (places: readonly Place[]): Phrase => {
  const byCluster = groupBy(places, ({ cluster }) => cluster)
  const byMembers = groupBy([...byCluster], ([, at]) =>
    JSON.stringify(at.map(({ organization }) => organization).sort(byName)),
  )
  const told = [...byMembers.values()].map((clusters) => {
    const at = clusters[0]?.[1] ?? []
    const on = clusters.map(([cluster]) => cluster)
    return say`${whoAt(at.map(({ organization }) => organization).sort(byName))} on ${names(on, mostNamed)}`
  })
  const rest = told.length - mostNamed
  return joined([...told.slice(0, mostNamed), ...(rest > 0 ? [own(`and ${rest} more`)] : [])], '; ')
}

/** Only the clusters where one organization is meant, which the sentence names; else as `placesInWords`. */
export const clustersInWords = (places: readonly Place[]): Phrase =>
  hasOneOrganization(places)
    ? names([...new Set(places.map(({ cluster }) => cluster))], mostNamed)
    : placesInWords(places)

const byName = (a: string | null, b: string | null): number => compareText(a ?? '', b ?? '')
