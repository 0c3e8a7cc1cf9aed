import type { ScalarValue } from './yaml-node.ts'

const words: ReadonlyMap<string, ScalarValue> = new Map<string, ScalarValue>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Infinity] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, -Infinity] as const),
])

const wholeNumber = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)$/
const decimal = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/

/** Digits of a whole number in the notation that `BigInt` reads: `0644` and `0O644` are octal. */
const digitsOf = (digits: string): string =>
  /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase()

const parseWhole = (text: string): ScalarValue | undefined => {
  const [, sign, digits] = wholeNumber.exec(text) ?? []
  if (digits === undefined) return undefined
  const whole = BigInt(digitsOf(digits)) * (sign === '-' ? -1n : 1n)
  const value = Number(whole)
  return Number.isSafeInteger(value) ? value : whole.toString()
}

/** Longest text that may be a number: `1_000…` of a thousand digits is text. */
const longestNumber = 64

const startsLikeNumber = /^[-+.0-9]/

/**
 * The value of a plain scalar, as the parser beneath `docker compose` and `docker stack` takes it: YAML 1.2's words, and the
 * numbers of both versions of YAML (`0644` and `0o644` are octal, `1_000` is a thousand). `yes`, `on` and dates are text.
 * Never throws.
 */
export const resolvePlain = (text: string): ScalarValue => {
  const word = words.get(text)
  if (word !== undefined) return word
  if (!startsLikeNumber.test(text) || text.length > longestNumber) return text
  const digits = text.startsWith('.') ? text : text.replaceAll('_', '')
  const whole = parseWhole(digits)
  if (whole !== undefined) return whole
  return decimal.test(digits) ? Number(digits) : text
}

/** What an explicit tag makes of a scalar; undefined where the text is no value of it. */
const byTag: Readonly<Record<string, (text: string) => ScalarValue | undefined>> = {
  str: (text) => text,
  null: (text) => (resolvePlain(text) === null ? null : undefined),
  bool: (text) => ifOf(text, 'boolean'),
  int: (text) => ifOf(text, 'number'),
  float: (text) => ifOf(text, 'number'),
}

const ifOf = (text: string, type: 'boolean' | 'number'): ScalarValue | undefined => {
  const value = resolvePlain(text)
  return typeof value === type ? value : undefined
}

/** The value that an explicit core tag (`str`, `int`, `float`, `bool`, `null`) gives a text; undefined where it cannot. Never throws. */
export const resolveTagged = (tag: string, text: string): ScalarValue | undefined => byTag[tag]?.(text)
