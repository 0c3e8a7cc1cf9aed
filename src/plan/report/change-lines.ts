import type { Stage } from '../../cluster/schema.ts'
import { compareText } from '../../core/issue.ts'
import type { Resource } from '../../model/resource.ts'
import type { Concern } from '../../model/resource-base.ts'
import type { Change } from '../changes.ts'
import type { StackChange } from '../fleet-change.ts'
import { concernOrder } from '../render-table.ts'
import { groupBy } from './group-by.ts'
import { counted, joined, listed, names, type Phrase, plainText, say } from './phrase.ts'
import { detailOf, following, nameOf, nouns, wordsOf } from './resource-words.ts'
import { isSeamless, type Risk, rankOf, riskOf } from './risk.ts'
import { fieldChanges } from './shown-field.ts'

/** One line of a report: what happens to a thing, or to some of a kind. */
export interface ChangeLine {
  readonly change: Change['kind']
  readonly concern: Concern
  /** What it happens to, and how; without the verb. */
  readonly what: Phrase
  /** How many resources the line stands for. */
  readonly count: number
  readonly risk?: Risk
  /** Whether the change of a replaced thing is noticed by nobody. */
  readonly seamless: boolean
  /** Whether it only follows from what other lines tell. */
  readonly follows: boolean
}

/** What a tenant's file says of a new thing that its resource does not; undefined where it says no more. */
export type Facts = (resource: Resource) => Phrase | undefined

const noFacts: Facts = () => undefined

/** Deletions first, then replacements, changes and new things. */
export const changeOrder: readonly Change['kind'][] = ['delete', 'replace', 'update', 'create']

const subjectOf = (change: Change): Resource => (change.kind === 'delete' ? change.before : change.after)

/** More things of a kind than these, to which the same happens, become one line; data is always told one by one. */
const mostSingle: Readonly<Record<Change['kind'], number>> = { create: 3, update: 3, replace: 8, delete: 8 }

const withDetail = (resource: Resource, facts: Facts): Phrase => {
  const detail = facts(resource) ?? detailOf(resource)
  return detail === undefined ? wordsOf(resource) : say`${wordsOf(resource)} (${detail})`
}

const withFields = (change: Extract<Change, { kind: 'update' | 'replace' }>): Phrase => {
  const fields = fieldChanges(change.before, change.after, change.fields)
  const words = wordsOf(change.kind === 'replace' ? change.before : change.after)
  return fields.length === 0 ? words : say`${words}: ${joined(fields, '; ')}`
}

const whatOf = (change: Change, facts: Facts): Phrase => {
  if (change.kind === 'create') return withDetail(change.after, facts)
  return change.kind === 'delete' ? wordsOf(change.before) : withFields(change)
}

const single = (change: Change, risk: Risk | undefined, facts: Facts): ChangeLine => ({
  change: change.kind,
  concern: subjectOf(change).concern,
  what: whatOf(change, facts),
  count: 1,
  ...(risk === undefined ? {} : { risk }),
  seamless: change.kind === 'replace' && isSeamless(change.after.kind),
  follows: false,
})

const namesShown = 4

/** Some of a kind as one line: how many, of what a tenant named, which, and what differs. */
const together = (changes: readonly Change[], first: Change): Phrase => {
  const { kind } = subjectOf(first)
  const count = counted(changes.length, nouns[kind])
  const known = changes.map((one) => nameOf(subjectOf(one))).filter((name) => name !== undefined)
  const fields =
    first.kind === 'update' || first.kind === 'replace'
      ? fieldChanges(first.before, first.after, first.fields)
      : []
  const named =
    following.has(kind) || known.length < changes.length ? count : say`${count} (${names(known, namesShown)})`
  const isTold = fields.length > 0 && (first.kind === 'update' || !following.has(kind))
  return isTold ? say`${named}: ${joined(fields, '; ')}` : named
}

