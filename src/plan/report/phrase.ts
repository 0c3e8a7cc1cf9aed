import { visible } from './visible.ts'

/** A piece of a sentence: our own words, or a name that somebody else chose. */
export type Part = string | { readonly name: string }

/**
 * A sentence in which our own words and foreign names stay apart, so that whoever writes it out cannot take one for the
 * other: a tenant file, an account or a server chose the names, and none of them is trusted.
 */
export interface Phrase {
  readonly phrase: readonly Part[]
}

type Value = string | number | Phrase

const partsOf = (value: Value): readonly Part[] => {
  if (typeof value === 'number') return [String(value)]
  return typeof value === 'string' ? [{ name: value }] : value.phrase
}

/** Our own words joined with what stands between them: a text is a foreign name, a number and a phrase are what they are. */
export const say = (words: TemplateStringsArray, ...values: readonly Value[]): Phrase => ({
  phrase: words
    .flatMap((word, index): readonly Part[] => {
      const value = values[index]
      return value === undefined ? [word] : [word, ...partsOf(value)]
    })
    .filter((part) => part !== ''),
})

/** Our own words alone; never for a text from outside. */
export const own = (words: string): Phrase => ({ phrase: words === '' ? [] : [words] })

/** Phrases one after the other. */
export const joined = (phrases: readonly Phrase[], by: string): Phrase => ({
  phrase: phrases.flatMap(({ phrase }, index) => (index === 0 ? phrase : [by, ...phrase])),
})

/** `a`, `a and b`, `a, b and c`; past `most`, `a, b and 7 more`. */
export const listed = (phrases: readonly Phrase[], most = Number.POSITIVE_INFINITY): Phrase => {
  const cut = phrases.length > most
  const shown = cut ? [...phrases.slice(0, most), own(`${phrases.length - most} more`)] : phrases
  const last = shown.at(-1)
  if (last === undefined || shown.length === 1) return last ?? own('')
  return joined([joined(shown.slice(0, -1), ', '), last], ' and ')
}

/** Names as `listed` writes them. */
export const names = (texts: readonly string[], most?: number): Phrase =>
  listed(
    texts.map((text) => ({ phrase: [{ name: text }] })),
    most,
  )

/** `1 network`, `2 networks`. */
export const counted = (count: number, [one, many]: readonly [string, string]): Phrase =>
  own(`${count} ${count === 1 ? one : many}`)

/** The sentence as plain text, in which nothing hides; for terminals and machines. */
export const plainText = ({ phrase }: Phrase): string =>
  phrase.map((part) => (typeof part === 'string' ? part : visible(part.name))).join('')

/** The phrase with every foreign name rewritten. */
export const renamed = ({ phrase }: Phrase, rename: (name: string) => string): Phrase => ({
  phrase: phrase.map((part) => (typeof part === 'string' ? part : { name: rename(part.name) })),
})
