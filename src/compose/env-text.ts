import type { Issue, Source } from '../core/issue.ts'
import { type Lookup, substitute } from './substitute.ts'

/** Variables of an env file in order; a later one of a name takes the place of an earlier one. */
export interface EnvText {
  readonly variables: ReadonlyMap<string, string>
  /** Where each variable's value is given, by its name. */
  readonly places: ReadonlyMap<string, Source>
  readonly issues: readonly Issue[]
}

interface EnvReading {
  readonly file: string
  readonly text: string
  readonly lookup: Lookup
  readonly variables: Map<string, string>
  readonly places: Map<string, Source>
  readonly issues: Issue[]
  index: number
  /** Line breaks before `counted`: places are asked for in order, so that no part of the text is counted twice. */
  breaks: number
  counted: number
}

const placeOf = (reading: EnvReading): Source => {
  const { file, text, index } = reading
  for (
    let at = text.indexOf('\n', reading.counted);
    at !== -1 && at < index;
    at = text.indexOf('\n', at + 1)
  ) {
    reading.breaks += 1
    reading.counted = at + 1
  }
  return { file, line: reading.breaks + 1, column: index - text.lastIndexOf('\n', index - 1) }
}

const refuse = (reading: EnvReading, message: string, hint: string): void => {
  reading.issues.push({
    code: 'compose/env-file',
    message,
    source: placeOf(reading),
    hint,
  })
}

const skipLine = (reading: EnvReading): void => {
  const end = reading.text.indexOf('\n', reading.index)
  reading.index = end === -1 ? reading.text.length : end + 1
}

const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  c: '\\c',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
  $: '$$',
}

const unescaped = (text: string): string =>
  text.replace(/\\(?:0(\d{3})|([abcfnrtv$"\\]))/g, (whole, octal: string | undefined, letter: string) =>
    octal === undefined ? (escapes[letter] ?? whole) : String.fromCharCode(Number.parseInt(octal, 8)),
  )

const filled = (text: string, reading: EnvReading): string => {
  const { text: value, problem } = substitute(
    text,
    (name) => reading.lookup(name) ?? reading.variables.get(name),
  )
  if (problem !== undefined)
    refuse(
      reading,
      'A variable in this value is malformed or required and not set.',
      'Write `$$` for a dollar.',
    )
  return value
}

/** The text up to the quote that closes; a backslash keeps a quote from closing. */
const quoted = (quote: string, reading: EnvReading): string | undefined => {
  const { text, index: start } = reading
  let value = ''
  for (let index = start + 1; index < text.length; index++) {
    const char = text[index] ?? ''
    if (char === quote) {
      reading.index = index + 1
      return value
    }
    if (char === '\\' && text[index + 1] === quote) value += text[++index]
    else if (char === '\\' && text[index + 1] === '\\') value += `\\${text[++index]}`
    else value += char
  }
  refuse(reading, 'A quote is opened here and never closed.', 'Close it, or take it away.')
  reading.index = text.length
  return undefined
}

const unquoted = (reading: EnvReading): string => {
  const start = reading.index
  skipLine(reading)
  const line = reading.text.slice(start, reading.index)
  return filled((line.split(' #', 1)[0] ?? '').trimEnd(), reading)
}

const readValue = (reading: EnvReading): string | undefined => {
  const quote = reading.text[reading.index]
  if (quote !== '"' && quote !== "'") return unquoted(reading)
  const value = quoted(quote, reading)
  return quote === '"' && value !== undefined ? filled(unescaped(value), reading) : value
}

const namePattern = /(?:export[ \t]+)?([\p{L}\p{N}_.[\]-]+)[ \t\r]*(?:([=:])[ \t]*|\n|$)/uy

const readStatement = (reading: EnvReading): void => {
  namePattern.lastIndex = reading.index
  const match = namePattern.exec(reading.text)
  const [whole, name = '', sign] = match ?? []
  if (whole === undefined) {
    refuse(
      reading,
      'The line is no `NAME=value`.',
      'A name has letters, digits and `_`; a comment begins with `#`.',
    )
    skipLine(reading)
    return
  }
  const place = placeOf(reading)
  reading.index += whole.length
  const value = sign === undefined ? reading.lookup(name) : readValue(reading)
  if (value === undefined) return
  reading.variables.set(name, value)
  reading.places.set(name, place)
}

/** Why an env file cannot be read, as an issue of the place that names it. Issue code: `compose/env-file`. */
export const unreadableEnv = ({ message, hint }: Issue, source: Source): Issue => ({
  code: 'compose/env-file',
  message,
  source,
  ...(hint === undefined ? {} : { hint }),
})

/**
 * The variables of an env file: `NAME=value`, `NAME: value`, `export`, quotes, escapes and variables in double ones, comments.
 * Issue code: `compose/env-file`; no message holds a value. Never throws.
 */
export const parseEnvText = (file: string, source: string, lookup: Lookup): EnvText => {
  const text = source.replace(/^\uFEFF/, '')
  const found = { variables: new Map(), places: new Map(), issues: [] }
  const reading: EnvReading = { file, text, lookup, ...found, index: 0, breaks: 0, counted: 0 }
  for (;;) {
    const rest = /\S/.exec(text.slice(reading.index))
    if (rest === null) break
    reading.index += rest.index
    if (rest[0] === '#') skipLine(reading)
    else readStatement(reading)
  }
  return found
}
