import { describe, expect, it } from 'vitest'
import {
  acme,
  bolt,
  type ClusterInput,
  fleetOf,
  issuesOf,
  nonprod,
  prod,
  type TenantInput,
} from './fleet-of.ts'

type DedicatedPools = NonNullable<ClusterInput['dedicatedPools']>

const withPool = (tenant: TenantInput, max: number, machine = 'large'): TenantInput => ({
  ...tenant,
  offers: { 'run/std': {}, 'run/edge': { pool: { machine, min: 1, max } } },
})

const {
  small,
  dedicatedPools: _all,
  ...rest
} = {
  ...nonprod,
  small: { cpus: 4, memory: '16Gi', disk: '50Gi', template: 'node' },
}
const bare: ClusterInput = { ...rest, machines: { ...nonprod.machines, small } }

const offering = (more: Partial<DedicatedPools> = {}): ClusterInput => ({
  ...bare,
  dedicatedPools: { machines: ['large'], perOrganization: 3, total: 5, ...more },
})

/** Issues of the cluster nonprod; on prod everything is allowed. */
const found = (tenants: readonly TenantInput[], cluster: ClusterInput): string[] =>
  issuesOf(
    fleetOf(tenants, [
      cluster,
      {
        ...prod,
        machines: bare.machines,
        dedicatedPools: { machines: ['large', 'small'], perOrganization: 100, total: 100 },
      },
    ]),
  ).map(({ code, message, source }) => `${source?.file} ${code}: ${message}`)

describe('VMs of organizations’ own', () => {
  it('are fine within the allow-list, the quota and the total', () => {
    expect(found([withPool(acme, 3), withPool(bolt, 2)], offering())).toEqual([])
    expect(found([acme, bolt], bare)).toEqual([])
  })

  it('are nobody’s where the cluster offers none', () => {
    expect(found([withPool(acme, 1)], bare)).toEqual([
      'tenants/acme.ts tenant/no-own-pools: nonprod has no VMs of organizations’ own.',
    ])
  })

  it('are of the kinds that are allowed', () => {
    expect(found([withPool(acme, 1, 'small')], offering())).toEqual([
      "tenants/acme.ts tenant/machine-not-allowed: The machine 'small' of nonprod is not for organizations’ own pools.",
    ])
    expect(found([withPool(acme, 1, 'small')], offering({ machines: ['large', 'small'] }))).toEqual([])
  })

  it('are told once where the kind is none at all', () => {
    const codes = issuesOf(fleetOf([withPool(acme, 1, 'lage')], [offering(), prod])).map(({ code }) => code)
    expect(codes).toEqual(['tenant/unknown-machine'])
  })

  it('are no more than the organization’s quota, to the VM', () => {
    expect(found([withPool(acme, 4)], offering())).toEqual([
      "tenants/acme.ts tenant/machines-over-quota: The pool may grow to 4 VMs on nonprod; the organization's quota there is 3.",
    ])
  })

  it('have another quota where the file says so, up or down', () => {
    expect(found([withPool(acme, 4)], offering({ organizations: { acme: 4 } }))).toEqual([])
    expect(found([withPool(acme, 1)], offering({ organizations: { acme: 0 } }))).toEqual([
      "tenants/acme.ts tenant/machines-over-quota: The pool may grow to 1 VMs on nonprod; the organization's quota there is 0.",
    ])
  })

  it('are together no more than the hosts have, to the VM', () => {
    expect(found([withPool(acme, 3), withPool(bolt, 3)], offering())).toEqual([
      'stacks/nonprod.ts fleet/machines-over-total: The own pools of 2 organizations on nonprod may grow to 6 VMs; the hosts have 5 for them.',
    ])
    expect(found([withPool(acme, 3), { ...withPool(bolt, 3), lifecycle: 'archived' }], offering())).toEqual(
      [],
    )
  })

  it('name kinds and organizations that there are', () => {
    expect(found([acme], offering({ machines: ['lage'] }))).toEqual([
      "stacks/nonprod.ts cluster/unknown-machine: The cluster has no machine 'lage'.",
    ])
    expect(found([acme], offering({ organizations: { acne: 2 } }))).toEqual([
      "stacks/nonprod.ts cluster/unknown-organization: No tenant file describes the organization 'acne'.",
    ])
  })
})
