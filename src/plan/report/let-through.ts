import type { ValveRule } from '../../exception/schema.ts'
import type { UsedOverride } from '../valve.ts'
import type { Item } from './document.ts'
import { names, own, say } from './phrase.ts'

/** An override without which a change would be refused: who answers for it, why, and until when. */
export interface LetThrough {
  readonly file: string
  /** What it lets pass, sorted. */
  readonly rules: readonly ValveRule[]
  readonly owner: string
  readonly reason: string
  /** The last day on which it holds, as `2026-12-31`. */
  readonly expires: string
}

/** Overrides as a reviewer is told of them, by file. Pure. */
export const letThrough = (used: readonly UsedOverride[]): readonly LetThrough[] =>
  used.map(({ file, rules, override: { owner, reason, expires } }) => ({
    file,
    rules,
    owner,
    reason,
    expires,
  }))

/** One entry an override, cut to `most`. */
export const letThroughItems = (overrides: readonly LetThrough[], most: number): readonly Item[] => {
  const shown = overrides.slice(0, most).map(({ file, rules, owner, reason, expires }) => ({
    lead: 'Let through',
    content: say`${file} lets pass what ${names(rules)} would refuse, until ${own(expires)}: ${reason} (${owner})`,
  }))
  const rest = overrides.length - shown.length
  return rest === 0 ? shown : [...shown, { content: own(`and ${rest} more overrides`) }]
}
