import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import {
  type CallExpression,
  type ExportDefaultDeclaration,
  type Expression,
  type ImportDeclaration,
  type Program,
  parse,
} from 'acorn'
import { type Checked, type Issue, type Source, sortIssues } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { decodeUtf8 } from './decode-utf8.ts'
import { type FileKind, fileKinds } from './file-kind.ts'
import { deepestNesting, type LiteralReading, readLiteral } from './literal.ts'
import { loadedFrom } from './locate.ts'
import { sourceOf } from './source-of.ts'
import { firstTooDeep, syntaxIssue } from './syntax-issue.ts'

/** Largest typed file in bytes: a hundred times the largest sample. */
export const largestFileBytes = 256 * 1024

const defineOf = (kind: FileKind): string => fileKinds[kind].define

const shapeHint = (kind: FileKind): string =>
  `The file holds one statement: export default ${defineOf(kind)}({ … }).`

/** Characters that make a text read otherwise than it is: bidirectional controls and zero-width ones. */
const hiddenCharacter = /[\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFEFF]/g

type SourceAt = (start: number, end?: number) => Source

interface FileReading extends LiteralReading {
  readonly kind: FileKind
}

/** Blank of the same length, so that offsets stay. */
const withoutMark = (text: string): string => (text.charCodeAt(0) === 0xfeff ? ` ${text.slice(1)}` : text)

const hiddenCharacters = (text: string, at: SourceAt): Issue[] =>
  [...text.matchAll(hiddenCharacter)].slice(0, 20).map((match) => ({
    code: 'reader/hidden-character',
    message: `An invisible character, U+${match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}, stands here.`,
    source: at(match.index, match.index + 1),
    hint: 'Delete it: it makes the file read otherwise than it is.',
  }))

const parseModule = (text: string, at: SourceAt): Checked<Program> => {
  try {
    return { ok: true, value: parse(text, { ecmaVersion: 2025, sourceType: 'module' }) }
  } catch (error) {
    if (error instanceof RangeError) return { ok: false, issues: [tooDeep(text, at)] }
    if (!isRefusal(error)) throw error
    if (error.message.startsWith('Not enough stack')) return { ok: false, issues: [tooDeep(text, at)] }
    return { ok: false, issues: [syntaxIssue(text, { message: error.message, position: error.pos }, at)] }
  }
}

const isRefusal = (error: unknown): error is SyntaxError & { pos: number } =>
  error instanceof SyntaxError && typeof (error as { pos?: unknown }).pos === 'number'

/** The parser recurses; a text nested deeper than its stack is refused, never a crash. */
const tooDeep = (text: string, at: SourceAt): Issue => ({
  code: 'reader/too-deep',
  message: 'The file is nested too deep to be read.',
  source: at(firstTooDeep(text, deepestNesting)),
  hint: 'No field of a typed file needs that; check the brackets.',
})

/** Where the define function may come from: any depth of folder above `src`. */
const definePath = (kind: FileKind): RegExp => new RegExp(`(?:^|/)${fileKinds[kind].module}/define\\.ts$`)

const isDefineImport = (node: ImportDeclaration, kind: FileKind): boolean => {
  const [specifier] = node.specifiers
  return (
    node.specifiers.length === 1 &&
    node.attributes.length === 0 &&
    specifier?.type === 'ImportSpecifier' &&
    specifier.imported.type === 'Identifier' &&
    specifier.imported.name === defineOf(kind) &&
    specifier.local.name === defineOf(kind) &&
    typeof node.source.value === 'string' &&
    definePath(kind).test(node.source.value)
  )
}

const readImport = (node: ImportDeclaration, { kind, at, report }: FileReading): void => {
  if (isDefineImport(node, kind)) return
  report({
    code: 'reader/import',
    message: `Only \`${defineOf(kind)}\` may be imported, not anything from '${node.source.value}'.`,
    source: at(node.start, node.end),
    hint: `Keep just: import { ${defineOf(kind)} } from '${fileKinds[kind].file === undefined ? '../' : './'}src/${fileKinds[kind].module}/define.ts'`,
  })
}

