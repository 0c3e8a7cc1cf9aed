import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadFleet, parseFleet } from '../../src/load/load-fleet.ts'
import { generateFleet } from '../fixtures/generate-fleet.ts'
import {
  acme,
  bolt,
  type ClusterInput,
  clusterText,
  codesOf,
  fleetOf,
  issuesOf,
  nonprod,
  prod,
  type TenantInput,
  tenantText,
} from './fleet-of.ts'

const checkout = join(import.meta.dirname, '../..')

const messages = (tenants: readonly unknown[], clusters?: readonly unknown[]): string[] =>
  issuesOf(fleetOf(tenants, clusters)).map(
    ({ code, message, source }) => `${source?.file} ${code}: ${message}`,
  )

const hints = (tenants: readonly unknown[], clusters?: readonly unknown[]) =>
  issuesOf(fleetOf(tenants, clusters)).map(({ hint }) => hint)

const withNetworks = (
  tenant: TenantInput,
  networks: TenantInput['networks'],
  more: object = {},
): TenantInput => ({
  ...tenant,
  ...(networks === undefined ? {} : { networks }),
  ...more,
})

const overlay = (subnet: string) => ({ kind: 'overlay' as const, subnet })
const vpn = (subnet: string) => ({ kind: 'vpn' as const, vlan: 'partners', subnet })

describe('organizations', () => {
  it('are described once, whatever the case of their letters', () => {
    const twin = { ...tenantText(acme), file: 'tenants/copy.ts' }
    const result = parseFleet([clusterText(nonprod), clusterText(prod), tenantText(acme), twin])
    expect(codesOf(result)).toEqual([
      'tenants/acme.ts fleet/duplicate-organization',
      'tenants/copy.ts fleet/duplicate-organization',
      'tenants/copy.ts tenant/misnamed-file',
    ])
    const shouted = { file: 'tenants/ACME.ts', text: tenantText({ ...acme, organization: 'ACME' }).text }
    expect(
      codesOf(parseFleet([clusterText(nonprod), clusterText(prod), tenantText(acme), shouted])),
    ).toContain('tenants/ACME.ts fleet/duplicate-organization')
  })

  it('do not share an LDAP group', () => {
    const teams = { developers: { role: 'developer', ldapGroup: 'cn=acme ,dc=BANK' } }
    expect(messages([acme, { ...bolt, teams }])).toEqual([
      "tenants/acme.ts fleet/shared-ldap-group: The LDAP group 'CN=Acme,DC=bank' belongs to bolt too (tenants/bolt.ts:10).",
      "tenants/bolt.ts fleet/shared-ldap-group: The LDAP group 'cn=acme,dc=BANK' belongs to acme too (tenants/acme.ts:10).",
    ])
  })

  it('may give two teams of their own the same LDAP group', () => {
    const { developers } = acme.teams
    expect(
      messages([{ ...acme, teams: { developers, operators: { ...developers, role: 'operator' } } }]),
    ).toEqual([])
  })

  it('have LDAP groups that Vault can tell apart', () => {
    const teams = { developers: { role: 'developer', ldapGroup: 'CN=ACME,OU=Other,DC=bank' } }
    expect(messages([acme, { ...bolt, teams }])).toEqual([
      "tenants/bolt.ts fleet/shared-common-name: The LDAP groups 'CN=ACME,OU=Other,DC=bank' and 'CN=Acme,DC=bank' (tenants/acme.ts:10) have the same common name.",
    ])
  })

  it('are not called like an account', () => {
    expect(messages([{ ...acme, teams: { dev: { role: 'developer', members: ['bolt'] } } }, bolt])).toEqual([
      "tenants/acme.ts fleet/account-is-organization: The account 'bolt' is called like an organization.",
    ])
  })

  it('do not share a CI account', () => {
    const ci = { offers: { 'run/std': {}, 'build/std': {} }, ci: { agents: { max: 1 }, account: 'svc-ci' } }
    expect(
      codesOf(
        fleetOf([
          { ...acme, ...ci },
          { ...bolt, ...ci },
        ]),
      ),
    ).toEqual(['tenants/acme.ts fleet/shared-ci-account', 'tenants/bolt.ts fleet/shared-ci-account'])
  })
})

