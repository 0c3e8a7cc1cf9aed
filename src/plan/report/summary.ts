import type { Alike } from './alike.ts'
import type { Attention } from './attention.ts'
import type { ChangeReport } from './change-report.ts'
import type { Item } from './document.ts'
import { amount, currencyWords, difference } from './money.ts'
import { counted, joined, names, own, type Phrase, say } from './phrase.ts'

const organizations = ['organization', 'organizations'] as const

/** ‘2 deleted, 1 changed, 3 new’. */
const countsInWords = (counts: ChangeReport['counts']): string => {
  const parts = [
    [counts.delete, 'deleted'],
    [counts.replace, 'made anew'],
    [counts.update, 'changed'],
    [counts.create, 'new'],
  ] as const
  const told = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`)
  return told.length === 0 ? 'no resource differs' : told.join(', ')
}

const isPlatform = ({ places }: Alike<unknown>): boolean =>
  places.some(({ organization }) => organization === null)

/** ‘1 of 7 organizations changes’, ‘The platform and 2 of 7 organizations change’. */
export const title = (report: ChangeReport): Phrase => {
  const { changed, all } = report.organizations
  if (report.stacks.changed === 0 && changed.length === 0) return own('Nothing changes on any cluster')
  if (changed.length === 0) return own('The platform changes, no organization does')
  const platform = report.groups.some(isPlatform) || report.destructive.some(isPlatform)
  const verb = platform || changed.length > 1 ? 'change' : 'changes'
  return say`${own(platform ? 'The platform and ' : '')}${changed.length} of ${counted(all, organizations)} ${own(verb)}`
}

const mostNamed = 5

const named = (which: readonly string[], words: string): readonly Phrase[] =>
  which.length === 0
    ? []
    : [say`${names(which, mostNamed)} ${own(which.length === 1 ? 'is' : 'are')} ${own(words)}`]

/** Where it happens, and whose tenants come and go. */
export const extent = ({ stacks, clusters, organizations: found, counts }: ChangeReport): Phrase => {
  if (stacks.changed === 0) return own('No resource of any stack differs.')
  const calm = counts.delete + counts.replace === 0 ? own(' Nothing is deleted or made anew.') : own('')
  const tenants = joined([...named(found.added, 'new'), ...named(found.gone, 'gone')], '; ')
  const comings = tenants.phrase.length === 0 ? own('') : say` ${tenants}.`
  return say`${stacks.changed} of ${counted(stacks.all, ['stack', 'stacks'])} on ${names(clusters, mostNamed)}: ${own(countsInWords(counts))}.${comings}${calm}`
}

/** Where promises come nearest to what there is. */
const fullest = ({ capacity }: ChangeReport): Phrase => {
  const shares = capacity
    .flatMap(({ cluster, promises }) =>
      promises.map(({ measure, after, capacity: most }) => ({
        cluster,
        measure,
        share: after / Math.max(most, 1),
      })),
    )
    .sort((a, b) => b.share - a.share)
  const [first] = shares
  if (first === undefined) return own('no cluster promises anything')
  const percent = Math.round(first.share * 100)
  return say`${own(first.share > 1 ? 'more is promised than there is' : 'within what the clusters have')}; the fullest is ${own(first.measure)} on ${first.cluster}, ${own(`${percent} %`)} promised`
}

const costInWords = ({ cost }: ChangeReport): Phrase => {
  if (cost === null) return own('not known, as the files of the base are not at hand')
  const changed = cost.totals.filter(({ before, after }) => Math.abs(after - before) >= 0.005)
  if (changed.length === 0) return own('the same every month')
  return joined(
    changed.map(
      ({ currency, before, after }) =>
        say`${own(difference(before, after))} ${currencyWords(currency)} a month (${own(`${amount(before)} → ${amount(after)}`)})`,
    ),
    '; ',
  )
}

const leads: Readonly<Record<Attention['about'], string>> = {
  failed: 'Not previewed',
  data: 'Data',
  security: 'Security',
  access: 'Access to hosts',
  outage: 'Outage',
  beyond: 'Beyond the files',
  capacity: 'Running out',
}

/** What to look at first, cut to `most`. */
export const attentionItems = (report: ChangeReport, most: number): readonly Item[] => {
  const shown = report.attention
    .slice(0, most)
    .map(({ about, sentence }) => ({ lead: leads[about], content: sentence }))
  const rest = report.attention.length - shown.length
  return rest === 0 ? shown : [...shown, { content: own(`and ${rest} more like these`) }]
}

/** The three questions of every reviewer. */
export const answers = (report: ChangeReport): readonly Item[] => [
  { lead: 'Who may do what', content: report.access.summary },
  { lead: 'Capacity', content: fullest(report) },
  { lead: 'Cost', content: costInWords(report) },
]