/** Name of the function that an expression calls; undefined where it is no plain call. */
const calledName = (node: Expression): string | undefined =>
  node.type === 'CallExpression' && !node.optional && node.callee.type === 'Identifier'
    ? node.callee.name
    : undefined

/** The object that the file describes: the bare one, or the one argument of its define function. */
const describedObject = (node: Expression, reading: FileReading): Expression | undefined => {
  if (node.type === 'ObjectExpression') return node
  const called = calledName(node)
  if (node.type === 'CallExpression' && called === defineOf(reading.kind)) return onlyArgument(node, reading)
  if (called !== undefined && Object.values(fileKinds).some(({ define }) => define === called))
    reportWrongDefine(node, reading)
  else reportWrongExport(node, reading)
  return undefined
}

const reportWrongDefine = (node: Expression, { kind, at, report }: FileReading): void =>
  report({
    code: 'reader/wrong-define',
    message: `This folder holds ${kind} files, which call \`${defineOf(kind)}\`.`,
    source: at(node.start, Math.min(node.end, node.start + 40)),
    hint: 'Move the file to the folder of its kind, or call the other function.',
  })

const reportWrongExport = (node: Expression, { kind, at, report }: FileReading): void =>
  report({
    code: node.type === 'CallExpression' ? 'reader/call' : 'reader/shape',
    message: `The default export is not \`${defineOf(kind)}({ … })\`.`,
    source: at(node.start, Math.min(node.end, node.start + 40)),
    hint: shapeHint(kind),
  })

const onlyArgument = (node: CallExpression, { kind, at, report }: FileReading): Expression | undefined => {
  const [argument, second] = node.arguments
  if (argument?.type === 'ObjectExpression' && second === undefined) return argument
  const wrong = second ?? argument ?? node
  report({
    code: argument?.type === 'SpreadElement' ? 'reader/spread' : 'reader/shape',
    message: `\`${defineOf(kind)}\` takes one object, written out.`,
    source: at(wrong.start, wrong.end),
    hint: shapeHint(kind),
  })
  return undefined
}

const exported = (node: ExportDefaultDeclaration): Expression => node.declaration as Expression

const readStatement = (node: Program['body'][number], { kind, at, report }: FileReading): void =>
  report({
    code: 'reader/statement',
    message: 'A typed file holds no other statement than its default export.',
    source: at(node.start, Math.min(node.end, node.start + 80)),
    hint: shapeHint(kind),
  })

/** Reports everything in the module that is not data and gives back what is. */
const readModule = (
  program: Program,
  reading: FileReading,
): { root: Expression; value: unknown } | undefined => {
  const exports: ExportDefaultDeclaration[] = []
  for (const node of program.body) {
    if (node.type === 'ImportDeclaration') readImport(node, reading)
    else if (node.type === 'ExportDefaultDeclaration') exports.push(node)
    else if (node.type !== 'EmptyStatement') readStatement(node, reading)
  }
  const [first] = exports
  if (first === undefined) return undefined
  const root = describedObject(exported(first), reading)
  return root === undefined ? undefined : { root, value: readLiteral(root, reading) }
}

const nothingExported = (kind: FileKind, program: Program, at: SourceAt): Issue => ({
  code: 'reader/empty',
  message: program.body.length === 0 ? 'The file is empty.' : 'The file has no default export.',
  source: at(0),
  hint: shapeHint(kind),
})

/**
 * The value of a typed file's text, read without running it.
 *
 * Issue codes: `reader/*`. All issues at once where the text is a module at all. Never throws.
 */
