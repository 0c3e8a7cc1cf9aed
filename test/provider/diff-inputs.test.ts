import fc from 'fast-check'
import { expect, test } from 'vitest'
import { diffInputs, propertyPath } from '../../src/provider/diff-inputs.ts'
import { type Properties, SecretValue, unknown } from '../../src/provider/plugin.ts'

test('equal inputs differ in nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const inputs = { value } as Properties
      expect(diffInputs(inputs, JSON.parse(JSON.stringify(inputs)))).toEqual({
        changes: false,
        replaces: [],
        details: {},
      })
    }),
  )
})

test('each difference has its path and its kind', () => {
  const olds = { name: 'a', gone: 1, nested: { same: 1, 'odd key': 1 }, list: [1, 2, 3] }
  const news = { name: 'b', fresh: 1, nested: { same: 1, 'odd key': 2 }, list: [1, 9] }
  expect(diffInputs(olds, news, { replaceOn: ['name'], deleteBeforeReplace: true })).toEqual({
    changes: true,
    replaces: ['name'],
    deleteBeforeReplace: true,
    details: {
      name: 'update-replace',
      gone: 'delete',
      fresh: 'add',
      'nested["odd key"]': 'update',
      'list[1]': 'update',
      'list[2]': 'delete',
    },
  })
})

test('a secret mark is no difference, its value is', () => {
  expect(diffInputs({ a: new SecretValue('x') }, { a: 'x' }).changes).toBe(false)
  expect(diffInputs({ a: new SecretValue('x') }, { a: new SecretValue('y') }).details).toEqual({
    a: 'update',
  })
})

test('an unknown may be anything, so it differs', () => {
  expect(diffInputs({ a: 'x' }, { a: unknown }, { replaceOn: ['a'] }).replaces).toEqual(['a'])
})

test('ignored properties never count', () => {
  expect(diffInputs({ a: 1 }, { a: 2 }, { ignore: ['a'] }).changes).toBe(false)
})

test('paths are written as the engine reads them', () => {
  expect(propertyPath(propertyPath(propertyPath('', 'operations'), 'Service'), 'Service Create')).toBe(
    'operations.Service["Service Create"]',
  )
  expect(propertyPath('', 'a.b')).toBe('["a.b"]')
})
