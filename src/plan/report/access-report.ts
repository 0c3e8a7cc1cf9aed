import type { Stage } from '../../cluster/schema.ts'
import { compareText } from '../../core/issue.ts'
import type { FleetChange } from '../fleet-change.ts'
import type { AccessItem } from './access-item.ts'
import { accessItems } from './access-items.ts'
import { people } from './access-words.ts'
import { type Place, withoutOrganization } from './alike.ts'
import { groupBy } from './group-by.ts'
import type { Members } from './membership.ts'
import { joined, own, type Phrase, plainText, say } from './phrase.ts'

/** One sentence on access, of one or of many places where it holds alike. */
export interface AccessLine {
  readonly places: readonly Place[]
  readonly verb: AccessItem['verb']
  readonly sentence: Phrase
  /** How many people it is about; null where that is not known. */
  readonly people: number | null
  /** Whether it reaches the host. */
  readonly dangerous: boolean
}

/** Who may do what after a change that could not before, and the other way round. */
export interface AccessReport {
  /** What reaches the host first, then losses, then gains; production first. */
  readonly lines: readonly AccessLine[]
  /** Different people over all clusters, as far as they are known. */
  readonly gaining: number
  readonly losing: number
  /** Teams and accounts that gain or lose though nobody can say how many people they are. */
  readonly uncounted: number
  readonly summary: Phrase
}

const unionOf = (lists: readonly (readonly string[])[]): readonly string[] => [...new Set(lists.flat())]

interface Who {
  readonly item: AccessItem
  readonly holders: Phrase
  readonly people: readonly string[] | undefined
  readonly among: readonly string[]
}

const whoWords = ({ item, holders, people: found, among }: Who): { who: Phrase; one: boolean } => {
  if (item.relation === 'itself' || found === undefined)
    return item.isAccount
      ? { who: say`${holders}`, one: true }
      : { who: say`whoever is in ${holders}`, one: true }
  if (item.relation !== 'of')
    return {
      who: say`${people(found.length)} ${own(found.length === 1 ? item.relation : item.relation.replace(/s$/, ''))} ${holders}`,
      one: found.length === 1,
    }
  if (found.length === 0) return { who: say`${holders}, in which nobody is,`, one: true }
  const all = among.length > found.length ? `${found.length} of the ${among.length} people` : undefined
  return {
    who: say`${all === undefined ? people(found.length) : own(all)} of ${holders}`,
    one: found.length === 1,
  }
}

const verbs = {
  gain: { one: 'gains', many: 'gain' },
  lose: { one: 'loses', many: 'lose' },
} as const

const sentenceOf = (who: Who, what: Phrase): Phrase => {
  const { verb } = who.item
  const words = whoWords(who)
  if (verb === 'keep')
    return say`${words.who} ${own(words.one ? 'holds' : 'hold')} by another team what changes for ${who.holders}`
  return say`${words.who} ${own(verbs[verb][words.one ? 'one' : 'many'])} ${what}`
}

/** What makes two items one sentence: everything but the organization and who exactly it is. */
const signature = (item: AccessItem): string =>
  JSON.stringify([
    item.verb,
    item.relation,
    item.isAccount,
    item.people === undefined,
    withoutOrganization(item.holders, item.organization),
    withoutOrganization(item.what, item.organization),
  ])

const lineOf = (items: readonly AccessItem[]): readonly AccessLine[] => {
  const [item] = items
  if (item === undefined) return []
  const isOne = new Set(items.map(({ organization }) => organization)).size === 1
  const general = (phrase: Phrase) => (isOne ? phrase : withoutOrganization(phrase, item.organization))
  const found = item.people === undefined ? undefined : unionOf(items.map((one) => one.people ?? []))
  const who = {
    item,
    holders: general(item.holders),
    people: found,
    among: unionOf(items.map(({ among }) => among)),
  }
  return [
    {
      places: items.map(({ cluster, organization }) => ({ cluster, organization })),
      verb: item.verb,
      sentence: sentenceOf(who, general(item.what)),
      people: found?.length ?? null,
      dangerous: item.dangerous,
    },
  ]
}

const verbOrder: readonly AccessItem['verb'][] = ['lose', 'gain', 'keep']

const byWeight =
  (stageOf: (cluster: string) => Stage) =>
  (a: AccessLine, b: AccessLine): number => {
    const isProd = ({ places }: AccessLine) => places.some(({ cluster }) => stageOf(cluster) === 'prod')
    return (
      Number(b.dangerous) - Number(a.dangerous) ||
      verbOrder.indexOf(a.verb) - verbOrder.indexOf(b.verb) ||
      Number(isProd(b)) - Number(isProd(a)) ||
      compareText(plainText(a.sentence), plainText(b.sentence))
    )
  }

const countOf = (items: readonly AccessItem[], verb: AccessItem['verb']): number =>
  unionOf(items.filter((item) => item.verb === verb).map((item) => item.people ?? [])).length

const isUncounted = ({ verb, people: found, isAccount }: AccessItem): boolean =>
  verb !== 'keep' && found === undefined && !isAccount

/** Gains that are told in so few characters the summary tells itself. */
const longestInSummary = 160

const totals = (items: readonly AccessItem[], verb: 'gain' | 'lose'): Phrase => {
  const told = items.filter((item) => item.verb === verb)
  if (told.length === 0) return own(verb === 'gain' ? 'nobody gains access' : 'nobody loses access')
  const known = countOf(items, verb)
  const teams = new Set(told.filter(isUncounted).map(({ holders }) => plainText(holders))).size
  const accounts = new Set(
    told.filter((one) => one.isAccount && one.people === undefined).map(({ holders }) => plainText(holders)),
  ).size
  const parts = [
    ...(known === 0 ? [] : [known === 1 ? '1 person' : `${known} people`]),
    ...(accounts === 0 ? [] : [accounts === 1 ? '1 account' : `${accounts} accounts`]),
    ...(teams === 0 ? [] : [`the members of ${teams} ${teams === 1 ? 'team' : 'teams'}`]),
  ]
  const one = teams === 0 && known + accounts === 1
  const who = parts.length === 0 ? 'teams in which nobody is' : parts.join(' and ')
  return own(`${who} ${verbs[verb][one ? 'one' : 'many']} access`)
}

const summaryOf = (items: readonly AccessItem[], lines: readonly AccessLine[]): Phrase => {
  if (items.every(({ verb }) => verb === 'keep')) return own('nobody gains or loses access')
  const gains = lines.filter(({ verb }) => verb === 'gain')
  const told = joined(
    gains.map(({ sentence }) => sentence),
    '; ',
  )
  const isShort = gains.length > 0 && plainText(told).length <= longestInSummary
  return joined([isShort ? told : totals(items, 'gain'), totals(items, 'lose')], '; ')
}

/** Who gains and who loses what by a change, and on how many people that comes down. Never throws. */
export const accessReport = (
  change: FleetChange,
  members: Members,
  stageOf: (cluster: string) => Stage,
): AccessReport => {
  const items = accessItems(change, members)
  const lines = [...groupBy(items, signature).values()].flatMap(lineOf).sort(byWeight(stageOf))
  return {
    lines,
    gaining: countOf(items, 'gain'),
    losing: countOf(items, 'lose'),
    uncounted: new Set(items.filter(isUncounted).map(({ holders }) => plainText(holders))).size,
    summary: summaryOf(items, lines),
  }
}
