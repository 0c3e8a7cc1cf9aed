import { InvalidArgumentError } from 'commander'

/** Gathers a repeated option. */
export const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]

/** A whole number in a range, for `--parallel`. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`)
    return value
  }
