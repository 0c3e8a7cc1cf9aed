/**
 * What a reader cannot see, or what makes a text read otherwise than it is: controls, format characters (bidirectional
 * ones too), lone surrogates, private and unassigned characters, separators, blanks that are no space, and characters that
 * every font leaves empty. Source: Unicode's general categories C, Zl, Zp, Zs and Default_Ignorable_Code_Point; U+2800 is
 * a letter of Braille without dots.
 */
const hidden = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]|(?! )\p{Zs}/gu

/** More marks upon one letter than any language has: they reach into the lines above and below. */
const stackedMarks = /(?<=\p{M}{2})\p{M}/gu

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`

/** Longest name that a report shows; the schema's own are far below. */
const longest = 160

const cut = (text: string): string => {
  const characters = [...text]
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join('')}…`
}

/**
 * A text from outside as one line in which everything can be seen: what hides or turns is written as `\u{202e}`, and what
 * is too long is cut and ends in `…`. Pure, never throws.
 */
export const visible = (text: string): string => (ordinary.test(text) ? text : made(text))

/** What nearly every name is: nothing in it needs a closer look. */
const ordinary = /^[\x20-\x7e]{0,160}$/

const made = (text: string): string =>
  cut(
    text
      .slice(0, longest * 2)
      .normalize('NFC')
      .replaceAll(hidden, escaped)
      .replaceAll(stackedMarks, escaped),
  )

const withheld = '[secret]'

/** What looks like a secret wherever it stands: a credential in an address, a key in PEM, a token, a value with a telling name. */
const secretLooking: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, withheld],
  [/(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@]{1,500}@/gi, `$1${withheld}@`],
  [/\bhv[sbr]\.[\w-]{8,}/g, withheld],
  [/\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?/g, withheld],
  [/\b((?:authorization|proxy-authorization)\s*:\s*(?:\w+\s+)?)\S+/gi, `$1${withheld}`],
  [
    /((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key)\w*["']?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s,;&"']+)/gi,
    `$1${withheld}`,
  ],
]

/**
 * Free text of a server or an engine without what looks like a secret in it. A second line of defence: whoever holds a
 * secret takes it out of messages before. Pure, never throws.
 */
export const withoutSecrets = (text: string): string =>
  secretLooking.reduce((clean, [pattern, instead]) => clean.replaceAll(pattern, instead), text)
