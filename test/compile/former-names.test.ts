import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { compileTenant } from '../../src/compile/compile.ts'
import { canonicalJson } from '../../src/core/canonical.ts'
import { diffStates } from '../../src/plan/changes.ts'
import type { Tenant } from '../../src/tenant/schema.ts'
import { arbitraryTenant } from './arbitrary-tenant.ts'
import { nonprod, prod } from './fixtures/clusters.ts'
import { acme } from './fixtures/tenants.ts'

// A busy machine takes longer over random tenants than the five seconds that a test has by default.
vi.setConfig({ testTimeout: 60_000 })

const fresh = (name: string): string => `x-${name}`

type Things = Readonly<Record<string, { readonly previously?: string | undefined }>>

const renamedThings = <T extends Things>(things: T | undefined): T =>
  Object.fromEntries(
    Object.entries(things ?? {}).map(([name, thing]) => [
      fresh(name),
      { ...thing, previously: thing.previously ?? name },
    ]),
  ) as T

const renamedReference = (application: string | undefined) =>
  application === undefined ? {} : { application: fresh(application) }

/** Everything of a tenant under another name, each saying which one it had. */
const renamed = (tenant: Tenant): Tenant => ({
  ...tenant,
  organization: fresh(tenant.organization),
  previously: tenant.previously ?? tenant.organization,
  displayName: tenant.displayName ?? tenant.organization,
  applications: renamedThings(tenant.applications),
  teams: Object.fromEntries(
    Object.entries(renamedThings(tenant.teams)).map(([name, team]) => [
      name,
      { ...team, ...(team.applications === undefined ? {} : { applications: team.applications.map(fresh) }) },
    ]),
  ),
  networks: Object.fromEntries(
    Object.entries(renamedThings(tenant.networks)).map(([name, network]) => [
      name,
      { ...network, ...renamedReference(network.application) },
    ]),
  ),
  volumes: Object.fromEntries(
    Object.entries(renamedThings(tenant.volumes)).map(([name, volume]) => [
      name,
      { ...volume, ...renamedReference(volume.application) },
    ]),
  ),
  ...(tenant.clusters === undefined ? {} : { clusters: renamedOverrides(tenant.clusters) }),
})

const renamedKeys = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [fresh(name), value]))

const renamedOverrides = (clusters: NonNullable<Tenant['clusters']>): NonNullable<Tenant['clusters']> =>
  Object.fromEntries(
    Object.entries(clusters).map(([cluster, override]) => [
      cluster,
      {
        ...override,
        ...(override.networks === undefined ? {} : { networks: renamedKeys(override.networks) }),
        ...(override.volumes === undefined ? {} : { volumes: renamedKeys(override.volumes) }),
      },
    ]),
  )

const anyOrganization = fc.stringMatching(/^[a-z][a-z0-9]{1,30}$/)

describe('a tenant of which everything is renamed', () => {
  it.each([nonprod, prod])('is the same to the byte on $cluster, but for what it calls itself', (cluster) => {
    const named = { ...acme, displayName: 'Acme Bank' }
    expect(canonicalJson(compileTenant(renamed(named), cluster))).toBe(
      canonicalJson(compileTenant(named, cluster)),
    )
  })

  it('is the same whatever the tenant, and however often it is renamed', () => {
    fc.assert(
      fc.property(arbitraryTenant(anyOrganization), fc.constantFrom(nonprod, prod), (tenant, cluster) => {
        const before = { ...tenant, displayName: 'A name' }
        const once = renamed(before)
        expect(compileTenant(once, cluster)).toEqual(compileTenant(before, cluster))
        expect(compileTenant(renamed(once), cluster)).toEqual(compileTenant(before, cluster))
      }),
      { numRuns: 25 },
    )
  })

  it('loses all of it without `previously`, which is what that is for', () => {
    const { previously: _, ...bare } = renamed(acme)
    const changes = diffStates(compileTenant(acme, nonprod), compileTenant(bare as Tenant, nonprod))
    expect(changes.filter(({ kind }) => kind === 'delete' || kind === 'replace').length).toBeGreaterThan(20)
  })
})

describe('an organization that is renamed', () => {
  const { displayName: _, ...nameless } = acme
  const before = compileTenant(nameless as Tenant, prod)
  const after = compileTenant({ ...(nameless as Tenant), organization: 'zenith', previously: 'acme' }, prod)

  it('stays the same stack, account and namespace', () => {
    expect([after.stack, after.organization]).toEqual([before.stack, 'acme'])
  })

  it('is called by its new name where people read it, and nothing with data is touched', () => {
    const changes = diffStates(before, after)
    expect(changes.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
      'replace config/ci/jenkins',
      'update organization',
      'update service/ci/jenkins',
      'update vault-mount',
    ])
    expect(after.resources.find(({ kind }) => kind === 'Organization')).toMatchObject({
      name: 'acme',
      fullName: 'zenith',
    })
  })
})
