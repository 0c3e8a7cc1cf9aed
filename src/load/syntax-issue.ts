import type { Issue, Source } from '../core/issue.ts'

/** What acorn says of a text it cannot read: a sentence ending in `(line:column)`, and the offset. */
interface Refusal {
  readonly message: string
  readonly position: number
}

type SourceAt = (start: number, end?: number) => Source

const typeScriptHint =
  'A typed file is plain data: leave types, `as`, `satisfies` and `!` out; the define function types it.'

/** Words whose presence just before or at the refused place means TypeScript syntax. */
const typeScriptWord = /^(?:as|satisfies)\b/
const typeScriptBefore = /\b(?:type|interface|enum|namespace|declare|abstract|module)\s*$/

const isTypeScript = (text: string, position: number): boolean => {
  const rest = text.slice(position, position + 12)
  const before = text.slice(Math.max(0, position - 40), position)
  if (typeScriptWord.test(rest) || typeScriptBefore.test(before)) return true
  if (/^(?:enum|interface)\b/.test(rest)) return true
  if (/^<[A-Za-z_$]/.test(rest)) return true
  if (/^[:<]/.test(rest) && /[\w)]\s*$/.test(before)) return true
  if (/^[A-Za-z_$]/.test(rest) && /<\s*$/.test(before)) return true
  return /^!/.test(rest) && /[\w)'"`\]}]\s*$/.test(before)
}

const typeScriptIssue = (text: string, position: number, at: SourceAt): Issue => {
  const word = /^\w+/.exec(text.slice(position, position + 40))?.[0] ?? text.slice(position, position + 1)
  return {
    code: 'reader/typescript',
    message: `TypeScript syntax at \`${word}\` is not data.`,
    source: at(position, position + word.length),
    hint: typeScriptHint,
  }
}

/** The parser itself refuses a second `__proto__`, before any tree exists. */
const prototypeIssue = (position: number, at: SourceAt): Issue => ({
  code: 'reader/prototype-key',
  message: "The key `__proto__` could reach an object's prototype.",
  source: at(position),
  hint: 'Choose another name.',
})

/** What git writes where two sides of a merge contradict each other, at the beginning of a line. */
const conflictMark = /^(?:<{7}|>{7})(?: |$)/m

const conflictIssue = (text: string, at: SourceAt): Issue => {
  const position = text.search(conflictMark)
  return {
    code: 'reader/merge-conflict',
    message: 'A merge left a conflict here that nobody resolved.',
    source: at(position, position + 7),
    hint: 'Keep one of the sides, or both, and delete the lines with the marks <<<<<<<, ======= and >>>>>>>.',
  }
}

/** The issue for a text that is not a module of plain JavaScript. Never throws. */
export const syntaxIssue = (text: string, refusal: Refusal, at: SourceAt): Issue => {
  if (conflictMark.test(text)) return conflictIssue(text, at)
  const position = Math.min(Math.max(refusal.position, 0), text.length)
  if (isTypeScript(text, position)) return typeScriptIssue(text, position, at)
  if (refusal.message.startsWith('Redefinition of __proto__')) return prototypeIssue(position, at)
  const reason = refusal.message.replace(/\s*\(\d+:\d+\)$/, '').replace(/\.$/, '')
  const ended = position >= text.trimEnd().length
  return {
    code: 'reader/syntax',
    message: ended
      ? `The file ends too early: ${reason.toLowerCase()}.`
      : `This is not valid syntax: ${reason}.`,
    source: at(position),
    hint: ended
      ? 'Close what is open: a quote, a bracket, a brace or a parenthesis is missing.'
      : 'Look just before this place for a missing comma, quote, bracket or brace.',
  }
}

/** Offset at which brackets are open deeper than `limit`; 0 where none are. Never throws. */
export const firstTooDeep = (text: string, limit: number): number => {
  let depth = 0
  for (let offset = 0; offset < text.length; offset += 1) {
    const character = text[offset]
    if (character === '[' || character === '{' || character === '(') depth += 1
    if (character === ']' || character === '}' || character === ')') depth -= 1
    if (depth > limit) return offset
  }
  return 0
}
