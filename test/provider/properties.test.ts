import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Properties, type PropertyValue, SecretValue, unknown } from '../../src/provider/plugin.ts'
import {
  decodeProperties,
  decodeValue,
  encodeProperties,
  hasUnknown,
  markSecrets,
  revealAll,
  secretStrings,
} from '../../src/provider/properties.ts'
import { fromStruct, toStruct } from '../../src/provider/struct.ts'

const signatureKey = '4dabf18193072939515e22adb298388d'

const { tree } = fc.letrec<{ tree: PropertyValue }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true }),
    fc.string(),
    fc.constant(unknown),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('tree'), { maxKeys: 4 }),
    tie('tree').map((value) => new SecretValue(value)),
  ),
}))
const properties: fc.Arbitrary<Properties> = fc.dictionary(fc.string(), tree, { maxKeys: 5 })

test('decode undoes encode', () => {
  fc.assert(
    fc.property(properties, (value) => {
      expect(decodeProperties(encodeProperties(value))).toEqual(value)
    }),
  )
})

/** The protobuf library keeps a map's keys in a plain object, which drops this one; the reader of typed files refuses it. */
const hasPrototypeKey = (value: unknown): boolean => JSON.stringify(value).includes('"__proto__":')

test('a protobuf Struct carries everything but a prototype key', () => {
  fc.assert(
    fc.property(properties, (value) => {
      fc.pre(!hasPrototypeKey(encodeProperties(value)))
      expect(fromStruct(toStruct(value))).toEqual(value)
    }),
  )
})

test('what was secret is secret again, and revealing undoes it', () => {
  fc.assert(
    fc.property(properties, (value) => {
      const plain = revealAll(value)
      const marked = markSecrets(plain, value)
      expect(revealAll(marked)).toEqual(plain)
      expect(secretStrings(marked)).toEqual(secretStrings(value))
    }),
  )
})

test('a secret list that changed its length becomes secret as a whole', () => {
  expect(markSecrets({ a: ['x', 'y'] }, { a: [new SecretValue('x')] })).toEqual({
    a: new SecretValue(['x', 'y']),
  })
})

test('output values are what they hold', () => {
  const output = (rest: object) => ({ [signatureKey]: 'd0e6a833031e9bbcd3f4e8bde6ca49a4', ...rest })
  expect(decodeValue(output({ value: 'x', dependencies: [] }))).toBe('x')
  expect(decodeValue(output({ value: 'x', secret: true }))).toEqual(new SecretValue('x'))
  expect(decodeValue(output({}))).toBe(unknown)
})

test('a resource reference is its id, or its URN where it has none', () => {
  const reference = (rest: object) => ({
    [signatureKey]: '5cf8f73096256a8f31e491e813e4eb8e',
    urn: 'u',
    ...rest,
  })
  expect(decodeValue(reference({ id: 'i' }))).toBe('i')
  expect(decodeValue(reference({ id: '04da6b54-80e4-46f7-96ec-b56ff0331ba9' }))).toBe(unknown)
  expect(decodeValue(reference({}))).toBe('u')
})

test('an asset passes through', () => {
  const asset = { [signatureKey]: 'c44067f5952c0a294b673a41bacd8c17', text: 'hello' }
  expect(encodeProperties(decodeProperties({ asset }))).toEqual({ asset })
})

test('a key named __proto__ is a key', () => {
  const value = JSON.parse('{"__proto__":{"x":1}}')
  expect(Object.keys(decodeProperties(value))).toEqual(['__proto__'])
})

test('an unknown is found at any depth', () => {
  expect(hasUnknown({ a: [new SecretValue({ b: unknown })] })).toBe(true)
  expect(hasUnknown({ a: [new SecretValue({ b: 1 })] })).toBe(false)
})
