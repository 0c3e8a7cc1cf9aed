import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { compileTenant } from '../../src/compile/compile.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { applyChanges, diffStates } from '../../src/plan/changes.ts'
import { Tenant } from '../../src/tenant/schema.ts'
import { arbitraryTenant } from '../compile/arbitrary-tenant.ts'
import { nonprod, prod } from '../compile/fixtures/clusters.ts'
import { acme } from '../compile/fixtures/tenants.ts'

// Random graphs take a busy machine longer than the five seconds that a test has by default.
vi.setConfig({ testTimeout: 60_000 })

const resourcesOf = (state: StackState | undefined) => state?.resources ?? []

const state = fc.option(
  fc
    .tuple(arbitraryTenant(fc.constant('acme')), fc.constantFrom(nonprod, prod))
    .map(([tenant, cluster]) => compileTenant(tenant, cluster)),
  { nil: undefined },
)

const changed = (tenant: object) =>
  diffStates(compileTenant(acme, nonprod), compileTenant(Tenant.parse({ ...acme, ...tenant }), nonprod)).map(
    (change) => [change.kind, change.key, 'fields' in change ? change.fields : []],
  )

describe('diffStates', () => {
  it('gives the changes that lead from one state to the other', () => {
    fc.assert(
      fc.property(state, state, (before, after) => {
        expect(applyChanges(resourcesOf(before), diffStates(before, after))).toEqual(resourcesOf(after))
      }),
      { numRuns: 60 },
    )
  })

  it('is empty between equals, also after a way through JSON', () => {
    fc.assert(
      fc.property(state, (one) => {
        const copy = one === undefined ? undefined : (JSON.parse(JSON.stringify(one)) as StackState)
        expect(diffStates(one, copy)).toEqual([])
      }),
      { numRuns: 30 },
    )
  })

  it('changes only what follows from a field', () => {
    expect(changed({ displayName: 'Acme' })).toEqual([
      ['replace', 'config/ci/jenkins', ['data', 'name']],
      ['update', 'organization', ['fullName']],
      ['update', 'service/ci/jenkins', ['configs']],
      ['update', 'vault-mount', ['description']],
    ])
    expect(
      changed({ networks: { ...acme.networks, backend: { kind: 'overlay', subnet: '10.64.9.0/24' } } }),
    ).toEqual([['replace', 'network/backend', ['subnet']]])
    expect(changed({ costCentre: 'AC-9999' })).toEqual([])
  })

  it('tells a member who comes from one who goes', () => {
    const teams = { ...acme.teams, operators: { role: 'operator', members: ['oscar', 'otto'] } }
    const kinds = changed({ teams })
      .filter(([, key]) => String(key).startsWith('member/'))
      .map(([kind, key]) => `${kind} ${key}`)
    expect(kinds).toEqual(['delete member/operators/olga', 'create member/operators/otto'])
  })

  it('replaces what is identified by another name and updates what can change', () => {
    const before = compileTenant(acme, nonprod)
    const renamed = (field: object) => ({
      ...before,
      resources: before.resources.map((resource) =>
        resource.key === 'service/ci/jenkins' ? ({ ...resource, ...field } as typeof resource) : resource,
      ),
    })
    expect(diffStates(before, renamed({ name: 'x' }))).toMatchObject([{ kind: 'replace', fields: ['name'] }])
    expect(diffStates(before, renamed({ image: 'x' }))).toMatchObject([{ kind: 'update', fields: ['image'] }])
    expect(diffStates(before, renamed({ retained: 'data' }))).toMatchObject([{ kind: 'update' }])
  })
})
