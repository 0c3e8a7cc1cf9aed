import { describe, expect, it } from 'vitest'
import { fleetChange } from '../../src/plan/fleet-change.ts'
import { type FrozenLook, frozenSentence, frozenStacks, withoutFrozen } from '../../src/plan/frozen.ts'
import type { Tenant } from '../../src/tenant/schema.ts'
import { nonprod } from '../compile/fixtures/clusters.ts'
import { statesOf, tenantCalled } from './valve-fleet.ts'

const repositories = (names: readonly string[]) => ({
  applications: { web: { environments: ['dev'], repositories: names } },
})
const fleet = (lifecycle: string | undefined, names: readonly string[]): Tenant[] =>
  ['cold', 'warm'].map((name) =>
    tenantCalled(name, { ...repositories(names), ...(name === 'cold' ? { lifecycle } : {}) }),
  )
const statesOn = (tenants: readonly Tenant[]) => statesOf(tenants, [nonprod])

/** What is left of a change that reaches two tenants, of which one is frozen. */
const look = (more: Partial<FrozenLook> = {}): FrozenLook => {
  const stacks = statesOn(fleet('frozen', ['web', 'api']))
  return {
    stacks,
    change: fleetChange(statesOn(fleet(undefined, ['web'])), stacks),
    isLifted: () => false,
    isEdited: () => false,
    ...more,
  }
}

describe('stacks of frozen tenants', () => {
  it('stay as they are where something shared reaches them, with the number of what waits', () => {
    const frozen = frozenStacks(look())
    expect(frozen).toEqual([{ stack: 'nonprod.cold', waiting: 4 }])
    const { change } = look()
    if (change === undefined) throw new Error('no change')
    expect(withoutFrozen(change, frozen).stacks.map(({ stack }) => stack)).toEqual(['nonprod.warm'])
  })

  it('stay where nothing changes them, and the word that freezes them is seen', () => {
    const stacks = statesOn(fleet('frozen', ['web']))
    const change = fleetChange(statesOn(fleet(undefined, ['web'])), stacks)
    const frozen = frozenStacks(look({ stacks, change, isEdited: () => true }))
    expect(frozen).toEqual([{ stack: 'nonprod.cold', waiting: 0 }])
    expect(withoutFrozen(change, frozen)).toEqual(change)
  })

  it('are for the valve where their own file asks for a change', () => {
    expect(frozenStacks(look({ isEdited: () => true }))).toEqual([])
  })

  it('are as any other by an override', () => {
    expect(frozenStacks(look({ isLifted: ({ stack }) => stack === 'nonprod.cold' }))).toEqual([])
  })

  it('stay where nobody knows what was applied', () => {
    const frozen = frozenStacks(look({ change: undefined, isEdited: () => true }))
    expect(frozen).toEqual([{ stack: 'nonprod.cold', waiting: null }])
  })
})

describe('what is said of them', () => {
  it('is nothing where there are none', () => {
    expect(frozenSentence([])).toBeUndefined()
  })

  it('names what waits first', () => {
    expect(
      frozenSentence([
        { stack: 'nonprod.a', waiting: 0 },
        { stack: 'nonprod.b', waiting: 1 },
        { stack: 'prod.b', waiting: 3 },
        { stack: 'prod.c', waiting: null },
      ]),
    ).toBe(
      'Frozen, left as they are: nonprod.b (1 resource waits), prod.b (3 resources wait), prod.c (what would change nobody can tell), nonprod.a.',
    )
  })

  it('is one line, however many there are', () => {
    const many = Array.from({ length: 300 }, (_, index) => ({ stack: `nonprod.t${index}`, waiting: 0 }))
    expect(frozenSentence(many)).toMatch(/nonprod\.t9 and 290 more\.$/)
    expect(frozenSentence(many.slice(0, 1))).toBe('Frozen, left as it is: nonprod.t0.')
  })
})
