import { own, type Phrase, say } from './phrase.ts'

/** A whole number, thousands apart. */
export const whole = (value: number): string =>
  new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 }).format(value)

/** Whole units from a hundred on, cents below, thousands apart: `1,234`, `12.50`. A currency is written after it. */
export const amount = (value: number): string => {
  const digits = Math.abs(value) >= 100 ? 0 : 2
  return new Intl.NumberFormat('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value)
}

/** With its sign: `+120`, `−3.50`. */
export const difference = (value: number): string => `${value < 0 ? '−' : '+'}${amount(Math.abs(value))}`

/** A currency's code as it is; anything else is somebody's name for something. */
export const currencyWords = (code: string): Phrase => (/^[A-Z]{3}$/.test(code) ? own(code) : say`${code}`)
