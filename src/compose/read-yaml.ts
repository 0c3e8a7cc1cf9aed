import { Composer, type Document, Parser, type YAMLError } from 'yaml'
import { type Checked, type Issue, type Source, sortIssues } from '../core/issue.ts'
import { decodeUtf8 } from '../load/decode-utf8.ts'
import { sourceOf } from '../load/source-of.ts'
import type { YamlNode } from './yaml-node.ts'
import { mostTokens, type TokenExcess, tokensOf } from './yaml-tokens.ts'
import { treeOf } from './yaml-tree.ts'

/** Largest YAML file in bytes: ten times the merged stack of 100 services. */
export const largestYamlBytes = 512 * 1024

/** Most documents of one file. */
const mostDocuments = 16

/** Most issues of one file: the first ones tell what is wrong with it. */
const mostIssues = 20

/** A YAML file as it was read. */
export interface YamlFile {
  /** Path as the user named it. */
  readonly file: string
  /** The source text, for code frames. */
  readonly text: string
  /** Its documents in order; an empty one is the scalar null. At least one. */
  readonly documents: readonly YamlNode[]
}

type SourceAt = (start: number, end?: number) => Source

const refused = (issue: Issue): { readonly ok: false; readonly issues: readonly Issue[] } => ({
  ok: false,
  issues: [issue],
})

const tooLarge = (file: string, size: number): Issue => ({
  code: 'yaml/too-large',
  message: `The file has ${size} bytes; at most ${largestYamlBytes} are read.`,
  source: { file, line: 1, column: 1 },
  hint: 'A compose file describes one stack: check that this is the right file, or split it with `include`.',
})

/**
 * Characters that make a text read otherwise than it is: control characters, bidirectional ones, and the line breaks of YAML 1.1
 * (NEL, LS, PS), at which some parsers begin a new line and others do not.
 */
const hiddenCharacter =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF]/g

const hiddenCharacters = (text: string, at: SourceAt): Issue[] =>
  [...text.matchAll(hiddenCharacter)].slice(0, mostIssues).map((match) => ({
    code: 'yaml/hidden-character',
    message: `An invisible character, U+${match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}, stands here.`,
    source: at(match.index, match.index + 1),
    hint: 'Delete it, or write it as an escape in double quotes: it makes the file read otherwise than it is.',
  }))

const excessIssue = ({ reason, offset }: TokenExcess, at: SourceAt): Issue => {
  if (reason === 'too-deep') return tooDeep(at(offset))
  return {
    code: 'yaml/too-many-parts',
    message: `The file has more than ${mostTokens} tokens; what stands from here on is not read.`,
    source: at(offset),
    hint: 'A compose file describes one stack: check that this is the right file, or split it with `include`.',
  }
}

const tooDeep = (source: Source): Issue => ({
  code: 'yaml/too-deep',
  message: 'The file is nested too deep to be read.',
  source,
  hint: 'No part of a compose file needs that; check the brackets and the indentation.',
})

const firstSentence = (message: string): string => {
  const [line = 'The text is no YAML'] = message.split('\n', 1)
  return `${line.replace(/[.:]$/, '').slice(0, 300)}.`
}

const hints: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'Indent with blanks; YAML takes no tabs there.',
  BAD_ALIAS: 'An alias is `*` and the name of an anchor that stands above it.',
  BLOCK_AS_IMPLICIT_KEY: 'Put the value in quotes, or on lines of its own.',
  MULTILINE_IMPLICIT_KEY: 'A key and its colon stand on one line; check the line above for a missing colon.',
  MISSING_CHAR: 'Check that every quote and bracket above is closed.',
}

const syntaxIssue = (error: YAMLError, at: SourceAt): Issue => {
  const source = at(error.pos[0], Math.max(error.pos[0], error.pos[1]))
  if (error.code === 'RESOURCE_EXHAUSTION') return tooDeep(source)
  const hint = hints[error.code]
  return {
    code: error.code === 'TAB_AS_INDENT' ? 'yaml/tab' : 'yaml/syntax',
    message: firstSentence(error.message),
    source,
    ...(hint === undefined ? {} : { hint }),
  }
}

