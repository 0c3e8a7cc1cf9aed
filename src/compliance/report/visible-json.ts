/** What hides or turns text: format characters, separators of lines, halves of characters. Controls JSON writes out by itself. */
const hidden = /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('')

/** A value as JSON, indented, in which everything can be seen: the same value to every reader of JSON. Pure. */
export const visibleJson = (value: unknown): string =>
  JSON.stringify(value, null, 2).replaceAll(hidden, escaped)