describe('subnets', () => {
  it('do not overlap: an issue on both, with the other place and a free block', () => {
    const tenants = [
      withNetworks(acme, { back: overlay('10.1.0.0/24') }),
      withNetworks(bolt, { core: overlay('10.1.0.128/26') }),
    ]
    expect(messages(tenants)).toEqual([
      "tenants/acme.ts fleet/overlapping-subnets: 10.1.0.0/24 of 'back' of acme on nonprod and prod overlaps 10.1.0.128/26 of 'core' of bolt (tenants/bolt.ts:27).",
      "tenants/bolt.ts fleet/overlapping-subnets: 10.1.0.128/26 of 'core' of bolt on nonprod and prod overlaps 10.1.0.0/24 of 'back' of acme (tenants/acme.ts:27).",
    ])
    expect(hints(tenants)[1]).toBe(
      'Free on nonprod is for example 10.0.0.0/26; set it as `subnet`, or for nonprod alone in `clusters.nonprod.networks.core`.',
    )
  })

  it('may be the same on clusters apart', () => {
    const only = (name: string) => ({
      clusters: { [name]: {} },
      applications: { shop: { environments: [name === 'prod' ? 'prod' : 'dev'] } },
    })
    const networks = { back: overlay('10.1.0.0/24') }
    expect(
      messages([withNetworks(acme, networks, only('nonprod')), withNetworks(bolt, networks, only('prod'))]),
    ).toEqual([])
  })

  it('do not overlap on a VLAN that two clusters reach', () => {
    const reaching: ClusterInput = { ...prod, vlans: nonprod.vlans }
    const moved = { ...reaching, publicPool: nonprod.publicPool && { ...nonprod.publicPool, vlan: 4000 } }
    const tenant = withNetworks(acme, { bank: vpn('10.64.1.0/28') })
    expect(messages([tenant], [nonprod, moved])).toEqual([
      "tenants/acme.ts fleet/overlapping-subnets: 10.64.1.0/28 of 'bank' of acme on nonprod overlaps 10.64.1.0/28 of 'bank' of acme on prod (tenants/acme.ts:28).",
      "tenants/acme.ts fleet/overlapping-subnets: 10.64.1.0/28 of 'bank' of acme on prod overlaps 10.64.1.0/28 of 'bank' of acme on nonprod (tenants/acme.ts:28).",
    ])
  })

  it('lie in the space of their clusters', () => {
    expect(
      messages([withNetworks(acme, { back: overlay('192.168.0.0/24'), bank: vpn('10.200.0.0/28') })]),
    ).toEqual([
      "tenants/acme.ts tenant/subnet-outside: The subnet 192.168.0.0/24 of 'back' lies outside 10.0.0.0/10 on nonprod and prod.",
      "tenants/acme.ts tenant/subnet-outside: The subnet 10.200.0.0/28 of 'bank' lies outside 10.64.0.0/12 on nonprod.",
      "tenants/acme.ts tenant/subnet-outside: The subnet 10.200.0.0/28 of 'bank' lies outside 10.80.0.0/12 on prod.",
    ])
  })

  it('leave the gateway alone', () => {
    const here = { clusters: { nonprod: {} }, applications: { shop: { environments: ['dev'] } } }
    expect(messages([withNetworks(acme, { bank: vpn('10.64.0.0/28') }, here)])).toEqual([
      "tenants/acme.ts tenant/gateway-in-subnet: The subnet 10.64.0.0/28 of 'bank' holds the gateway 10.64.0.1 of its VLAN on nonprod.",
    ])
  })

  it('of public networks fit the pool and do not meet', () => {
    const small: ClusterInput = {
      ...nonprod,
      ...(nonprod.publicPool === undefined
        ? {}
        : { publicPool: { ...nonprod.publicPool, subnet: '192.0.2.0/28', gateway: '192.0.2.1' } }),
    }
    const here = { clusters: { nonprod: {} }, applications: { shop: { environments: ['dev'] } } }
    const pub = (subnet?: string) => ({
      web: { kind: 'public' as const, addresses: 1, ...(subnet ? { subnet } : {}) },
    })
    expect(
      codesOf(fleetOf([withNetworks(acme, { web: { kind: 'public', addresses: 40 } }, here)], [small, prod])),
    ).toEqual(['tenants/acme.ts tenant/no-public-block'])
    expect(codesOf(fleetOf([withNetworks(acme, pub('192.0.2.0/30'), here)], [small, prod]))).toEqual([
      'tenants/acme.ts tenant/no-public-block',
    ])
    const both = [
      withNetworks(acme, pub('192.0.2.8/30'), here),
      withNetworks(bolt, pub('192.0.2.8/30'), here),
    ]
    expect(messages(both, [small, prod])).toHaveLength(2)
    expect(hints(both, [small, prod])[0]).toMatch(/^Free on nonprod is for example 192\.0\.2\.4\/30;/)
    const { publicPool: _, ...without } = nonprod
    expect(codesOf(fleetOf([withNetworks(acme, pub(), here)], [without, prod]))).toEqual([
      'tenants/acme.ts tenant/no-public-pool',
    ])
  })

  it('of CI networks can be pinned, inside the space for CI and apart', () => {
    const ci = (subnet: string) => ({
      offers: { 'run/std': {}, 'build/std': {} },
      ci: { agents: { max: 1 }, subnet },
    })
    expect(messages([{ ...acme, ...ci('10.1.0.0/28') }])).toEqual([
      'tenants/acme.ts tenant/subnet-outside: The CI subnet 10.1.0.0/28 lies outside 10.128.0.0/9 on nonprod and prod.',
    ])
    const tenants = [
      { ...acme, ...ci('10.128.0.0/28') },
      { ...bolt, ...ci('10.128.0.0/28') },
    ]
    expect(codesOf(fleetOf(tenants))).toEqual([
      'tenants/acme.ts fleet/overlapping-subnets',
      'tenants/bolt.ts fleet/overlapping-subnets',
    ])
    expect(hints(tenants)[0]).toContain(
      '10.128.0.16/28; set it as `subnet`, or for nonprod alone in `clusters.nonprod.ci`',
    )
  })
})

