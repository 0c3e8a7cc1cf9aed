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

/** With its sign: `+120`, `−3.50`; where all of them are whole, what a reader gets who takes the one from the other. */
export const difference = (before: number, after: number): string => {
  const exact = after - before
  const value = Math.abs(exact) >= 100 ? Math.round(after) - Math.round(before) : exact
  return `${value < 0 ? '−' : '+'}${amount(Math.abs(value))}`
}

/** A currency's code as it is; anything else is somebody's name for something. */
export const currencyWords = (code: string): Phrase => (/^[A-Z]{3}$/.test(code) ? own(code) : say`${code}`)