/** The parser reads every scalar as text and checks no keys: `treeOf` does, in linear time. */
const options = {
  schema: 'failsafe',
  uniqueKeys: false,
  merge: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const

const emptyAt = (file: string): YamlNode => ({
  kind: 'scalar',
  value: null,
  text: '',
  plain: true,
  source: { file, line: 1, column: 1 },
})

const tooManyDocuments = (count: number, source: Source): Issue => ({
  code: 'yaml/too-many-documents',
  message: `The file has ${count} documents; at most ${mostDocuments} are read.`,
  source,
  hint: 'Documents of one compose file are merged in order; write them as files of their own.',
})

/** As `parseAllDocuments` of `yaml` does it, but for looking for the tokens, which is done. */
const documentsOf = (tokens: readonly string[]): readonly Document.Parsed[] => {
  const parser = new Parser()
  const composer = new Composer(options)
  const documents: Document.Parsed[] = []
  for (const token of tokens) for (const part of parser.next(token)) documents.push(...composer.next(part))
  for (const part of parser.end()) documents.push(...composer.next(part))
  documents.push(...composer.end())
  return documents
}

const readDocuments = (
  text: string,
  tokens: readonly string[],
  { file, at }: { file: string; at: SourceAt },
): Checked<YamlFile> => {
  const documents = documentsOf(tokens)
  if (documents.length === 0) return { ok: true, value: { file, text, documents: [emptyAt(file)] } }
  const excess = documents[mostDocuments]
  if (excess !== undefined) return refused(tooManyDocuments(documents.length, at(excess.range[0])))
  const errors = documents.flatMap((document) => document.errors).slice(0, mostIssues)
  if (errors.length > 0)
    return { ok: false, issues: sortIssues(errors.map((error) => syntaxIssue(error, at))) }
  const trees = documents.map(({ contents }) => treeOf(contents, { file, text, at }))
  const issues = trees.flatMap((tree) => (tree.ok ? [] : tree.issues))
  if (issues.length > 0) return { ok: false, issues: sortIssues(issues).slice(0, mostIssues) }
  return {
    ok: true,
    value: { file, text, documents: trees.flatMap((tree) => (tree.ok ? [tree.value] : [])) },
  }
}

/** Blank of the same length, so that offsets stay. */
const withoutMark = (text: string): string => (text.charCodeAt(0) === 0xfeff ? ` ${text.slice(1)}` : text)

/**
 * The documents of a YAML text with the place of every part, in bounded time and memory whatever the text is.
 *
 * Refused, each with a place: more than 512 KiB or too many tokens, invisible characters, syntax errors, tabs as indentation,
 * duplicate keys, keys that are no text, unknown tags, anchors that contain themselves, aliases that expand to too much,
 * nesting deeper than 64. Issue codes: `yaml/*`. Never throws.
 */
export const parseYaml = (file: string, source: string): Checked<YamlFile> => {
  if (source.length > largestYamlBytes) return refused(tooLarge(file, source.length))
  const text = withoutMark(source)
  const at = sourceOf(file, text)
  const hidden = hiddenCharacters(text, at)
  if (hidden.length > 0) return { ok: false, issues: hidden }
  const read = tokensOf(text)
  return read.ok ? readDocuments(text, read.tokens, { file, at }) : refused(excessIssue(read.excess, at))
}

/**
 * As `parseYaml`, of bytes; read no more than `largestYamlBytes + 1` of them from a file. Issue codes: `yaml/*`, and
 * `reader/not-utf8` at the first wrong byte. Never throws.
 */
export const readYaml = (file: string, bytes: Buffer): Checked<YamlFile> => {
  if (bytes.length > largestYamlBytes) return refused(tooLarge(file, bytes.length))
  const text = decodeUtf8(file, bytes)
  return text.ok ? parseYaml(file, text.value) : text
}
