/** One condition of a promotion policy; all values are text (reference §8.6). */
export interface Rule {
  readonly field: string
  readonly operator: string
  readonly values: readonly string[]
}

/** What rules are asked about. */
export interface Candidate {
  readonly tag: string
  readonly critical: number
  readonly major: number
  readonly minor: number
  readonly licenses: readonly string[]
  readonly components: readonly string[]
}

const textOperators = new Map<string, (actual: string, wanted: string) => boolean>([
  ['eq', (actual, wanted) => actual === wanted],
  ['sw', (actual, wanted) => actual.startsWith(wanted)],
  ['ew', (actual, wanted) => actual.endsWith(wanted)],
  ['c', (actual, wanted) => actual.includes(wanted)],
])

const numberOperators = new Map<string, (actual: number, wanted: number) => boolean>([
  ['gte', (actual, wanted) => actual >= wanted],
  ['gt', (actual, wanted) => actual > wanted],
  ['eq', (actual, wanted) => actual === wanted],
  ['neq', (actual, wanted) => actual !== wanted],
  ['lte', (actual, wanted) => actual <= wanted],
  ['lt', (actual, wanted) => actual < wanted],
])

const counts = new Map<string, (candidate: Candidate) => number>([
  ['vulnerability_all', ({ critical, major, minor }) => critical + major + minor],
  ['vulnerability_critical', ({ critical }) => critical],
  ['vulnerability_major', ({ major }) => major],
  ['vulnerability_minor', ({ minor }) => minor],
])

const lists = new Map<string, (candidate: Candidate) => readonly string[]>([
  ['license.name', ({ licenses }) => licenses],
  ['package.name', ({ components }) => components],
  ['component.name', ({ components }) => components],
])

const oneOf = (actual: readonly string[], wanted: readonly string[]): boolean =>
  wanted.some((value) => actual.includes(value))

const listHolds = (rule: Rule, actual: readonly string[]): boolean =>
  rule.operator === 'oo' ? oneOf(actual, rule.values) : !oneOf(actual, rule.values)

/** Whether it holds; a rule that `ruleProblem` names a problem of never does. */
export const ruleHolds = (rule: Rule, candidate: Candidate): boolean => {
  const [first = ''] = rule.values
  const count = counts.get(rule.field)
  if (count !== undefined)
    return numberOperators.get(rule.operator)?.(count(candidate), Number(first)) ?? false
  const list = lists.get(rule.field)
  if (list !== undefined) return listHolds(rule, list(candidate))
  if (rule.field !== 'tag') return false
  const compare = textOperators.get(rule.operator)
  return compare === undefined ? listHolds(rule, [candidate.tag]) : compare(candidate.tag, first)
}

/** Whether the answer waits for a scan. */
export const needsScan = (rule: Rule): boolean => rule.field !== 'tag'

const operatorsOf = (field: string): readonly string[] | undefined => {
  if (field === 'tag') return [...textOperators.keys(), 'oo', 'noo']
  if (counts.has(field)) return [...numberOperators.keys()]
  return lists.has(field) ? ['oo', 'noo'] : undefined
}

/** Why the rule cannot be taken, as a sentence; undefined when it can. */
export const ruleProblem = (rule: Rule): string | undefined => {
  const operators = operatorsOf(rule.field)
  if (operators === undefined) return `Unknown field ${JSON.stringify(rule.field)}.`
  if (!operators.includes(rule.operator))
    return `The field ${rule.field} takes ${operators.join(', ')}, not ${JSON.stringify(rule.operator)}.`
  if (rule.values.length === 0) return `The field ${rule.field} needs a value.`
  const isCount = counts.has(rule.field)
  if (isCount && !/^\d+$/.test(rule.values[0] ?? '')) return `The field ${rule.field} needs a number.`
  return undefined
}

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const oneDayMilliseconds = 24 * 3600 * 1000

const padded = (value: number, width = 2): string => String(value).padStart(width, '0')

/** 1 on the first of January. */
const dayOfYear = (at: Date): number =>
  Math.floor((at.getTime() - Date.UTC(at.getUTCFullYear(), 0, 1)) / oneDayMilliseconds) + 1

/** Weeks begin on Monday; days before the first Monday are in week 0. */
const weekOfYear = (at: Date): number => Math.floor((dayOfYear(at) + 6 - ((at.getUTCDay() + 6) % 7)) / 7)

const symbols: Readonly<Record<string, (at: Date) => string>> = {
  A: (at) => weekdays[at.getUTCDay()] ?? '',
  a: (at) => (weekdays[at.getUTCDay()] ?? '').slice(0, 3),
  w: (at) => String(at.getUTCDay()),
  d: (at) => padded(at.getUTCDate()),
  B: (at) => months[at.getUTCMonth()] ?? '',
  b: (at) => (months[at.getUTCMonth()] ?? '').slice(0, 3),
  m: (at) => padded(at.getUTCMonth() + 1),
  Y: (at) => String(at.getUTCFullYear()),
  y: (at) => padded(at.getUTCFullYear() % 100),
  H: (at) => padded(at.getUTCHours()),
  I: (at) => padded(at.getUTCHours() % 12 || 12),
  p: (at) => (at.getUTCHours() < 12 ? 'AM' : 'PM'),
  M: (at) => padded(at.getUTCMinutes()),
  S: (at) => padded(at.getUTCSeconds()),
  f: (at) => padded(at.getUTCMilliseconds() * 1000, 6),
  Z: () => 'UTC',
  j: (at) => padded(dayOfYear(at), 3),
  W: (at) => padded(weekOfYear(at)),
}

/** The promoted tag's name: `%n` is the source tag, the rest parts of the date in UTC; unknown symbols stay. */
export const expandTemplate = (template: string, sourceTag: string, at: Date): string =>
  template.replace(/%([A-Za-z])/g, (whole, symbol: string) =>
    symbol === 'n' ? sourceTag : Object.hasOwn(symbols, symbol) ? (symbols[symbol]?.(at) ?? whole) : whole,
  )
