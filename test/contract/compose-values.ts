import { composeBytes } from '../../src/compose/amounts.ts'
import type { Plain } from './compose-comparable.ts'

const unitSeconds: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 }

/** Seconds of `1m30s`; undefined for what is no duration. */
const seconds = (text: string): number | undefined => {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) return undefined
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitSeconds[unit ?? ''] ?? 0), 0)
}

/** Every way in which a scalar may be read: as text, number, size and duration. */
const readings = (value: Plain): readonly (number | string | undefined)[] => {
  const text = String(value)
  return [text, text === '' ? undefined : Number(text), composeBytes(text.toLowerCase()), seconds(text)]
}

const isOctal = (mine: Plain, theirs: Plain): boolean =>
  typeof mine === 'number' &&
  typeof theirs === 'string' &&
  /^0?[0-7]+$/.test(theirs) &&
  Number.parseInt(theirs, 8) === mine

const isNothing = (value: Plain | undefined): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  // The reference prints no zeros.
  ['', 0, '0', '0s'].some((zero) => zero === value) ||
  JSON.stringify(value) === '{}' ||
  JSON.stringify(value) === '[]'

/** Whether two values say the same in two forms: `1.5g` and 1610612736, `90s` and `1m30s`, 0440 and `"0440"`, nothing and `false`. */
export const isSameValue = (mine: Plain | undefined, theirs: Plain | undefined): boolean => {
  if (isNothing(mine) && isNothing(theirs)) return true
  if (mine === undefined || theirs === undefined || mine === null || theirs === null) return false
  if (typeof mine === 'object' || typeof theirs === 'object') return false
  const [own, other] = [readings(mine), readings(theirs)]
  return (
    isOctal(mine, theirs) ||
    own.some((one, index) => one !== undefined && !Number.isNaN(one) && one === other[index])
  )
}
