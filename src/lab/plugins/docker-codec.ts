import { canonicalJson } from '../../core/canonical.ts'
import { compareText } from '../../core/issue.ts'
import { propertyPath } from '../../provider/diff-inputs.ts'
import {
  type CheckFailure,
  type Properties,
  type PropertyValue,
  SecretValue,
  Unknown,
} from '../../provider/plugin.ts'
import { isPropertyList, isPropertyObject } from '../../provider/properties.ts'

/** One property's form in the plugin's inputs and in the Engine API, both ways. */
export interface Codec {
  /** What is wrong with a value, by path. Secrets are looked into, unknowns pass. Pure. */
  readonly check: (path: string, value: PropertyValue) => CheckFailure[]
  /** The API's form of a checked value. Pure. */
  readonly encode: (value: PropertyValue) => unknown
  /** The plugin's form of what the engine says; undefined for what is absent or empty. Pure. */
  readonly decode: (value: unknown) => PropertyValue | undefined
}

/** Left by the vendor's bridge in inputs it checked; no property. */
const bridgeMark = '__defaults'

const open = (check: Codec['check']): Codec['check'] => {
  const opened: Codec['check'] = (path, value) => {
    if (value instanceof SecretValue) return opened(path, value.value)
    return value instanceof Unknown || value === null ? [] : check(path, value)
  }
  return opened
}

const must = (what: string, test: (value: PropertyValue) => boolean): Codec['check'] =>
  open((path, value) => (test(value) ? [] : [{ property: path, reason: `${path} is not ${what}` }]))

const isProperty = (value: unknown): value is PropertyValue =>
  ['string', 'number', 'boolean'].includes(typeof value)

const same = (what: string, test: (value: PropertyValue) => boolean): Codec => ({
  check: must(what, test),
  encode: (value) => value,
  decode: (value) =>
    isProperty(value) && value !== '' && value !== 0 && value !== false ? value : undefined,
})

export const text = same('text', (value) => typeof value === 'string')
export const number = same('a number', (value) => typeof value === 'number')
export const flag = same('true or false', (value) => typeof value === 'boolean')

/** A number that the schema has as text. */
export const numberText: Codec = {
  check: must(
    'a number as text',
    (value) => typeof value === 'string' && value !== '' && !Number.isNaN(Number(value)),
  ),
  encode: Number,
  decode: (value) => (typeof value === 'number' && value !== 0 ? String(value) : undefined),
}

const unitNanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}
const durationForm = /^(?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h))+$|^0$/

/** Nanoseconds of a Go duration, e.g. `1m30s`. The text is checked already. */
export const nanoseconds = (duration: string): number =>
  [...duration.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g)].reduce(
    (sum, [, amount = '0', unit = 's']) => sum + Number(amount) * (unitNanoseconds[unit] ?? 0),
    0,
  )

