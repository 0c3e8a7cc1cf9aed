/** Controls and format characters, bidirectional ones too, but line ends and tabs. */
const hidden = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

const longestRun = (text: string): number =>
  Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))

/**
 * A block of Markdown that shows a text as it is, whoever wrote it: nothing in it is a link, a mention, HTML or a command, and
 * what hides or turns text shows as a mark. The fence is longer than any that the text has. Pure, never throws.
 */
export const fenced = (text: string): string => {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1))
  const shown = text.replaceAll(/\r\n?/g, '\n').replaceAll(hidden, '\uFFFD').trimEnd()
  return `${fence}text\n${shown}\n${fence}`
}

/** A text's beginning, of at most so many bytes and whole lines; with what was left out said by `rest` on a line of its own. */
export const cutLines = (text: string, mostBytes: number, rest: string): string => {
  if (Buffer.byteLength(text) <= mostBytes) return text
  const part = Buffer.from(text).subarray(0, Math.max(0, mostBytes - Buffer.byteLength(rest) - 1))
  const kept = part.toString('utf8')
  return `${kept.slice(0, kept.lastIndexOf('\n') + 1)}${rest}`
}