const folded = (changes: readonly Change[], risk?: Risk): ChangeLine => {
  const first = changes[0]
  if (first === undefined) throw new Error('no change to tell')
  return {
    change: first.kind,
    concern: subjectOf(first).concern,
    what: together(changes, first),
    count: changes.length,
    ...(risk === undefined ? {} : { risk }),
    seamless: first.kind === 'replace' && changes.every((one) => isSeamless(subjectOf(one).kind)),
    follows: false,
  }
}

/** Several folded lines of one change as one: `12 grants and 3 places of nodes`. */
const merged = (lines: readonly ChangeLine[]): ChangeLine | undefined => {
  const [first] = lines
  if (first === undefined) return undefined
  return {
    ...first,
    what: listed(lines.map(({ what }) => what)),
    count: lines.reduce((sum, { count }) => sum + count, 0),
    seamless: lines.every(({ seamless }) => seamless),
    follows: true,
  }
}

/** What is made anew of these differs in nothing that is not told elsewhere. */
const replacedUnseen: ReadonlySet<Resource['kind']> = new Set(['Grant', 'DockerSecret'])

/** A changed thing is told by its fields, whatever it follows from. */
const isFolded = (change: Change, risk: Risk | undefined): boolean => {
  const { kind } = subjectOf(change)
  if (risk !== undefined || !following.has(kind)) return false
  return change.kind === 'create' || change.kind === 'delete' || replacedUnseen.has(kind)
}

/** Changes of our own books alone: an order, a list that other lines tell one by one. */
const isUnseen = (change: Change, risk: Risk | undefined): boolean =>
  change.kind === 'update' &&
  risk === undefined &&
  fieldChanges(change.before, change.after, change.fields).length === 0

const followingLines = (changes: readonly Change[]): readonly ChangeLine[] =>
  [...groupBy(changes, ({ kind }) => kind).values()].flatMap((ofKind) => {
    const byKind = [...groupBy(ofKind, (one) => subjectOf(one).kind).values()]
    const line = merged(byKind.map((same) => folded(same)))
    return line === undefined ? [] : [line]
  })

/** What happens to a thing but for its name: equal texts are told together. */
const happening = (change: Change, stage: Stage): string => {
  const risk = riskOf(change, stage)
  const fields =
    change.kind === 'update' || change.kind === 'replace'
      ? fieldChanges(change.before, change.after, change.fields)
      : []
  return JSON.stringify([change.kind, subjectOf(change).kind, risk, fields])
}

const namedLines = (changes: readonly Change[], stage: Stage, facts: Facts): readonly ChangeLine[] =>
  [...groupBy(changes, (one) => happening(one, stage)).values()].flatMap((same) => {
    const [first] = same
    if (first === undefined) return []
    const risk = riskOf(first, stage)
    return same.length > mostSingle[first.kind] && risk?.danger !== 'data'
      ? [folded(same, risk)]
      : same.map((one) => single(one, risk, facts))
  })

const byWeight =
  (stage: Stage) =>
  (a: ChangeLine, b: ChangeLine): number =>
    changeOrder.indexOf(a.change) - changeOrder.indexOf(b.change) ||
    rankOf(a.risk, stage) - rankOf(b.risk, stage) ||
    Number(a.seamless) - Number(b.seamless) ||
    Number(a.follows) - Number(b.follows) ||
    concernOrder.indexOf(a.concern) - concernOrder.indexOf(b.concern) ||
    compareText(plainText(a.what), plainText(b.what))

/**
 * What a change does to one stack, in the tenant's words: deletions, replacements, changes, new things; each by risk, then
 * by concern. What only follows from something else is counted, not listed. Never throws.
 */
export const changeLines = (
  { changes }: StackChange,
  stage: Stage,
  facts: Facts = noFacts,
): readonly ChangeLine[] => {
  const isPlain = (one: Change): boolean => isFolded(one, riskOf(one, stage))
  const named = changes.filter((one) => !isPlain(one) && !isUnseen(one, riskOf(one, stage)))
  return [...namedLines(named, stage, facts), ...followingLines(changes.filter(isPlain))].sort(
    byWeight(stage),
  )
}
