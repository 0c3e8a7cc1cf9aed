import * as z from 'zod'
import { type Checked, compareText, type Issue, type Source } from '../core/issue.ts'
import { ComplianceRule } from '../exception/compliance-rule.ts'
import { daysLeft, longestDays } from '../exception/expiry.ts'
import { expires, owner, reason } from '../exception/schema.ts'
import type { CheckedStack, Finding } from './finding.ts'

const BaselineEntry = z.strictObject({
  fingerprint: z.string().regex(/^[0-9a-f]{16}$/, '16 hex digits'),
  rule: ComplianceRule,
  /** The finding's sentence when it was taken in, for readers alone. */
  message: z.string().max(4000),
  owner,
  reason,
  expires,
})
export type BaselineEntry = z.infer<typeof BaselineEntry>

const Baseline = z.strictObject({
  version: z.literal(1),
  organization: z.string(),
  cluster: z.string(),
  stack: z.string(),
  findings: z.array(BaselineEntry).max(10_000),
})
type Baseline = z.infer<typeof Baseline>

const placeOf = (file: string, text: string, part: string): Source => {
  const at = part === '' ? -1 : text.indexOf(part)
  const before = text.slice(0, Math.max(at, 0)).split('\n')
  return { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

const unreadable = (file: string, message: string, source?: Source): Checked<never> => ({
  ok: false,
  issues: [
    {
      code: 'baseline/unreadable',
      message,
      source: source ?? { file, line: 1, column: 1 },
      hint: 'Write it anew: tenantry compliance check … --write-baseline <file> --owner … --reason … --expires ….',
    },
  ],
})

const parse = (file: string, text: string): Checked<Baseline> => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return unreadable(
      file,
      `The baseline is no JSON: ${error instanceof Error ? error.message.slice(0, 200) : ''}.`,
    )
  }
  const parsed = Baseline.safeParse(value)
  if (parsed.success) return { ok: true, value: parsed.data }
  const first = parsed.error.issues[0]
  const path = first?.path.join('.') ?? ''
  return unreadable(file, `The baseline is malformed at '${path}': ${first?.message.slice(0, 200)}.`)
}

const otherStack = (file: string, text: string, baseline: Baseline, checked: CheckedStack): Issue[] => {
  const same =
    baseline.organization === checked.organization &&
    baseline.cluster === checked.cluster &&
    baseline.stack === checked.stack
  if (same) return []
  return [
    {
      code: 'baseline/other-stack',
      message: `The baseline is of stack ${baseline.stack} of ${baseline.organization} on ${baseline.cluster}; the check is of ${checked.stack} of ${checked.organization} on ${checked.cluster}.`,
      source: placeOf(file, text, '"stack"'),
      hint: 'Give each stack a baseline of its own, or name the stack with --stack.',
    },
  ]
}

const tooLong = (file: string, text: string, baseline: Baseline, now: Date): Issue[] =>
  baseline.findings
    .filter((entry) => daysLeft(entry, now) > longestDays.baseline + 1)
    .map((entry) => ({
      code: 'baseline/too-long',
      message: `A finding of '${entry.rule}' is borne until ${entry.expires}; ${longestDays.baseline} days ahead is the most.`,
      source: placeOf(file, text, entry.fingerprint),
      hint: 'Choose an earlier day.',
    }))

/**
 * The known findings of a stack, as `--write-baseline` wrote them; those whose last day is over too.
 *
 * Issue codes: `baseline/unreadable`, `baseline/other-stack`, `baseline/too-long`. Never throws.
 */
export const readBaseline = (
  file: string,
  text: string,
  checked: CheckedStack,
  now: Date,
): Checked<readonly BaselineEntry[]> => {
  const parsed = parse(file, text)
  if (!parsed.ok) return parsed
  const issues = [...otherStack(file, text, parsed.value, checked), ...tooLong(file, text, parsed.value, now)]
  return issues.length === 0 ? { ok: true, value: parsed.value.findings } : { ok: false, issues }
}

/** Who bears the findings that are taken in. */
export type BaselineTerms = Pick<BaselineEntry, 'owner' | 'reason' | 'expires'>

const Terms = z.strictObject({ owner, reason, expires })

/** Terms as somebody typed them. Issue codes: `baseline/terms`, `baseline/too-long`. Never throws. */
export const baselineTerms = (typed: object, now: Date): Checked<BaselineTerms> => {
  const parsed = Terms.safeParse(typed)
  if (!parsed.success)
    return {
      ok: false,
      issues: parsed.error.issues.map(({ path, message }) => ({
        code: 'baseline/terms',
        message: `${path.join('.')}: ${message}.`,
      })),
    }
  if (daysLeft(parsed.data, now) <= longestDays.baseline + 1) return { ok: true, value: parsed.data }
  return {
    ok: false,
    issues: [
      {
        code: 'baseline/too-long',
        message: `expires: ${longestDays.baseline} days ahead is the most.`,
      },
    ],
  }
}

/**
 * The text of a baseline: findings that an older one has keep their terms, new ones get those given. Sorted by rule and fingerprint,
 * the same to the byte for the same findings; those that nobody bears are left out. Pure.
 */
export const baselineText = (
  checked: CheckedStack,
  findings: readonly Finding[],
  terms: BaselineTerms,
  known: readonly BaselineEntry[],
  neverWaived: readonly ComplianceRule[],
): string => {
  const before = new Map(known.map((entry) => [entry.fingerprint, entry]))
  const entries = new Map<string, BaselineEntry>()
  for (const { fingerprint, rule, message } of findings) {
    if (neverWaived.includes(rule)) continue
    const { owner, reason, expires } = before.get(fingerprint) ?? terms
    entries.set(fingerprint, { fingerprint, rule, message: message.slice(0, 4000), owner, reason, expires })
  }
  const sorted = [...entries.values()].sort(
    (a, b) => compareText(a.rule, b.rule) || compareText(a.fingerprint, b.fingerprint),
  )
  const baseline: Baseline = { version: 1, ...checked, findings: sorted }
  return `${JSON.stringify(baseline, null, 2)}\n`
}