const durationText = (total: number): string => {
  if (total % 1e9 !== 0) return `${total / 1e6}ms`
  const seconds = total / 1e9
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds % 60}s`
}

export const duration: Codec = {
  check: must("a duration such as '30s'", (value) => typeof value === 'string' && durationForm.test(value)),
  encode: (value) => nanoseconds(String(value)),
  decode: (value) => (typeof value === 'number' && value !== 0 ? durationText(value) : undefined),
}

const isTextMap = (value: unknown): value is Readonly<Record<string, string>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

const checkTextMap = open((path, value) => {
  if (!isPropertyObject(value)) return [{ property: path, reason: `${path} is not an object of texts` }]
  return Object.entries(value)
    .filter(([name]) => name !== bridgeMark)
    .flatMap(([name, one]) => text.check(propertyPath(path, name), one))
})

const withoutMark = (value: PropertyValue): Record<string, PropertyValue> =>
  Object.fromEntries(
    Object.entries(isPropertyObject(value) ? value : {}).filter(([name]) => name !== bridgeMark),
  )

/** An object of texts, the same in both. */
export const textMap: Codec = {
  check: checkTextMap,
  encode: withoutMark,
  decode: (value) => (isTextMap(value) && Object.keys(value).length > 0 ? { ...value } : undefined),
}

/** An object of texts that the API has as a list of `name=value`, e.g. the environment. */
export const assignments: Codec = {
  check: checkTextMap,
  encode: (value) =>
    Object.entries(withoutMark(value))
      .map(([name, one]) => `${name}=${String(one)}`)
      .sort(compareText),
  decode: (value) =>
    Array.isArray(value) && value.length > 0 ? Object.fromEntries(value.map(assignment)) : undefined,
}

const assignment = (line: unknown): [string, string] => {
  const [name = '', ...rest] = String(line).split('=')
  return [name, rest.join('=')]
}

/** The other way round: a list of `name=value` that the API has as an object. */
export const assignmentList: Codec = {
  check: (path, value) => listOf(text).check(path, value),
  encode: (value) => Object.fromEntries((isPropertyList(value) ? value : []).map(assignment)),
  decode: (value) =>
    isTextMap(value) && Object.keys(value).length > 0
      ? Object.entries(value).map(([name, one]) => `${name}=${one}`)
      : undefined,
}

/** What UCP puts on things by itself; the access label is the author's (reference §6.1). */
const isInjected = (label: string): boolean =>
  label.startsWith('com.docker.ucp.') && label !== 'com.docker.ucp.access.label'

interface Label {
  readonly label: string
  readonly value: string
}

const isLabel = (value: PropertyValue): value is PropertyValue & Label =>
  isPropertyObject(value) && typeof value.label === 'string' && typeof value.value === 'string'

/** `[{label, value}]` by label, without UCP's own. */
const labelList = (value: unknown, isKept: (label: string) => boolean): PropertyValue | undefined => {
  if (!isTextMap(value)) return undefined
  const kept = Object.entries(value)
    .filter(([label]) => isKept(label))
    .sort(([a], [b]) => compareText(a, b))
    .map(([label, one]) => ({ label, value: one }))
  return kept.length > 0 ? kept : undefined
}

const checkLabels = open((path, value) => {
  if (!isPropertyList(value)) return [{ property: path, reason: `${path} is not a list of labels` }]
  return value.flatMap((one, index) => {
    if (!isPropertyObject(one))
      return one instanceof Unknown
        ? []
        : [{ property: propertyPath(path, index), reason: 'a label is { label, value }' }]
    return ['label', 'value'].flatMap((name) => {
      const at = propertyPath(propertyPath(path, index), name)
      const part = one[name]
      return part === undefined ? [{ property: at, reason: `${at} is missing` }] : text.check(at, part)
    })
  })
})

const encodeLabels = (value: PropertyValue): Record<string, string> =>
  Object.fromEntries(
    (isPropertyList(value) ? value : []).filter(isLabel).map((one) => [one.label, one.value]),
  )

export const labels: Codec = {
  check: checkLabels,
  encode: encodeLabels,
  decode: (value) => labelList(value, (label) => !isInjected(label)),
}

/** Labels of containers: UCP copies the service's access label onto them too. */
export const containerLabels: Codec = {
  ...labels,
  decode: (value) => labelList(value, (label) => !label.startsWith('com.docker.ucp.')),
}

/** A list of one kind. */
export const listOf = (codec: Codec): Codec => ({
  check: open((path, value) =>
    isPropertyList(value)
      ? value.flatMap((one, index) => codec.check(propertyPath(path, index), one))
      : [{ property: path, reason: `${path} is not a list` }],
  ),
  encode: (value) => (isPropertyList(value) ? value : []).map(codec.encode),
  decode: (value) => {
    if (!Array.isArray(value) || value.length === 0) return undefined
    return value.map((one) => codec.decode(one) ?? {})
  },
})

/** A list of texts without those that UCP adds. */
export const textsWithout = (isAdded: (value: string) => boolean): Codec => ({
  ...listOf(text),
  decode: (value) => {
    const kept = Array.isArray(value) ? value.map(String).filter((one) => !isAdded(one)) : []
    return kept.length > 0 ? kept : undefined
  },
})

export interface FieldOptions {
  readonly required?: boolean
  /** The engine fills it in by itself: what it says counts only where the author said something. */
  readonly computed?: boolean
}

export interface Field extends FieldOptions {
  readonly name: string
  readonly codec: Codec
}

/** A property of the API's object. */
export const field = (name: string, codec: Codec, options: FieldOptions = {}): Field => ({
  name,
  codec,
  ...options,
})

export type Fields = Readonly<Record<string, Field>>

const checkFields =
  (fields: Fields): Codec['check'] =>
  (path, value) => {
    if (!isPropertyObject(value)) return [{ property: path, reason: `${path} is not an object` }]
    const strange = Object.keys(value)
      .filter((name) => !Object.hasOwn(fields, name) && name !== bridgeMark)
      .map((name) => ({
        property: propertyPath(path, name),
        reason: `the lab's stand-in for the docker plugin does not know ${propertyPath(path, name)}`,
      }))
    const wrong = Object.entries(fields).flatMap(([name, { codec, required }]) => {
      const at = propertyPath(path, name)
      const one = value[name]
      if (one !== undefined && one !== null) return codec.check(at, one)
      return required ? [{ property: at, reason: `${at} is missing` }] : []
    })
    return [...strange, ...wrong]
  }

