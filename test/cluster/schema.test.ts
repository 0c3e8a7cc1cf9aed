import { describe, expect, it } from 'vitest'
import { Cluster } from '../../src/cluster/schema.ts'
import { nonprod } from '../load/fleet-of.ts'

const accepts = (change: object): boolean => Cluster.safeParse({ ...nonprod, ...change }).success

describe('a cluster file', () => {
  it('is accepted with and without what is optional', () => {
    const { publicPool: _, ...without } = nonprod
    expect(Cluster.safeParse(nonprod).success).toBe(true)
    expect(Cluster.safeParse(without).success).toBe(true)
  })

  it.each([
    ['plain http', { endpoints: { ...nonprod.endpoints, vault: 'http://vault.bank.example' } }],
    ['a credential beside an endpoint', { endpoints: { ...nonprod.endpoints, password: 'x' } }],
    ['a folder that climbs', { vsphere: { ...nonprod.vsphere, folder: '../other' } }],
    ['an image without a tag', { jenkins: { ...nonprod.jenkins, agentImage: 'platform/agent' } }],
    [
      'a mount option with a blank',
      { storage: { nfs: { kind: 'nfs', server: 'a', export: '/e', options: ['hard, exec'] } } },
    ],
    ['a back end of no kind', { storage: { ceph: { kind: 'ceph' } } }],
    [
      'a VLAN out of range',
      { vlans: { one: { id: 4095, parent: 'e', subnet: '10.0.0.0/24', gateway: '10.0.0.1' } } },
    ],
    ['no overlay space', { overlaySpace: [] }],
    ['a currency of no code', { prices: { ...nonprod.prices, currency: 'euro' } }],
  ])('does not hold %s', (_name, change) => {
    expect(accepts(change)).toBe(false)
  })
})
