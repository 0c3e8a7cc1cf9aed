import type { ErrorObject, ValidateFunction } from 'ajv'
import type { Issue } from '../core/issue.ts'
import { didYouMean } from '../load/did-you-mean.ts'
import { inputSchema, outputSchema } from './compile-schemas.ts'
import { keySourceAt, plainOf, sourceAt, type YamlNode, type YamlPath } from './yaml-node.ts'

const unescaped = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~')

const pathOf = (pointer: string): YamlPath => pointer.split('/').slice(1).map(unescaped)

/** Keywords that only say that one of several ways did not fit; what they hold tells why. */
const outer: ReadonlySet<string> = new Set(['oneOf', 'anyOf', 'allOf', 'if', '$ref', 'not'])

const known = (error: ErrorObject): readonly string[] =>
  Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {})

const unknownField = (root: YamlNode, path: YamlPath, errors: readonly ErrorObject[]): Issue => {
  const [error] = errors
  const params = (error?.params ?? {}) as { additionalProperty?: string; unevaluatedProperty?: string }
  const field = params.additionalProperty ?? params.unevaluatedProperty ?? ''
  return {
    code: 'compose/unknown-field',
    message: `${path.length === 0 ? 'A compose file' : path.join('.')} has no field '${field.slice(0, 80)}'.`,
    source: keySourceAt(root, [...path, field]),
    hint: error === undefined ? '' : didYouMean(field, known(error)),
  }
}

const wanted = (error: ErrorObject): string => {
  if (error.keyword === 'type') return `be ${[error.params.type].flat().join(' or ')}`
  if (error.keyword === 'enum') return `be one of ${error.params.allowedValues.join(', ')}`
  if (error.keyword === 'required') return `have '${error.params.missingProperty}'`
  return (error.message ?? 'be otherwise').replace(/^must /, '')
}

const wrongValue = (root: YamlNode, path: YamlPath, errors: readonly ErrorObject[]): Issue => ({
  code: 'compose/wrong-value',
  message: `${path.join('.') || 'The file'} has to ${[...new Set(errors.map(wanted))].join(' or ')}.`,
  source: sourceAt(root, path),
  hint: 'See the Compose specification for this field.',
})

const isUnknown = ({ keyword }: ErrorObject): boolean =>
  keyword === 'additionalProperties' || keyword === 'unevaluatedProperties'

const told = (root: YamlNode, pointer: string, errors: readonly ErrorObject[]): readonly Issue[] => {
  const path = pathOf(pointer)
  const unknown = errors.filter(isUnknown)
  if (unknown.length > 0)
    return [...new Map(unknown.map((one) => [JSON.stringify(one.params), one])).values()].map((one) =>
      unknownField(root, path, [one]),
    )
  return [wrongValue(root, path, errors)]
}

/** Of errors at a place and around it the innermost tell what is wrong. */
const innermost = (errors: readonly ErrorObject[]): ReadonlyMap<string, readonly ErrorObject[]> => {
  const places = new Map<string, ErrorObject[]>()
  const deepestFirst = [...errors].sort((a, b) => b.instancePath.length - a.instancePath.length)
  for (const error of deepestFirst) {
    const at = error.instancePath
    const own = places.get(at)
    if (own !== undefined) own.push(error)
    else if (![...places.keys()].some((other) => other.startsWith(`${at}/`))) places.set(at, [error])
  }
  return places
}

const issuesOf = (root: YamlNode, validate: ValidateFunction): readonly Issue[] => {
  if (validate(plainOf(root))) return []
  const all = validate.errors ?? []
  const telling = all.filter(({ keyword }) => !outer.has(keyword))
  const places = innermost(telling.length > 0 ? telling : all)
  return [...places].slice(0, 20).flatMap(([pointer, errors]) => told(root, pointer, errors))
}

/**
 * What the Compose specification's schema says against a document, each with its place. Issue codes: `compose/unknown-field`,
 * `compose/wrong-value`. Source: `schema/README.md`. Never throws.
 */
export const checkInput = (root: YamlNode): readonly Issue[] => issuesOf(root, inputSchema())

/** The same of the schema that `docker stack deploy` checks with. */
export const checkOutput = (root: YamlNode): readonly Issue[] => issuesOf(root, outputSchema())
