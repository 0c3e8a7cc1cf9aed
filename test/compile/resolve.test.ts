import { describe, expect, it } from 'vitest'
import { environmentsAt, isOnCluster } from '../../src/compile/on-cluster.ts'
import { resolveTenant } from '../../src/compile/resolve.ts'
import { sizeClasses } from '../../src/compile/size-classes.ts'
import { Tenant } from '../../src/tenant/schema.ts'
import { dedicated, nonprod, prod } from './fixtures/clusters.ts'
import { acme, minimal, other } from './fixtures/tenants.ts'

const gibibyte = 1024 ** 3

describe('isOnCluster', () => {
  it('puts a tenant that names no cluster on every shared one', () => {
    expect(isOnCluster(minimal, nonprod)).toBe(true)
    expect(isOnCluster(minimal, prod)).toBe(true)
    expect(isOnCluster(minimal, dedicated)).toBe(false)
  })

  it('puts a tenant on exactly the clusters that it names', () => {
    const only = Tenant.parse({ ...minimal, clusters: { prod: {} } })
    expect(isOnCluster(only, nonprod)).toBe(false)
    expect(isOnCluster(only, prod)).toBe(true)
  })

  it('lets nobody on a dedicated cluster but who it is for', () => {
    const { clusters: _, ...acmeAnywhere } = acme
    expect(isOnCluster(acme, dedicated)).toBe(true)
    expect(isOnCluster(acmeAnywhere, dedicated)).toBe(true)
    expect(isOnCluster(Tenant.parse({ ...other, clusters: { 'acme-prod': {} } }), dedicated)).toBe(false)
  })
})

describe('environmentsAt', () => {
  it('splits environments by stage', () => {
    const application = { environments: ['prod', 'dev', 'staging'] as const }
    expect(environmentsAt({ environments: [...application.environments] }, 'nonprod')).toEqual([
      'dev',
      'staging',
    ])
    expect(environmentsAt({ environments: [...application.environments] }, 'prod')).toEqual(['prod'])
  })
})

describe('resolveTenant', () => {
  const onNonprod = resolveTenant(acme, nonprod)
  const onProd = resolveTenant(acme, prod)

  it('says of each part of the quota where it is from', () => {
    expect(onProd.quota).toEqual({
      cpuMillis: { value: 40_000, origin: 'file', path: ['quota', 'cpu'] },
      memoryBytes: {
        value: 200 * gibibyte,
        origin: 'cluster-override',
        path: ['clusters', 'prod', 'quota', 'memory'],
      },
      storageBytes: {
        value: sizeClasses.large.quota.storageBytes,
        origin: 'size-class',
        path: ['clusters', 'prod', 'size'],
      },
      containers: { value: 99, origin: 'file', path: ['quota', 'containers'] },
    })
    expect(onNonprod.quota.storageBytes).toEqual({
      value: sizeClasses.medium.quota.storageBytes,
      origin: 'size-class',
      path: ['size'],
    })
  })

  it('puts an application’s reservation above the cluster’s, that above the file’s, that above the default', () => {
    const reservations = (tenant: Tenant) =>
      resolveTenant(tenant, prod).applications.map(({ name, reservation }) => [
        name,
        reservation.value,
        reservation.origin,
      ])
    expect(reservations(acme)).toEqual([
      ['payments', 'minimum', 'file'],
      ['trading', 'safe', 'cluster-override'],
    ])
    const { clusters: _, ...plain } = acme
    expect(reservations(Tenant.parse({ ...plain, reservation: 'safe' }))[1]).toEqual([
      'trading',
      'safe',
      'file',
    ])
    expect(reservations(Tenant.parse(plain))[1]).toEqual(['trading', 'optimized', 'default'])
  })

  it('leaves out what has no environment on the cluster', () => {
    expect(onNonprod.applications.map(({ name }) => name)).toEqual(['lab', 'payments', 'trading'])
    expect(onProd.applications.map(({ name }) => name)).toEqual(['payments', 'trading'])
    expect(onNonprod.networks.map(({ name }) => name)).toContain('sandbox')
    expect(onProd.networks.map(({ name }) => name)).not.toContain('sandbox')
  })

  it('overrides networks, volumes and CI on one cluster alone', () => {
    const at = (name: string) => onProd.networks.find((network) => network.name === name)
    expect(at('partners')?.subnet).toMatchObject({ value: '10.80.4.0/28', origin: 'cluster-override' })
    expect(onNonprod.networks.find(({ name }) => name === 'partners')?.subnet).toMatchObject({
      value: '10.80.3.0/28',
      origin: 'file',
    })
    expect(at('web')).toMatchObject({ addresses: { value: 5 }, subnet: { origin: 'default' } })
    expect(onProd.volumes.find(({ name }) => name === 'archive')?.sizeBytes).toMatchObject({
      value: 4096 * gibibyte,
      origin: 'cluster-override',
    })
    expect(onProd.ci).toMatchObject({
      agents: {
        max: { value: 2, origin: 'cluster-override' },
        memoryBytes: { value: 3 * gibibyte, origin: 'file' },
        cpuMillis: { origin: 'size-class', path: ['clusters', 'prod', 'size'] },
      },
      controller: { cpuMillis: { value: 3000, origin: 'cluster-override' } },
    })
  })

  it('has no public block on a cluster without a pool, and says so with null', () => {
    const { publicPool: _, ...without } = nonprod
    const web = resolveTenant(acme, without).networks.find(({ name }) => name === 'web')
    expect(web?.subnet.value).toBeNull()
  })

  it('replaces an offer whole where a cluster says it again', () => {
    const tenant = Tenant.parse({
      ...acme,
      clusters: { prod: { offers: { 'run/edge': { pool: { machine: 'standard', min: 1, max: 1 } } } } },
    })
    expect(resolveTenant(tenant, prod).offers).toMatchObject([
      { name: 'build/std' },
      { name: 'run/edge', pool: { value: { machine: 'standard' }, origin: 'cluster-override' } },
      { name: 'run/std' },
    ])
  })
})
