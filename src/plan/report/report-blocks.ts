import { type Alike, clustersInWords, placesInWords } from './alike.ts'
import { capacityBlocks, costBlocks } from './amount-tables.ts'
import type { ChangeLine } from './change-lines.ts'
import type { ChangeReport } from './change-report.ts'
import { type Block, heading, type Item, list, paragraph } from './document.ts'
import { groupBy } from './group-by.ts'
import { letThroughItems } from './let-through.ts'
import { joined, names, own, type Phrase, plainText, say } from './phrase.ts'
import { answers, attentionItems, extent, title } from './summary.ts'

/** How many entries of each part are shown; what is left out is counted. */
export interface Limits {
  readonly attention: number
  readonly destructive: number
  readonly access: number
  readonly groups: number
  /** Lines of one group. */
  readonly lines: number
  /** Rows of each table. */
  readonly rows: number
  /** Resources, key by key. */
  readonly resources: number
  /** Stacks that failed for different reasons. */
  readonly failures: number
}

const everything = Number.POSITIVE_INFINITY

/** A report without a limit. */
export const unlimited: Limits = {
  attention: 12,
  destructive: everything,
  access: everything,
  groups: everything,
  lines: everything,
  rows: everything,
  resources: everything,
  failures: everything,
}

/** What a person at a terminal reads: the resources stand in the preview itself. */
export const terminalLimits: Limits = { ...unlimited, groups: 50, resources: 0 }

/** The first of some, and how many are left out. */
const limited = <T>(all: readonly T[], most: number): { shown: readonly T[]; rest: number } => {
  const shown = all.slice(0, most)
  return { shown, rest: all.length - shown.length }
}

const andMore = (rest: number): readonly Item[] => (rest === 0 ? [] : [{ content: own(`and ${rest} more`) }])

const leads: Readonly<Record<ChangeLine['change'], string>> = {
  delete: 'delete',
  replace: 'make anew',
  update: 'change',
  create: 'new',
}

const whyOf = ({ risk, seamless }: ChangeLine): Phrase => {
  if (risk !== undefined) return say` — ${risk.why}`
  return own(seamless ? ' — the new one stands before the old one goes' : '')
}

const lineItem = (line: ChangeLine): Item => ({
  lead: leads[line.change],
  content: say`${line.what}${whyOf(line)}`,
})

const destructiveTitles = { delete: 'Deleted', replace: 'Made anew' } as const

/** Deletions and replacements apart from each other, and from everything else. */
const destructiveBlocks = (
  { destructive }: ChangeReport,
  change: keyof typeof destructiveTitles,
  limits: Limits,
): readonly Block[] => {
  const all = destructive.filter(({ value }) => value.change === change)
  if (all.length === 0) return []
  const { shown, rest } = limited(all, limits.destructive)
  const items = shown.map(({ value, places }) => ({
    lead: leads[value.change],
    content: say`${value.what} (${placesInWords(places)})${whyOf(value)}`,
  }))
  return [heading(3, own(destructiveTitles[change])), ...list([...items, ...andMore(rest)])]
}

const accessBlocks = ({ access }: ChangeReport, limits: Limits): readonly Block[] => {
  if (access.lines.length === 0) return []
  const { shown, rest } = limited(access.lines, limits.access)
  return [
    heading(3, own('Who may do what')),
    ...list([
      ...shown.map(({ sentence, places, dangerous }) => ({
        ...(dangerous ? { lead: 'reaches the host' } : {}),
        content: say`${sentence} (${clustersInWords(places)})`,
      })),
      ...andMore(rest),
    ]),
  ]
}

const groupBlocks = (group: Alike<readonly ChangeLine[]>, limits: Limits): readonly Block[] => {
  const { shown, rest } = limited(group.value, limits.lines)
  return [heading(4, placesInWords(group.places)), ...list([...shown.map(lineItem), ...andMore(rest)])]
}

const fileBlocks = ({ fileChanges }: ChangeReport, limits: Limits): readonly Block[] => {
  const { shown, rest } = limited(fileChanges, limits.groups)
  return list([
    ...shown.map(({ organization, sentences }) => ({
      content: say`${organization}: ${joined(sentences, '; ')}`,
    })),
    ...andMore(rest),
  ])
}

