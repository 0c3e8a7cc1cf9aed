import { describe, expect, it } from 'vitest'
import { addressReport } from '../../../src/plan/report/address-report.ts'
import { capacityReport } from '../../../src/plan/report/capacity-report.ts'
import { costReport } from '../../../src/plan/report/cost-report.ts'
import type { FleetFiles } from '../../../src/plan/report/fleet-files.ts'
import { Tenant } from '../../../src/tenant/schema.ts'
import { nonprod, prod } from '../../compile/fixtures/clusters.ts'
import { minimal } from '../../compile/fixtures/tenants.ts'
import { changed, statesOf } from './scenario.ts'

const one = (more: object): FleetFiles => ({
  tenants: [Tenant.parse({ ...minimal, ...more })],
  clusters: [nonprod],
})

const none: FleetFiles = { tenants: [], clusters: [nonprod] }

describe('the cost of a month', () => {
  it('is quota, volumes and own VMs at the prices of the cluster', () => {
    const after = one({
      quota: { cpu: '10', memory: '20Gi' },
      volumes: { data: { backend: 'files', size: '100Gi' } },
      offers: { 'run/std': {}, 'run/edge': { pool: { machine: 'large', min: 2, max: 9 } } },
    })
    const expected = 10 * 0.03 * 730 + 20 * 0.01 * 730 + 100 * 0.1 + 2 * 0.4 * 730
    const cost = costReport({ before: none, after })
    expect(cost?.tenants).toMatchObject([
      { organization: 'tiny', cluster: 'nonprod', before: null, currency: 'EUR' },
    ])
    expect(cost?.tenants[0]?.after).toBeCloseTo(expected, 6)
    expect(cost?.totals[0]?.after).toBeCloseTo(expected, 6)
  })

  it('is zero of a difference where nothing is priced otherwise', () => {
    const files = one({})
    expect(costReport({ before: files, after: files })?.tenants).toEqual([])
  })

  it('is not made up where the base is not known', () => {
    expect(costReport({ after: one({}) })).toBeUndefined()
  })

  it('adds no currencies together', () => {
    const dollars = { ...prod, prices: { ...prod.prices, currency: 'USD' } }
    const after = { ...one({}), clusters: [nonprod, dollars] }
    const cost = costReport({ before: { tenants: [], clusters: [nonprod, dollars] }, after })
    expect(cost?.totals.map(({ currency }) => currency)).toEqual(['EUR', 'USD'])
  })

  it('falls to nothing for a tenant that goes', () => {
    const cost = costReport({ before: one({}), after: none })
    expect(cost?.tenants).toMatchObject([{ organization: 'tiny', after: null }])
  })
})

describe('capacity', () => {
  it('sets what quotas promise against what VMs have, now and at most', () => {
    const after = one({
      quota: { cpu: '10' },
      offers: { 'run/std': {}, 'run/edge': { pool: { machine: 'large', min: 2, max: 9 } } },
    })
    const [cluster] = capacityReport({ before: none, after }, statesOf(after))
    const [cpus] = cluster?.promises ?? []
    // The cluster: 2 to 4 of 8 CPUs and 1 to 3 of 16; the tenant: 2 to 9 of 16.
    expect(cpus).toEqual({
      measure: 'CPUs',
      before: 0,
      after: 10_000,
      capacity: 512_000,
      physical: { now: (2 * 8 + 16 + 2 * 16) * 1000, most: (4 * 8 + 3 * 16 + 9 * 16) * 1000 },
    })
  })

  it('does not take the base for empty where it is not known', () => {
    const after = one({})
    expect(capacityReport({ after }, statesOf(after))[0]?.promises[0]?.before).toBeNull()
  })
})

describe('addresses', () => {
  const withNetwork = (network: object): FleetFiles => one({ networks: { net: network } })

  const left = (after: FleetFiles, space: string) => {
    const { change, files } = changed(() => after, {}, one({}))
    return addressReport(change, files.after).find((found) => found.space === space)
  }

  it('are those of the space without those of its networks', () => {
    expect(left(withNetwork({ kind: 'overlay', subnet: '10.64.0.0/24' }), 'overlay')).toEqual({
      cluster: 'nonprod',
      space: 'overlay',
      kind: 'overlay',
      all: 65_536,
      before: 65_536,
      after: 65_280,
      largest: '10.64.128.0/17',
    })
  })

  it('of a VLAN lack its gateway', () => {
    expect(
      left(withNetwork({ kind: 'vpn', vlan: 'partners', subnet: '10.80.128.0/28' }), 'partners'),
    ).toMatchObject({
      before: 65_535,
      after: 65_519,
      largest: '10.80.64.0/18',
    })
  })

  it('of the public pool lack what is reserved', () => {
    expect(
      left(withNetwork({ kind: 'public', addresses: 5, subnet: '203.0.113.64/29' }), 'public'),
    ).toMatchObject({
      all: 256,
      before: 256 - 64 - 1,
      after: 256 - 64 - 1 - 8,
      largest: '203.0.113.192/26',
    })
  })

  it('of a VLAN that two clusters reach are taken by both', () => {
    const on = (cluster: string, subnet: string) => ({ [cluster]: { networks: { net: { subnet } } } })
    const after: FleetFiles = {
      tenants: [
        Tenant.parse({
          ...minimal,
          networks: { net: { kind: 'vpn', vlan: 'partners', subnet: '10.80.3.0/28' } },
          clusters: { ...on('nonprod', '10.80.3.0/28'), ...on('prod', '10.80.4.0/28') },
        }),
      ],
      clusters: [nonprod, prod],
    }
    expect(left(after, 'partners')?.after).toBe(65_536 - 1 - 32)
  })
})
