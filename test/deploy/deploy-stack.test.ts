import { beforeAll, describe, expect, test } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { accessOnly, everyKind } from './every-kind.ts'
import { type Called, type Registered, register } from './register.ts'

let resources: readonly Registered[]
let calls: readonly Called[]

beforeAll(async () => {
  ;({ resources, calls } = await register(everyKind))
})

const named = (name: string): Registered => {
  const found = resources.find((resource) => resource.name === name)
  if (found === undefined) throw new Error(`nothing registered as ${name}`)
  return found
}

describe('deployStack', () => {
  test('registers each key once', () => {
    for (const { key } of everyKind.resources)
      expect(
        resources.filter(({ name, type }) => name === key && !type.startsWith('pulumi:')),
        key,
      ).toHaveLength(1)
  })

  test('dump', () => {
    console.log(
      JSON.stringify(
        resources.map(({ type, name, inputs, request }) => ({ type, name, inputs, p: request?.getParent() })),
        null,
        1,
      ),
    )
    console.log(JSON.stringify(calls))
    expect(Fault).toBeDefined()
    const x: StackState = accessOnly
    expect(x).toBeDefined()
    expect(named('team-developers')).toBeDefined()
  })
})