const changeBlocks = (report: ChangeReport, limits: Limits): readonly Block[] => {
  if (report.groups.length + report.fileChanges.length === 0) return []
  const { shown, rest } = limited(report.groups, limits.groups)
  return [
    heading(3, own('What changes')),
    ...fileBlocks(report, limits),
    ...shown.flatMap((group) => groupBlocks(group, limits)),
    ...(rest === 0 ? [] : [paragraph(own(`And ${rest} more groups of stacks.`))]),
  ]
}

/** What was never applied may be a whole stack: its names are the engine's to list. */
const mostBeyond = 8

const beyondItems = ({ preview }: ChangeReport, limits: Limits): readonly Item[] => {
  const groups = groupBy(preview?.beyond ?? [], ({ stack, change, why }) => `${stack} ${change} ${why}`)
  const { shown, rest } = limited([...groups.values()], limits.failures)
  const verbs = { create: 'make', update: 'change', replace: 'make anew', delete: 'delete' }
  return [
    ...shown.flatMap((same) => {
      const [first] = same
      if (first === undefined) return []
      const reason =
        first.why === 'replaces'
          ? 'these files change it, which its system can do only by making it anew'
          : 'these files do not change it: it was not applied before, or was changed by hand'
      return [
        {
          lead: verbs[first.change],
          content: say`${names(
            same.map(({ name }) => name),
            Math.min(limits.lines, mostBeyond),
          )} in ${first.stack} — ${own(reason)}`,
        },
      ]
    }),
    ...andMore(rest),
  ]
}

const previewBlocks = (report: ChangeReport, limits: Limits): readonly Block[] => {
  const { preview } = report
  if (preview === null || preview.failures.length + preview.beyond.length === 0) return []
  const { shown, rest } = limited(preview.failures, limits.failures)
  return [
    heading(3, own('What the engine says')),
    ...list([
      ...shown.map(({ stacks, outcome, reasons }) => ({
        lead: outcome,
        content: say`${names(stacks, 5)}: ${reasons.length === 0 ? own('no reason was given') : joined(reasons.slice(0, limits.lines), '; ')}`,
      })),
      ...andMore(rest),
      ...beyondItems(report, limits),
    ]),
  ]
}

const signs = { create: 'new', update: 'change', replace: 'make anew', delete: 'delete' } as const

const resourceBlocks = ({ resources }: ChangeReport, limits: Limits): readonly Block[] => {
  const { shown, rest } = limited(resources, limits.resources)
  if (shown.length === 0) return []
  const byStack = groupBy(shown, ({ stack }) => stack)
  const summary = `Every resource, ${shown.length}${rest === 0 ? '' : ` of ${resources.length}`}`
  const blocks = [...byStack].flatMap(([stack, own]) => [
    heading(4, say`${stack}`),
    ...list(own.map(({ change, key }) => ({ lead: signs[change], content: say`${key}` }))),
  ])
  return [{ kind: 'details', summary, blocks }]
}

const noteBlocks = ({ notes }: ChangeReport): readonly Block[] =>
  [...new Map(notes.map((note) => [plainText(note), note])).values()].map(paragraph)

/**
 * A report as blocks: the summary first, then deletions, replacements, access, everything else, capacity and cost, and
 * every resource at the end. Never throws.
 */
export const reportBlocks = (report: ChangeReport, limits: Limits): readonly Block[] => [
  heading(2, title(report)),
  paragraph(extent(report)),
  ...list([
    ...letThroughItems(report.overrides, limits.attention),
    ...attentionItems(report, limits.attention),
    ...answers(report),
  ]),
  ...noteBlocks(report),
  ...previewBlocks(report, limits),
  ...destructiveBlocks(report, 'delete', limits),
  ...destructiveBlocks(report, 'replace', limits),
  ...accessBlocks(report, limits),
  ...changeBlocks(report, limits),
  ...capacityBlocks(report, limits.rows),
  ...costBlocks(report, limits.rows),
  ...resourceBlocks(report, limits),
]