export const parseTypedFile = (file: string, source: string, kind: FileKind): Checked<Loaded<unknown>> => {
  const text = withoutMark(source)
  const at = sourceOf(file, text)
  if (text.length > largestFileBytes) return refused(tooLarge(file, text.length))
  const program = parseModule(text, at)
  if (!program.ok) return program
  const issues: Issue[] = hiddenCharacters(text, at)
  const read = readModule(program.value, { kind, at, report: (issue) => issues.push(issue) })
  if (read !== undefined && issues.length === 0) return { ok: true, value: loadedFrom(file, text, read) }
  if (issues.length === 0) issues.push(nothingExported(kind, program.value, at))
  return { ok: false, issues: sortIssues(issues) }
}

const refused = (issue: Issue): { ok: false; issues: readonly Issue[] } => ({ ok: false, issues: [issue] })

const tooLarge = (file: string, size: number): Issue => ({
  code: 'reader/too-large',
  message: `The file has ${size} bytes; at most ${largestFileBytes} are read.`,
  source: { file, line: 1, column: 1 },
  hint: 'A typed file describes one thing; check that this is the right file.',
})

const unreadable = (file: string, reason: string): Issue => ({
  code: 'reader/unreadable',
  message: `The file cannot be read: ${reason}.`,
  source: { file, line: 1, column: 1 },
  hint: 'Check that it is a plain file that this user may read.',
})

const outside = (file: string): Issue => ({
  code: 'reader/outside',
  message: 'The file is a link that leads out of its folder.',
  source: { file, line: 1, column: 1 },
  hint: 'Replace the link by the file itself.',
})

/** Reads at most the allowed bytes; a pipe or a device is not opened for waiting. */
const readBytes = (path: string, file: string): Checked<Buffer> => {
  const handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const status = fstatSync(handle)
    if (!status.isFile()) return refused(unreadable(file, 'it is not a plain file'))
    if (status.size > largestFileBytes) return refused(tooLarge(file, status.size))
    const bytes = Buffer.allocUnsafe(status.size)
    const length = readSync(handle, bytes, 0, status.size, 0)
    return { ok: true, value: bytes.subarray(0, length) }
  } finally {
    closeSync(handle)
  }
}

const reasonOf = (error: unknown): string => {
  const code = (error as { code?: unknown }).code
  if (code === 'ENOENT') return 'it does not exist'
  if (code === 'EACCES' || code === 'EPERM') return 'access is denied'
  if (code === 'ELOOP') return 'its link leads in a circle'
  return typeof code === 'string' ? code : String(error)
}

/**
 * Whether a file stands in the checkout and in the folder it was named in, and is a typed one by its name. A link to
 * anything else, `.git/config` say, would show a few lines of it around an issue, to whoever reads the log of a pull request.
 */
const staysInPlace = (root: string, path: string, real: string): boolean => {
  const home = realpathSync.native(root)
  const isWithin = real.startsWith(home.endsWith(sep) ? home : home + sep)
  return isWithin && dirname(real) === realpathSync.native(dirname(join(root, path))) && real.endsWith('.ts')
}

/**
 * The text of a typed file; `path` is relative to `root`, the checkout. A link may lead to another typed file of the same folder.
 *
 * Issue codes: `reader/unreadable`, `reader/outside`, `reader/too-large`, `reader/not-utf8`. Never throws.
 */
export const readTypedText = (root: string, path: string): Checked<string> => {
  try {
    const real = realpathSync.native(join(root, path))
    if (!staysInPlace(root, path, real)) return refused(outside(path))
    const bytes = readBytes(real, path)
    return bytes.ok ? decodeUtf8(path, bytes.value) : bytes
  } catch (error) {
    return refused(unreadable(path, reasonOf(error)))
  }
}

/** Reads a typed file and parses it, without running it. Issue codes: `reader/*`. Never throws. */
export const readTypedFile = (root: string, path: string, kind: FileKind): Checked<Loaded<unknown>> => {
  const text = readTypedText(root, path)
  return text.ok ? parseTypedFile(path, text.value, kind) : text
}
