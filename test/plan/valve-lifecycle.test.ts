import { describe, expect, it } from 'vitest'
import type { Tenant } from '../../src/tenant/schema.ts'
import { overrideOf, saidOf, tenantCalled, tenantsNumbered, valveOn } from './valve-fleet.ts'

const others = tenantsNumbered(30).slice(1)
const fleet = (change: object): readonly Tenant[] => [
  tenantCalled('t000', { volumes: { data: { backend: 'files', size: '10Gi' } }, ...change }),
  ...others,
]
const networks = { backend: { kind: 'overlay', subnet: '10.64.9.0/24' } }

describe('a frozen tenant', () => {
  it('may be frozen, and be thawed together with a change', () => {
    expect(saidOf(valveOn(fleet({}), fleet({ lifecycle: 'frozen' })))).toEqual([])
    expect(saidOf(valveOn(fleet({ lifecycle: 'frozen' }), fleet({ networks })))).toEqual([])
  })

  it('is refused every change', () => {
    const change = [fleet({ lifecycle: 'frozen' }), fleet({ lifecycle: 'frozen', networks })] as const
    expect(saidOf(valveOn(...change))).toEqual([
      'frozen: nonprod.t000 is frozen, and 1 resource would change: network/backend.',
      'frozen: prod.t000 is frozen, and 1 resource would change: network/backend.',
    ])
    const overrides = [overrideOf({ rules: ['frozen'], organizations: ['t000'] })]
    expect(saidOf(valveOn(...change, { overrides }))).toEqual([])
    const elsewhere = [overrideOf({ rules: ['frozen'], stacks: ['prod.t000'] })]
    expect(saidOf(valveOn(...change, { overrides: elsewhere }))).toHaveLength(1)
  })

  it('is refused the change that freezes it too', () => {
    expect(saidOf(valveOn(fleet({}), fleet({ lifecycle: 'frozen', networks })))).toHaveLength(2)
  })
})

describe('a draining tenant', () => {
  it('may be drained: its word stands for the grants that it loses', () => {
    expect(saidOf(valveOn(fleet({}), fleet({ lifecycle: 'draining' })))).toEqual([])
  })

  it('gets no new workload, neither with the word nor afterwards', () => {
    for (const before of [fleet({}), fleet({ lifecycle: 'draining' })])
      expect(saidOf(valveOn(before, fleet({ lifecycle: 'draining', networks })))).toEqual([
        'draining: nonprod.t000 is draining, and would get new workload: network/backend.',
        'draining: prod.t000 is draining, and would get new workload: network/backend.',
      ])
  })

  it('may be put to work again', () => {
    expect(saidOf(valveOn(fleet({ lifecycle: 'draining' }), fleet({ networks })))).toEqual([])
  })

  it('still loses no data', () => {
    const [said] = saidOf(
      valveOn(fleet({ lifecycle: 'draining' }), fleet({ lifecycle: 'draining', volumes: {} })),
    )
    expect(said).toContain('data-deleted: The volume t000-data')
  })
})

describe('an archived tenant', () => {
  it('was drained before', () => {
    expect(saidOf(valveOn(fleet({ lifecycle: 'draining' }), fleet({ lifecycle: 'archived' })))).toEqual([])
    expect(saidOf(valveOn(fleet({}), fleet({ lifecycle: 'archived' })))).toEqual([
      'archived: nonprod.t000 would be archived at once: 17 resources would be deleted that somebody may use.',
      'archived: prod.t000 would be archived at once: 11 resources would be deleted that somebody may use.',
    ])
    const overrides = [overrideOf({ rules: ['archived'], organizations: ['t000'] })]
    expect(saidOf(valveOn(fleet({}), fleet({ lifecycle: 'archived' }), { overrides }))).toEqual([])
  })

  it('loses none of its data by a change of its file', () => {
    const said = saidOf(
      valveOn(fleet({ lifecycle: 'archived' }), fleet({ lifecycle: 'archived', volumes: {} })),
    )
    expect(said[0]).toContain('data-deleted: The volume t000-data')
  })

  it('is one of the tenants that a change touches: nobody archives the fleet by a slip', () => {
    const draining = tenantsNumbered(30, { lifecycle: 'draining' })
    const archived = tenantsNumbered(30, { lifecycle: 'archived' })
    expect(saidOf(valveOn(draining, archived))).toEqual([
      'tenants-touched: One change touches 30 of 30 tenants (100 %), more than 10 %: t000, t001, t002, t003, t004 and 25 others.',
    ])
  })
})
