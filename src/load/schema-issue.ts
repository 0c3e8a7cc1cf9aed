import type * as z from 'zod'
import type { Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { didYouMean, guessHint, nearest } from './did-you-mean.ts'
import type { FileKind } from './file-kind.ts'
import { alternativesOf, type JsonSchema, schemaAt } from './json-schema.ts'

type ZodIssue = z.core.$ZodIssue
type Path = readonly (string | number)[]

/** The file that a schema refused, and that schema as data. */
export interface RefusedFile {
  readonly area: FileKind
  readonly loaded: Loaded<unknown>
  readonly schema: JsonSchema
}

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (part, step) => (part as Record<string | number, unknown> | null | undefined)?.[step],
    value,
  )

const longestShown = 60

/** A value as a message shows it: short, quoted as in the file. */
const shown = (value: unknown): string => {
  if (typeof value === 'string')
    return `'${value.length > longestShown ? `${value.slice(0, longestShown)}…` : value}'`
  if (Array.isArray(value)) return 'an array'
  if (value !== null && typeof value === 'object') return 'an object'
  return String(value)
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'an array',
}

const dotted = (path: Path): string =>
  path.map((part) => (/^[\w-]+$/.test(String(part)) ? String(part) : `'${part}'`)).join('.')

const fieldName = (path: Path): string => `\`${dotted(path)}\``

const described = (schema: JsonSchema | undefined): string | undefined => schema?.description

const withHint = (issue: Issue, hint: string | undefined): Issue =>
  hint === undefined ? issue : { ...issue, hint }

const pathOf = (issue: ZodIssue): Path =>
  issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))

const missing = (path: Path, { area, loaded, schema }: RefusedFile): Issue =>
  withHint(
    {
      code: `${area}/missing-field`,
      message: `The field ${fieldName(path)} is missing.`,
      source: loaded.locateKey(path.slice(0, -1)),
    },
    described(schemaAt(schema, loaded.value, path)),
  )

const unknownFields = (keys: readonly string[], at: Path, file: RefusedFile): Issue[] => {
  const schema = schemaAt(file.schema, valueAt(file.loaded.value, []), at)
  const known = Object.keys(schema?.properties ?? {})
  const names = known.length > 0 ? known : (schema?.propertyNames?.enum ?? []).map(String)
  return keys.map((key) => ({
    code: `${file.area}/unknown-field`,
    message: `There is no field \`${key}\`${at.length === 0 ? '' : ` in ${fieldName(at)}`}.`,
    source: file.loaded.locateKey([...at, key]),
    hint: unknownFieldHint(key, names, valueAt(file.loaded.value, at)),
  }))
}

/** A field that is set already is not what a misspelt one stands for. */
const unknownFieldHint = (key: string, names: readonly string[], parent: unknown): string => {
  const free = names.filter((name) => (parent as Record<string, unknown>)[name] === undefined)
  return guessHint(nearest(key, free) ?? nearest(key, names), names)
}

const wrongType = (expected: string, path: Path, { area, loaded, schema }: RefusedFile): Issue => {
  const what = typeNames[expected] ?? expected
  return withHint(
    {
      code: `${area}/wrong-type`,
      message: `${fieldName(path)} is ${shown(valueAt(loaded.value, path))}; ${what} is expected.`,
      source: loaded.locate(path),
    },
    described(schemaAt(schema, loaded.value, path)),
  )
}

const wrongChoice = (values: readonly unknown[], path: Path, { area, loaded }: RefusedFile): Issue => {
  const value = valueAt(loaded.value, path)
  const choices = values.map(String)
  return {
    code: `${area}/wrong-value`,
    message: `${fieldName(path)} is ${shown(value)}, which is not one of ${choices.join(', ')}.`,
    source: loaded.locate(path),
    hint: didYouMean(String(value), choices),
  }
}

