import { type Properties, type PropertyValue, SecretValue, Unknown, unknown } from './plugin.ts'

/** JSON as it stands inside a protobuf Struct. */
export type Wire = null | boolean | number | string | readonly Wire[] | { readonly [name: string]: Wire }

// The signatures of Pulumi's property encoding (sdk/go/common/resource/sig/sig.go and plugin/rpc.go of 3.245.0).
const signatureKey = '4dabf18193072939515e22adb298388d'
const secretSignature = '1b47061264138c4ac30d75fd1eb44270'
const outputSignature = 'd0e6a833031e9bbcd3f4e8bde6ca49a4'
const referenceSignature = '5cf8f73096256a8f31e491e813e4eb8e'
const unknownText = '04da6b54-80e4-46f7-96ec-b56ff0331ba9'
const unknownTexts: ReadonlySet<Wire> = new Set([
  unknownText,
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7',
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421',
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2',
  '030794c1-ac77-496b-92df-f27374a8bd58',
  'e48ece36-62e2-4504-bad9-02848725956a',
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff',
])

type WireObject = { readonly [name: string]: Wire }
type PropertyObject = { readonly [name: string]: PropertyValue }

const isWireObject = (value: Wire): value is WireObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** Whether a value is a plain object: no list, no secret, no unknown. Never throws. */
export const isPropertyObject = (value: PropertyValue | undefined): value is PropertyObject =>
  value !== null &&
  typeof value === 'object' &&
  !Array.isArray(value) &&
  !(value instanceof SecretValue) &&
  !(value instanceof Unknown)

/** Whether a value is a list. Never throws. */
export const isPropertyList = (value: PropertyValue | undefined): value is readonly PropertyValue[] =>
  Array.isArray(value)

const decodeReference = (value: WireObject): PropertyValue => {
  const id = value.id
  if (typeof id === 'string' && id !== '') return decodeValue(id)
  return value.urn === undefined ? unknown : decodeValue(value.urn)
}

const decodeOutput = (value: WireObject): PropertyValue => {
  const inner = value.value === undefined ? unknown : decodeValue(value.value)
  return value.secret === true ? new SecretValue(inner) : inner
}

const decodeObject = (value: WireObject): PropertyValue => {
  const signature = Object.hasOwn(value, signatureKey) ? value[signatureKey] : undefined
  if (signature === secretSignature) return new SecretValue(decodeValue(value.value ?? null))
  if (signature === outputSignature) return decodeOutput(value)
  if (signature === referenceSignature) return decodeReference(value)
  return decodeProperties(value)
}

/** One value off the wire. Assets and archives stay objects with their signature. Never throws. */
export const decodeValue = (value: Wire): PropertyValue => {
  if (unknownTexts.has(value)) return unknown
  if (Array.isArray(value)) return value.map(decodeValue)
  return isWireObject(value) ? decodeObject(value) : (value as PropertyValue)
}

/** An object off the wire: secrets, unknowns, output values and resource references as what they are. Never throws. */
export const decodeProperties = (wire: WireObject): Properties =>
  Object.fromEntries(Object.entries(wire).map(([name, value]) => [name, decodeValue(value)]))

/** One value as it travels. Never throws. */
const encodeValue = (value: PropertyValue): Wire => {
  if (value instanceof Unknown) return unknownText
  if (value instanceof SecretValue)
    return { [signatureKey]: secretSignature, value: encodeValue(value.value) }
  if (isPropertyList(value)) return value.map(encodeValue)
  return isPropertyObject(value) ? encodeProperties(value) : value
}

/** An object as it travels; a property that is undefined at run time is left out. Never throws. */
export const encodeProperties = (properties: Properties): WireObject =>
  Object.fromEntries(
    Object.entries(properties)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, encodeValue(value)]),
  )

/** The value without its secret marks, at any depth; unknowns stay. Never throws. */
export const reveal = (value: PropertyValue): PropertyValue => {
  if (value instanceof SecretValue) return reveal(value.value)
  if (isPropertyList(value)) return value.map(reveal)
  return isPropertyObject(value) ? revealAll(value) : value
}

/** `reveal` of every property. */
export const revealAll = (properties: Properties): Properties =>
  Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, reveal(value)]))

/** Whether anything in the value is unknown. Never throws. */
export const hasUnknown = (value: PropertyValue): boolean => {
  if (value instanceof Unknown) return true
  if (value instanceof SecretValue) return hasUnknown(value.value)
  if (isPropertyList(value)) return value.some(hasUnknown)
  return isPropertyObject(value) && Object.values(value).some(hasUnknown)
}

const hasSecret = (value: PropertyValue): boolean => {
  if (value instanceof SecretValue) return true
  if (isPropertyList(value)) return value.some(hasSecret)
  return isPropertyObject(value) && Object.values(value).some(hasSecret)
}

const markLike = (value: PropertyValue, like: PropertyValue | undefined): PropertyValue => {
  if (like === undefined || value instanceof SecretValue || !hasSecret(like)) return value
  if (like instanceof SecretValue) return new SecretValue(reveal(value))
  if (isPropertyObject(value) && isPropertyObject(like)) return markSecrets(value, like)
  if (isPropertyList(value) && isPropertyList(like) && value.length === like.length)
    return value.map((one, index) => markLike(one, like[index]))
  return new SecretValue(reveal(value))
}

/**
 * Marks as secret what was secret at the same place in `like`, and the properties in `always`.
 * Where the shapes differ, the whole property becomes secret. Never throws.
 */
export const markSecrets = (
  properties: Properties,
  like: Properties,
  always: readonly string[] = [],
): Properties =>
  Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      always.includes(name) && !(value instanceof SecretValue)
        ? new SecretValue(reveal(value))
        : markLike(value, like[name]),
    ]),
  )

const stringsIn = (value: PropertyValue): string[] => {
  if (typeof value === 'string') return [value]
  if (value instanceof SecretValue) return stringsIn(value.value)
  if (isPropertyList(value)) return value.flatMap(stringsIn)
  return isPropertyObject(value) ? Object.values(value).flatMap(stringsIn) : []
}

/** Every text that stands inside a secret. Never throws. */
export const secretStrings = (value: PropertyValue): string[] => {
  if (value instanceof SecretValue) return stringsIn(value.value)
  if (isPropertyList(value)) return value.flatMap(secretStrings)
  return isPropertyObject(value) ? Object.values(value).flatMap(secretStrings) : []
}
