/** What a terminal would obey or hide: controls, line ends and tabs too, format characters, separators, lone surrogates. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`

/** A text of anybody, a path say, as one line in which nothing acts or hides: `\u{1b}` for an escape. Pure, never throws. */
export const printable = (text: string): string => text.replaceAll(hidden, escaped)
