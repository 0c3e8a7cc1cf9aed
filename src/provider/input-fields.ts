import { closest, distance } from 'fastest-levenshtein'
import { propertyPath } from './diff-inputs.ts'
import { type CheckFailure, type Properties, type PropertyValue, SecretValue, Unknown } from './plugin.ts'
import { isPropertyList, isPropertyObject, reveal } from './properties.ts'

/** What a value of an input may be. */
export type Shape =
  | {
      readonly type: 'string'
      readonly oneOf?: readonly string[]
      readonly pattern?: RegExp
      readonly like?: string
    }
  | { readonly type: 'boolean' }
  | { readonly type: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly type: 'list'; readonly of: Shape }
  | { readonly type: 'map'; readonly of: Shape }
  | { readonly type: 'object'; readonly name: string; readonly fields: Fields }

/** One input of a resource: its type, its sentence, and what a change of it means. */
export interface Field {
  readonly shape: Shape
  readonly description: string
  readonly optional?: boolean
  /** Filled in where it is absent. */
  readonly default?: PropertyValue
  /** Whether another value needs another resource. */
  readonly replaces?: boolean
  readonly secret?: boolean
}

export type Fields = Readonly<Record<string, Field>>

type ValueOf<S extends Shape> = S extends { type: 'string'; oneOf: readonly (infer O)[] }
  ? O
  : S extends { type: 'string' }
    ? string
    : S extends { type: 'boolean' }
      ? boolean
      : S extends { type: 'integer' }
        ? number
        : S extends { type: 'list'; of: infer I extends Shape }
          ? readonly ValueOf<I>[]
          : S extends { type: 'map'; of: infer I extends Shape }
            ? Readonly<Record<string, ValueOf<I>>>
            : S extends { type: 'object'; fields: infer F extends Fields }
              ? InputsOf<F>
              : never

type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends { optional: true }
    ? F[K] extends { default: PropertyValue }
      ? never
      : K
    : never
}[keyof F]

/** The inputs that a checked resource has: what is optional and has no default may be absent. */
export type InputsOf<F extends Fields> = {
  readonly [K in Exclude<keyof F, OptionalKeys<F>>]: ValueOf<F[K]['shape']>
} & { readonly [K in OptionalKeys<F>]?: ValueOf<F[K]['shape']> }

/** A name that was probably meant. Undefined where none is near. Never throws. */
const nearest = (text: string, names: readonly string[]): string | undefined => {
  if (names.length === 0) return undefined
  const match = closest(
    text.toLowerCase(),
    names.map((name) => name.toLowerCase()),
  )
  const name = names.find((one) => one.toLowerCase() === match)
  const limit = Math.max(2, Math.floor(text.length / 3))
  return name !== undefined && distance(text.toLowerCase(), match) <= limit ? name : undefined
}

/** ` Did you mean x?`, or nothing. */
export const didYouMean = (text: string, names: readonly string[]): string => {
  const name = nearest(text, names)
  return name === undefined ? '' : ` Did you mean ${name}?`
}

const fail = (property: string, reason: string): CheckFailure[] => [{ property, reason }]

const checkText = (
  path: string,
  value: string,
  shape: Extract<Shape, { type: 'string' }>,
): CheckFailure[] => {
  if (shape.oneOf !== undefined && !shape.oneOf.includes(value))
    return fail(
      path,
      `must be one of ${shape.oneOf.join(', ')}, not ${JSON.stringify(value)}.${didYouMean(value, shape.oneOf)}`,
    )
  if (shape.pattern !== undefined && !shape.pattern.test(value))
    return fail(
      path,
      `must be ${shape.like ?? `like ${shape.pattern.source}`}, not ${JSON.stringify(value)}.`,
    )
  return []
}

const checkNumber = (
  path: string,
  value: number,
  shape: Extract<Shape, { type: 'integer' }>,
): CheckFailure[] =>
  Number.isInteger(value) && value >= shape.minimum && value <= shape.maximum
    ? []
    : fail(path, `must be a whole number from ${shape.minimum} to ${shape.maximum}, not ${value}.`)

const checkShape = (path: string, given: PropertyValue, shape: Shape): CheckFailure[] => {
  const value = given instanceof SecretValue ? given.value : given
  if (value instanceof Unknown) return []
  switch (shape.type) {
    case 'string':
      return typeof value === 'string' ? checkText(path, value, shape) : fail(path, 'must be a text.')
    case 'boolean':
      return typeof value === 'boolean' ? [] : fail(path, 'must be true or false.')
    case 'integer':
      return typeof value === 'number'
        ? checkNumber(path, value, shape)
        : fail(path, 'must be a whole number.')
    case 'list':
      return isPropertyList(value)
        ? value.flatMap((one, index) => checkShape(propertyPath(path, index), one, shape.of))
        : fail(path, 'must be a list.')
    case 'map':
      return isPropertyObject(value)
        ? Object.entries(value).flatMap(([name, one]) => checkShape(propertyPath(path, name), one, shape.of))
        : fail(path, 'must be an object.')
    case 'object':
      return isPropertyObject(value)
        ? checkFields(shape.fields, value, path).failures
        : fail(path, 'must be an object.')
  }
}

const isAbsent = (value: PropertyValue | undefined): boolean => value === undefined || value === null

/** Inputs with defaults filled in and nulls left out, and every failure by property path. Pure, never throws. */
export const checkFields = (
  fields: Fields,
  inputs: Properties,
  parent = '',
): { inputs: Properties; failures: CheckFailure[] } => {
  const names = Object.keys(fields)
  const failures = Object.keys(inputs)
    .filter((name) => !Object.hasOwn(fields, name))
    .flatMap((name) => fail(propertyPath(parent, name), `is no property of this.${didYouMean(name, names)}`))
  const kept: [string, PropertyValue][] = []
  for (const [name, field] of Object.entries(fields)) {
    const given = isAbsent(inputs[name]) ? field.default : inputs[name]
    const path = propertyPath(parent, name)
    if (given === undefined || given === null) {
      if (field.optional !== true) failures.push({ property: path, reason: 'is missing.' })
      continue
    }
    failures.push(...checkShape(path, given, field.shape))
    kept.push([name, given])
  }
  return { inputs: Object.fromEntries(kept), failures }
}

/** Checked inputs as what their fields say. Secrets are unwrapped; unknowns must be gone. */
export const typedInputs = <F extends Fields>(_fields: F, inputs: Properties): InputsOf<F> =>
  reveal(inputs) as InputsOf<F>
