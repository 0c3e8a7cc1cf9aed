import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { compileTenant } from '../../src/compile/compile.ts'
import { policyIssues } from '../../src/compile/policy.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import type { Resource } from '../../src/model/resource.ts'
import { diffStates } from '../../src/plan/changes.ts'
import { accessGraph, permissionsOf } from '../../src/plan/effective-access.ts'
import type { Tenant } from '../../src/tenant/schema.ts'
import { arbitraryTenant } from './arbitrary-tenant.ts'
import { nonprod, prod } from './fixtures/clusters.ts'
import { acme } from './fixtures/tenants.ts'

// A busy machine takes longer over random tenants than the five seconds that a test has by default.
vi.setConfig({ testTimeout: 60_000 })

const clusters = [nonprod, prod] as const
const inState = (tenant: Tenant, lifecycle: NonNullable<Tenant['lifecycle']>, cluster = nonprod) =>
  compileTenant({ ...tenant, lifecycle }, cluster)
const ofKind = <K extends Resource['kind']>(state: StackState, kind: K) =>
  state.resources.filter((one): one is Extract<Resource, { kind: K }> => one.kind === kind)
const anyTenant = fc.tuple(
  arbitraryTenant(fc.stringMatching(/^[a-z][a-z0-9]{1,20}$/)),
  fc.constantFrom(...clusters),
)

/** What anybody holds that is no looking. */
const actingRights = (state: StackState): readonly string[] => {
  const { roles } = accessGraph([state])
  return ofKind(state, 'Grant').flatMap(({ role }) =>
    permissionsOf(roles.get(role) ?? { Node: { 'Node Schedule': [] } }).filter(
      (permission) => !/ (?:View|View Tasks|Logs|Stats|Top|History)$/.test(permission),
    ),
  )
}

const workload: ReadonlySet<Resource['kind']> = new Set([
  'DockerService',
  'Network',
  'Repository',
  'VirtualMachine',
  'Volume',
])

describe('an active tenant', () => {
  it('is what a tenant without a word about it is', () => {
    expect(inState(acme, 'active')).toEqual(compileTenant(acme, nonprod))
    expect(inState(acme, 'active')).not.toHaveProperty('lifecycle')
  })
})

describe('a frozen tenant', () => {
  it('keeps everything as it is, and says that it is frozen', () => {
    expect(inState(acme, 'frozen')).toEqual({ ...compileTenant(acme, nonprod), lifecycle: 'frozen' })
  })
})

describe('a draining tenant', () => {
  it.each(clusters)('runs on $cluster as it did: nothing new, nothing scaled, nothing gone', (cluster) => {
    const changes = diffStates(compileTenant(acme, cluster), inState(acme, 'draining', cluster))
    const touched = changes.flatMap((change) => (change.kind === 'create' ? change.after : change.before))
    expect(touched.filter(({ kind, key }) => workload.has(kind) && key !== 'service/ci/jenkins')).toEqual([])
    const jenkins = changes.find(({ key }) => key === 'service/ci/jenkins')
    expect(jenkins).toMatchObject({ kind: 'update', fields: ['configs'] })
  })

  it('lets nobody do anything but look, whoever they are and whatever the tenant', () => {
    expect(actingRights(compileTenant(acme, nonprod)).length).toBeGreaterThan(20)
    fc.assert(
      fc.property(anyTenant, ([tenant, cluster]) => {
        const state = inState(tenant, 'draining', cluster)
        expect(actingRights(state)).toEqual([])
        expect(policyIssues(state, cluster.stage)).toEqual([])
        expect(ofKind(state, 'RepositoryAccess').every((one) => one.accessLevel === 'read-only')).toBe(true)
      }),
      { numRuns: 25 },
    )
  })

  it('starts no agents: its Jenkins has no cloud to start them in', () => {
    const [configuration] = ofKind(inState(acme, 'draining'), 'DockerConfig')
    expect(configuration?.data).not.toContain('swarmAgentsCloud')
    expect(ofKind(compileTenant(acme, nonprod), 'DockerConfig')[0]?.data).toContain('swarmAgentsCloud')
  })

  it('writes no secret: teams see names alone', () => {
    const state = inState(acme, 'draining')
    const teamPolicies = ofKind(state, 'VaultPolicy').filter(({ name }) => /viewer|auditor/.test(name))
    expect(teamPolicies.length).toBeGreaterThan(0)
    for (const { policy } of teamPolicies) expect(policy).not.toMatch(/create|update|delete|\/data\//)
    expect(ofKind(state, 'VaultPolicy').some(({ name }) => /developer|operator/.test(name))).toBe(false)
  })
})

describe('an archived tenant', () => {
  it('is its data, the places it stands in and what those stand on', () => {
    const state = inState(acme, 'archived', prod)
    expect(state.resources.map(({ key }) => key)).toEqual([
      'collection/Shared/Private/acme',
      'collection/Shared/Private/acme/Shared',
      'collection/Shared/Private/acme/payments',
      'collection/Shared/Private/acme/trading',
      'vault-mount',
      'volume/archive',
      'volume/ci/jenkins-home',
      'volume/exchange',
      'volume/statements',
      'volume/ticks',
    ])
  })

  it('loses no data and changes none, and is whole in itself, whatever the tenant', () => {
    fc.assert(
      fc.property(anyTenant, ([tenant, cluster]) => {
        const before = compileTenant(tenant, cluster)
        const after = inState(tenant, 'archived', cluster)
        const keys = new Set(after.resources.map(({ key }) => key))
        expect(after.resources).toEqual(
          before.resources.filter(({ key, retained }) => retained !== undefined || keys.has(key)),
        )
        expect(after.resources.flatMap(({ dependsOn }) => dependsOn).filter((key) => !keys.has(key))).toEqual(
          [],
        )
        expect(before.resources.filter(({ key, retained }) => retained === 'data' && !keys.has(key))).toEqual(
          [],
        )
        for (const kind of ['DockerService', 'Grant', 'Organization', 'Team', 'VirtualMachine'] as const)
          expect(ofKind(after, kind)).toEqual([])
      }),
      { numRuns: 25 },
    )
  })

  it('comes back as it was', () => {
    const back = diffStates(inState(acme, 'archived'), compileTenant(acme, nonprod))
    expect(back.every(({ kind }) => kind === 'create')).toBe(true)
  })
})
