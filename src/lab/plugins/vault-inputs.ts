import type { CheckFailure, Properties, PropertyValue } from '../../provider/plugin.ts'
import { SecretValue, Unknown } from '../../provider/plugin.ts'
import { isPropertyList, isPropertyObject } from '../../provider/properties.ts'

/** What a property holds. */
type Kind = 'text' | 'number' | 'flag' | 'texts' | 'textMap' | 'any'

/** The properties of a resource that the stand-in knows; a trailing `!` marks what must be given. */
export type Shape = Readonly<Record<string, Kind | `${Kind}!`>>

const fits: Readonly<Record<Kind, (value: PropertyValue) => boolean>> = {
  text: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  flag: (value) => typeof value === 'boolean',
  texts: (value) => isPropertyList(value) && value.every((one) => isOpen(one) || typeof one === 'string'),
  textMap: (value) =>
    isPropertyObject(value) && Object.values(value).every((one) => isOpen(one) || typeof one === 'string'),
  any: () => true,
}

const said: Readonly<Record<Kind, string>> = {
  text: 'text',
  number: 'a number',
  flag: 'true or false',
  texts: 'a list of texts',
  textMap: 'an object of texts',
  any: 'a value',
}

const isOpen = (value: PropertyValue): boolean => {
  if (value instanceof SecretValue) return isOpen(value.value) || typeof value.value === 'string'
  return value instanceof Unknown
}

const isKind = (text: string): text is Kind => Object.hasOwn(fits, text)

const wrong = (name: string, value: PropertyValue | undefined, kind: string): CheckFailure | undefined => {
  const wanted = kind.replace('!', '')
  if (!isKind(wanted)) return undefined
  if (value === undefined || value === null)
    return kind.endsWith('!') ? { property: name, reason: `${name} is missing` } : undefined
  const plain = value instanceof SecretValue ? value.value : value
  if (plain instanceof Unknown || fits[wanted](plain)) return undefined
  return { property: name, reason: `${name} is not ${said[wanted]}` }
}

/** Left by the vendor's plugin in inputs it checked; no property. */
export const bridgeMarks = ['__defaults'] as const

/**
 * What is wrong with inputs, by property. A property that the vendor's plugin may know and this stand-in does not is a
 * failure too: it is never dropped in silence.
 */
export const checkShape = (inputs: Properties, shape: Shape): CheckFailure[] => {
  const strange = Object.keys(inputs)
    .filter((name) => !Object.hasOwn(shape, name) && !bridgeMarks.some((mark) => mark === name))
    .map((property) => ({ property, reason: `the lab's stand-in for this plugin does not know ${property}` }))
  const failures = Object.entries(shape).map(([name, kind]) => wrong(name, inputs[name], kind))
  return [...strange, ...failures.filter((failure) => failure !== undefined)]
}

export const textOf = (properties: Properties, name: string): string | undefined => {
  const value = properties[name]
  return typeof value === 'string' ? value : undefined
}

export const numberOf = (properties: Properties, name: string): number | undefined => {
  const value = properties[name]
  return typeof value === 'number' ? value : undefined
}

export const flagOf = (properties: Properties, name: string): boolean | undefined => {
  const value = properties[name]
  return typeof value === 'boolean' ? value : undefined
}

export const textsOf = (properties: Properties, name: string): readonly string[] | undefined => {
  const value = properties[name]
  return isPropertyList(value) ? value.map(String) : undefined
}

export const textMapOf = (
  properties: Properties,
  name: string,
): Readonly<Record<string, string>> | undefined => {
  const value = properties[name]
  if (!isPropertyObject(value)) return undefined
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, String(one)]))
}

/** Properties without those that are undefined. */
export const defined = (properties: Readonly<Record<string, PropertyValue | undefined>>): Properties =>
  Object.fromEntries(
    Object.entries(properties).filter((entry): entry is [string, PropertyValue] => entry[1] !== undefined),
  )

/**
 * The inputs as a refresh finds them: of what was given, what the server has now. An import has none given and takes
 * all of `observed`.
 */
export const observedInputs = (given: Properties | undefined, observed: Properties): Properties => {
  if (given === undefined) return observed
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      Object.hasOwn(observed, name) ? (observed[name] ?? value) : value,
    ]),
  )
}