describe('what clusters do not have', () => {
  it.each([
    [
      'a back end',
      { volumes: { data: { backend: 'nsf', size: '1Gi' } } },
      "tenant/unknown-backend: There is no storage back end 'nsf' on nonprod and prod.",
    ],
    [
      'a VLAN',
      { networks: { bank: { kind: 'vpn', vlan: 'partner', subnet: '10.64.1.0/28' } } },
      "tenant/unknown-vlan: There is no VLAN 'partner' on nonprod and prod.",
    ],
    [
      'a machine',
      { offers: { 'run/std': {}, 'run/edge': { pool: { machine: 'huge', min: 1, max: 1 } } } },
      "tenant/unknown-machine: There is no machine 'huge' on nonprod and prod.",
    ],
    [
      'a cluster',
      { clusters: { nonprod: {}, prod: {}, pord: {} } },
      "tenant/unknown-cluster: There is no cluster 'pord'.",
    ],
    [
      'a stage',
      { clusters: { nonprod: {} } },
      "tenant/stage-without-cluster: The environment 'prod' runs nowhere: the organization is on nonprod (nonprod).",
    ],
    [
      'storage',
      { volumes: { data: { backend: 'nfs', size: '1Ti' } } },
      'tenant/storage-over-quota: The volumes add up to 1Ti, over the storage quota of 256Gi on nonprod and prod.',
    ],
    [
      'room for agents',
      { offers: { 'run/std': {}, 'build/std': {} }, ci: { agents: { max: 8 } } },
      'tenant/ci-over-quota: 8 agents and the controller take 9 of cpu, over the quota of 8 on nonprod and prod.',
    ],
  ])('names %s', (_name, change, expected) => {
    expect(messages([{ ...acme, ...change }])).toEqual([`tenants/acme.ts ${expected}`])
  })

  it('names an offer without a pool', () => {
    const { build: _, ...pools } = nonprod.pools
    expect(
      messages([{ ...acme, offers: { 'run/std': {}, 'build/std': {} } }], [{ ...nonprod, pools }, prod]),
    ).toEqual([
      "tenants/acme.ts tenant/offer-unavailable: There is no pool for the offer 'build/std' on nonprod.",
    ])
  })

  it('adds quotas up', () => {
    const tight = { ...nonprod, capacity: { ...nonprod.capacity, cpu: '12' } }
    expect(messages([acme, bolt], [tight, prod])).toEqual([
      'stacks/nonprod.ts fleet/over-capacity: The cpu quotas of 2 organizations on nonprod add up to 16; its capacity is 12.',
    ])
    expect(hints([acme, bolt], [tight, prod])).toEqual([
      'Lower quotas (the largest: acme 8, bolt 8), or raise the capacity with the pools behind it.',
    ])
  })

  it('does not repeat what follows from a wrong cluster file', () => {
    expect(
      codesOf(
        fleetOf([{ ...acme, clusters: { nonprod: {}, prod: {} } }], [nonprod, { ...prod, stage: 'x' }]),
      ),
    ).toEqual(['stacks/prod.ts cluster/wrong-value'])
  })
})

describe('clusters', () => {
  const dedicated = { ...prod, tenancy: { kind: 'dedicated', organizations: ['bolt'] } }

  it('that are dedicated take only the named', () => {
    const named = {
      ...acme,
      clusters: { nonprod: {}, prod: {} },
      applications: { shop: { environments: ['dev'] } },
    }
    expect(messages([named, bolt], [nonprod, dedicated])).toEqual([
      'tenants/acme.ts tenant/not-admitted: The cluster prod is dedicated to bolt.',
    ])
  })

  it('are dedicated to organizations that there are', () => {
    const dev = { ...acme, applications: { shop: { environments: ['dev'] } } }
    expect(codesOf(fleetOf([dev], [nonprod, dedicated]))).toEqual([
      'stacks/prod.ts cluster/unknown-organization',
    ])
  })

  it('leave nobody without one', () => {
    expect(codesOf(fleetOf([acme, bolt], [dedicated]))).toContain('tenants/acme.ts tenant/no-cluster')
  })

  it('have endpoints and folders of their own', () => {
    const twin = {
      ...prod,
      endpoints: {
        ...nonprod.endpoints,
        ucp: 'https://UCP.nonprod.bank.example/',
        registry: prod.endpoints.registry,
      },
      vsphere: nonprod.vsphere,
    }
    expect(codesOf(fleetOf([], [nonprod, twin]))).toEqual([
      'stacks/prod.ts fleet/shared-endpoint',
      'stacks/prod.ts fleet/shared-endpoint',
      'stacks/prod.ts fleet/shared-endpoint',
      'stacks/prod.ts fleet/shared-folder',
    ])
  })

  it('are needed', () => {
    expect(codesOf(parseFleet([tenantText(acme)]))).toEqual(['- fleet/no-clusters'])
  })
})

