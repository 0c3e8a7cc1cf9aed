import {
  type CheckFailure,
  type Properties,
  type PropertyValue,
  SecretValue,
  Unknown,
} from '../../provider/plugin.ts'
import { isPropertyList, isPropertyObject } from '../../provider/properties.ts'

/** What a property of the vendor's schema holds. */
type FieldKind = 'string' | 'integer' | 'boolean' | 'strings' | 'map' | 'object' | 'objects'

/** The properties that the stand-in serves, by name. */
export interface Fields {
  readonly served: Readonly<Record<string, FieldKind>>
  readonly required: readonly string[]
  /** In the vendor's schema, but not served here; asking for one is a failure, never silence. */
  readonly unserved?: readonly string[]
}

const fits: Readonly<Record<FieldKind, (value: PropertyValue) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: (value) => typeof value === 'number' && Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  strings: (value) => isPropertyList(value) && value.every((one) => isOpen(one) || typeof one === 'string'),
  map: (value) =>
    isPropertyObject(value) && Object.values(value).every((one) => isOpen(one) || typeof one === 'string'),
  object: isPropertyObject,
  objects: (value) => isPropertyList(value) && value.every((one) => isOpen(one) || isPropertyObject(one)),
}

const isOpen = (value: PropertyValue): boolean => value instanceof Unknown || value instanceof SecretValue

const failureOf = (fields: Fields, property: string, value: PropertyValue): CheckFailure[] => {
  const kind = Object.hasOwn(fields.served, property) ? fields.served[property] : undefined
  if (kind !== undefined)
    return isOpen(value) || fits[kind](value) ? [] : [{ property, reason: `must be of the kind ${kind}` }]
  if (fields.unserved?.includes(property) === true)
    return [
      {
        property,
        reason:
          'is not served by the stand-in for the vendor’s plugin; install the vendor’s plugin to use it',
      },
    ]
  return [{ property, reason: 'is no property of this resource' }]
}

/** Checks names, kinds and presence; null counts as absent and is dropped. Pure. */
export const checkFields = (
  fields: Fields,
  given: Properties,
): { inputs: Properties; failures: readonly CheckFailure[] } => {
  const inputs = Object.fromEntries(
    Object.entries(given).filter(([name, value]) => value !== null && name !== '__defaults'),
  )
  const missing = fields.required
    .filter((property) => !Object.hasOwn(inputs, property))
    .map((property) => ({ property, reason: 'is required' }))
  const wrong = Object.entries(inputs).flatMap(([property, value]) => failureOf(fields, property, value))
  return { inputs, failures: [...missing, ...wrong] }
}

/** Reads of checked properties; a default stands for what is absent or of another kind. Never throw. */
export const text = (properties: Properties, name: string): string | undefined => {
  const value = properties[name]
  return typeof value === 'string' ? value : undefined
}

export const integer = (properties: Properties, name: string): number | undefined => {
  const value = properties[name]
  return typeof value === 'number' ? value : undefined
}

export const flag = (properties: Properties, name: string): boolean | undefined => {
  const value = properties[name]
  return typeof value === 'boolean' ? value : undefined
}

export const texts = (properties: Properties, name: string): readonly string[] | undefined => {
  const value = properties[name]
  return isPropertyList(value) ? value.filter((one) => typeof one === 'string') : undefined
}

export const objects = (properties: Properties, name: string): readonly Properties[] => {
  const value = properties[name]
  return isPropertyList(value) ? value.filter(isPropertyObject) : []
}

export const object = (properties: Properties, name: string): Properties => {
  const value = properties[name]
  return isPropertyObject(value) ? value : {}
}

export const textMap = (properties: Properties, name: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(object(properties, name)).flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, value]] : [],
    ),
  )

/** A required text of checked inputs. */
export const requiredText = (properties: Properties, name: string): string => text(properties, name) ?? ''

const reshape = (observed: PropertyValue, shape: PropertyValue): PropertyValue => {
  if (isPropertyObject(observed) && isPropertyObject(shape))
    return Object.fromEntries(
      Object.keys(shape).flatMap((name) => {
        const value = observed[name]
        return value === undefined ? [] : [[name, reshape(value, shape[name] ?? null)]]
      }),
    )
  if (isPropertyList(observed) && isPropertyList(shape))
    return observed.map((one, index) => reshape(one, shape[index] ?? null))
  return observed
}

const same = (left: PropertyValue, right: PropertyValue): boolean =>
  JSON.stringify(left) === JSON.stringify(right)

/**
 * The inputs that the world as observed amounts to: every input that shows in `observed` has its value from there,
 * in the shape it was asked in; those that leave no trace stay.
 *
 * What was not asked for and is not as `usual` says, somebody changed: it is there too, so that a diff shows it.
 */
export const observedInputs = (
  inputs: Properties,
  observed: Properties,
  usual: Properties = {},
): Properties => ({
  ...Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      name,
      Object.hasOwn(observed, name) ? reshape(observed[name] ?? null, value) : value,
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(usual).flatMap(([name, value]) => {
      const found = observed[name]
      return found === undefined || Object.hasOwn(inputs, name) || same(found, value) ? [] : [[name, found]]
    }),
  ),
})

/** The named properties that are there. */
export const pick = (properties: Properties, names: readonly string[]): Properties =>
  Object.fromEntries(
    names.flatMap((name) => (properties[name] === undefined ? [] : [[name, properties[name] ?? null]])),
  )

/** Whether two lists hold the same texts, in any order. */
export const sameTexts = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.toSorted().join('\n') === right.toSorted().join('\n')
