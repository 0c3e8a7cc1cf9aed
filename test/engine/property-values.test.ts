import { describe, expect, test } from 'vitest'
import type { StepMetadata } from '../../src/engine/engine-event.ts'
import { valuesAt } from '../../src/engine/property-values.ts'

const secret = {
  '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
  ciphertext: '[secret]',
}

const step = (
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  outputs: Readonly<Record<string, unknown>> = {},
): StepMetadata => ({
  op: 'update',
  urn: 'urn:pulumi:s::p::x:index:Y::one',
  type: 'x:index:Y',
  old: { custom: true, inputs: before, outputs },
  new: { custom: true, inputs: after, outputs: {} },
  detailedDiff: null,
})

describe('valuesAt', () => {
  test('follows names, indexes and quoted names', () => {
    const before = { rules: [{ values: ['a'] }], labels: { 'x.y "z"': '1' }, n: 1 }
    const after = { rules: [{ values: ['b'] }], labels: { 'x.y "z"': '2' }, n: 2 }
    expect(valuesAt('rules[0].values[0]', step(before, after))).toEqual({ from: 'a', to: 'b' })
    expect(valuesAt('labels["x.y \\"z\\""]', step(before, after))).toEqual({ from: '1', to: '2' })
    expect(valuesAt('n', step(before, after))).toEqual({ from: 1, to: 2 })
  })

  test('leaves out what is not there, and never walks into a prototype', () => {
    expect(valuesAt('a', step({}, { a: 1 }))).toEqual({ to: 1 })
    expect(valuesAt('a', step({ a: 1 }, {}))).toEqual({ from: 1 })
    expect(valuesAt('a.constructor.name', step({ a: {} }, { a: 'x' }))).toEqual({})
  })

  test('looks into outputs for what is no input', () => {
    expect(valuesAt('marked', step({}, {}, { marked: true }))).toEqual({ from: true })
  })

  test('shows nothing of a property that holds a secret, neither what was nor what is', () => {
    const before = { driverOpts: { o: secret, device: '//a/b' } }
    const after = { driverOpts: { o: 'password=planted', device: '//c/d' } }
    expect(valuesAt('driverOpts.o', step(before, after))).toEqual({ from: '[secret]', to: '[secret]' })
    expect(valuesAt('driverOpts.device', step(before, after))).toEqual({ from: '[secret]', to: '[secret]' })
    expect(valuesAt('data', step({ data: secret }, {}))).toEqual({ from: '[secret]' })
    expect(valuesAt('data', step({ data: 'old' }, { data: secret }))).toEqual({
      from: '[secret]',
      to: '[secret]',
    })
  })
})