describe('names that meet', () => {
  const named = (organization: string, more: object): TenantInput => ({
    ...acme,
    organization,
    teams: { developers: { role: 'developer', members: ['ann'] } },
    ...more,
  })

  it.each([
    [
      'networks',
      named('retail', { networks: { 'bank-web': overlay('10.1.0.0/26') } }),
      named('retail-bank', { networks: { web: overlay('10.1.1.0/26') } }),
    ],
    [
      'volumes',
      named('retail', { volumes: { 'bank-data': { backend: 'nfs', size: '1Gi' } } }),
      named('retail-bank', { volumes: { data: { backend: 'nfs', size: '1Gi' } } }),
    ],
    [
      'a network and CI',
      named('retail', { networks: { 'bank-jenkins': overlay('10.1.0.0/26') } }),
      named('retail-bank', { offers: { 'run/std': {}, 'build/std': {} }, ci: { agents: { max: 1 } } }),
    ],
  ])('are found: %s', (_name, one, other) => {
    expect(new Set(codesOf(fleetOf([one, other])))).toEqual(
      new Set(['tenants/retail-bank.ts fleet/name-collision', 'tenants/retail.ts fleet/name-collision']),
    )
  })

  it('are found between an edge pool and a pool of the cluster', () => {
    const pools = { ...nonprod.pools, 'acme-edge': { offer: 'run/std', machine: 'large', min: 1, max: 1 } }
    const offers = { 'run/std': {}, 'run/edge': { pool: { machine: 'large', min: 1, max: 1 } } }
    expect(codesOf(fleetOf([{ ...acme, offers }], [{ ...nonprod, pools }, prod]))).toEqual([
      'tenants/acme.ts fleet/name-collision',
    ])
  })
})

describe('hosts', () => {
  it('of two clusters have names of their own', () => {
    const pool = { offer: 'run/std', machine: 'large', min: 1, max: 1 }
    const first = { ...nonprod, pools: { ...nonprod.pools, 'x-std': pool } }
    const second = {
      ...prod,
      cluster: 'nonprod-x',
      pools: { std: { ...pool, max: 500 }, build: { ...pool, offer: 'build/std', max: 100 } },
    }
    expect(messages([], [first, second])).toEqual([
      "stacks/nonprod-x.ts fleet/name-collision: The hosts of the pool 'std' of nonprod-x and 'x-std' of nonprod are both called nonprod-x-std-01.",
    ])
  })
})

describe('fleets', () => {
  it('of the samples are sound, sorted by name', async () => {
    const result = await loadFleet(checkout)
    expect(issuesOf(result)).toEqual([])
    const organizations = result.ok ? result.value.tenants.map(({ value }) => value.organization) : []
    expect(organizations).toEqual([...organizations].sort())
    expect(organizations.length).toBeGreaterThanOrEqual(6)
  })

  it('of a dedicated cluster are sound', async () => {
    expect(issuesOf(await loadFleet(join(checkout, 'test/fixtures/claas')))).toEqual([])
  })

  it('without their folders are an issue', async () => {
    expect(codesOf(await loadFleet(join(checkout, 'docs')))).toEqual([
      '- fleet/no-folder',
      '- fleet/no-folder',
    ])
  })

  it('that are generated are sound, whatever the seed', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 40 }), (seed, count) => {
        expect(issuesOf(parseFleet(generateFleet(count, seed)))).toEqual([])
      }),
      { numRuns: 15 },
    )
  })

  it('do not depend on the order of files', () => {
    const files = generateFleet(12, 3)
    const broken = files.map((file) => ({ ...file, text: file.text.replace("'medium'", "'mediun'") }))
    fc.assert(
      fc.property(fc.shuffledSubarray(broken, { minLength: broken.length }), (shuffled) => {
        expect(issuesOf(parseFleet(shuffled))).toEqual(issuesOf(parseFleet(broken)))
      }),
      { numRuns: 10 },
    )
  })
})