/** The bound that a value breaks, in words. */
const bound = (issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): string => {
  const [word, limit] = issue.code === 'too_big' ? ['at most', issue.maximum] : ['at least', issue.minimum]
  if (issue.origin === 'string') return `${word} ${limit} characters are expected`
  if (issue.origin === 'array')
    return `${word} ${limit} ${Number(limit) === 1 ? 'entry is' : 'entries are'} expected`
  return `${word} ${limit} is expected`
}

const wrongValue = (reason: string, path: Path, { area, loaded, schema }: RefusedFile): Issue =>
  withHint(
    {
      code: `${area}/wrong-value`,
      message: `${fieldName(path)} is ${shown(valueAt(loaded.value, path))}; ${reason}.`,
      source: loaded.locate(path),
    },
    described(schemaAt(schema, loaded.value, path)),
  )

const wrongName = (issue: z.core.$ZodIssueInvalidKey, path: Path, { area, loaded }: RefusedFile): Issue => {
  const name = String(path[path.length - 1])
  return {
    code: `${area}/wrong-name`,
    message: `${shown(name)} is no name: ${lowered(issue.issues[0]?.message ?? 'it is malformed')}.`,
    source: loaded.locateKey(path),
    hint: `Write for example '${suggestedKey(name)}'.`,
  }
}

const suggestedKey = (name: string): string => {
  const cleaned = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '')
  return cleaned === '' ? 'payments' : cleaned
}

/** The constants that tell a union's alternatives apart, e.g. its kinds. */
const discriminators = (
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  { schema, loaded }: RefusedFile,
): string[] => {
  const name = String(path[path.length - 1])
  const parent = schemaOfUnion(schema, loaded.value, path.slice(0, -1))
  const options = (issue as { options?: readonly unknown[] }).options?.map(String)
  return (
    options ?? parent.map((one) => String(one.properties?.[name]?.const)).filter((one) => one !== 'undefined')
  )
}

const schemaOfUnion = (root: JsonSchema, value: unknown, path: Path): readonly JsonSchema[] => {
  const schema = schemaAt(root, value, path)
  return schema === undefined ? [] : alternativesOf(schema)
}

const wrongUnion = (issue: z.core.$ZodIssueInvalidUnion, path: Path, file: RefusedFile): Issue => {
  if (valueAt(file.loaded.value, path) === undefined) {
    const choices = discriminators(issue, path, file)
    return { ...missing(path, file), hint: `It is one of ${choices.join(', ')}.` }
  }
  return wrongChoice(discriminators(issue, path, file), path, file)
}

/** What a format's message says, as the end of a sentence: messages are either a noun or a rule of their own. */
const formatRule = (message: string): string =>
  /^[A-Z]/.test(message) ? lowered(withoutStop(message)) : `expected is ${withoutStop(message)}`

const lowered = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

const withoutStop = (text: string): string => text.replace(/\.$/, '')

const convert = (issue: ZodIssue, file: RefusedFile): Issue[] => {
  const path = pathOf(issue)
  switch (issue.code) {
    case 'unrecognized_keys':
      return unknownFields(issue.keys, path, file)
    case 'invalid_key':
      return [wrongName(issue, path, file)]
    case 'invalid_union':
      return [wrongUnion(issue, path, file)]
    default:
      return [
        valueAt(file.loaded.value, path) === undefined
          ? missing(path, file)
          : convertValue(issue, path, file),
      ]
  }
}

const convertValue = (issue: ZodIssue, path: Path, file: RefusedFile): Issue => {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, path, file)
    case 'invalid_value':
      return wrongChoice(issue.values, path, file)
    case 'too_big':
    case 'too_small':
      return wrongValue(bound(issue), path, file)
    case 'invalid_format':
      return wrongValue(formatRule(issue.message), path, file)
    default:
      return wrongValue(withoutStop(issue.message), path, file)
  }
}

/** Issues of a file whose object a schema refused, unsorted. Never throws. */
export const schemaIssues = (issues: readonly ZodIssue[], file: RefusedFile): Issue[] =>
  issues.flatMap((issue) => convert(issue, file))