/** An object, property by property; `always` is in every encoded one. */
export const objectOf = (fields: Fields, always: Readonly<Record<string, unknown>> = {}): Codec => ({
  check: open(checkFields(fields)),
  encode: (value) => ({
    ...always,
    ...Object.fromEntries(
      Object.entries(fields).flatMap(([name, { name: apiName, codec }]) => {
        const one = isPropertyObject(value) ? value[name] : undefined
        return one === undefined || one === null ? [] : [[apiName, codec.encode(one)]]
      }),
    ),
  }),
  decode: (value) => {
    if (!isTextMap(value)) return undefined
    const from: Readonly<Record<string, unknown>> = value
    const decoded = Object.entries(fields).flatMap(([name, { name: apiName, codec }]) => {
      const one = codec.decode(from[apiName])
      return one === undefined ? [] : [[name, one] as const]
    })
    return decoded.length > 0 ? Object.fromEntries(decoded) : undefined
  },
})

const isEmpty = (value: PropertyValue): boolean =>
  value === '' ||
  value === 0 ||
  value === false ||
  value === null ||
  (isPropertyList(value) && value.length === 0) ||
  (isPropertyObject(value) && Object.keys(withoutMark(value)).every((name) => isEmpty(value[name] ?? null)))

/**
 * The inputs as they would have to be written to say what is there: the author's own words where they say the same,
 * what is there where it differs. `isComputed` names paths (without indexes) that the engine fills in by itself.
 */
export const observed = (
  mine: PropertyValue | undefined,
  there: PropertyValue | undefined,
  isComputed: (path: string) => boolean,
  path = '',
): PropertyValue | undefined => {
  if (mine === undefined) return there === undefined || isComputed(path) ? undefined : there
  if (there === undefined) return isEmpty(mine) || isComputed(path) ? mine : undefined
  if (isPropertyList(mine) && isPropertyList(there)) {
    if (mine.length !== there.length) return there
    return mine.map(
      (one, index) => observed(one, there[index], isComputed, `${path}[]`) ?? there[index] ?? one,
    )
  }
  if (isPropertyObject(mine) && isPropertyObject(there)) return observedObject(mine, there, isComputed, path)
  return canonicalJson(mine) === canonicalJson(there) ? mine : there
}

const observedObject = (
  mine: Properties,
  there: Properties,
  isComputed: (path: string) => boolean,
  path: string,
): Properties =>
  Object.fromEntries(
    [...new Set([...Object.keys(mine), ...Object.keys(there)])].flatMap((name) => {
      if (name === bridgeMark) return []
      const value = observed(mine[name], there[name], isComputed, path === '' ? name : `${path}.${name}`)
      return value === undefined ? [] : [[name, value]]
    }),
  )

const labelOrder = (value: readonly PropertyValue[]): readonly PropertyValue[] =>
  value.length > 0 && value.every(isLabel)
    ? [...value].sort((a, b) => compareText(String(a.label), String(b.label)))
    : value

/** A value in the one form in which equal ones are equal: labels by name, no marks of the vendor's bridge. Pure. */
export const normal = (value: PropertyValue): PropertyValue => {
  if (value instanceof SecretValue) return new SecretValue(normal(value.value))
  if (isPropertyList(value)) return labelOrder(value.map(normal))
  if (!isPropertyObject(value)) return value
  return Object.fromEntries(Object.entries(withoutMark(value)).map(([name, one]) => [name, normal(one)]))
}
