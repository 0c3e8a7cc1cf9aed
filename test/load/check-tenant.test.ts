import { describe, expect, it } from 'vitest'
import { acme, fleetOf, issuesOf, tenantText, textAt } from './fleet-of.ts'

/** `code at text` of every issue of the smallest tenant with a change. */
const found = (change: object): string[] => {
  const { text } = tenantText({ ...acme, ...change })
  return issuesOf(fleetOf([{ ...acme, ...change }])).map((issue) => `${issue.code} at ${textAt(issue, text)}`)
}

const group = 'CN=Acme,DC=bank'
const overlay = (subnet: string) => ({ networks: { web: { kind: 'overlay', subnet } } })

describe('what a tenant file cannot say', () => {
  it.each([
    [
      'an owner who is the lead',
      { technicalLead: 'Ann@bank.example' },
      ['tenant/owner-is-technical-lead at "Ann@bank.example"'],
    ],
    ['a name that is taken', { organization: 'platform' }, ['tenant/reserved-name at "platform"']],
    ['a team of nobody', { teams: { dev: { role: 'developer' } } }, ['tenant/team-without-members at "dev"']],
    [
      'a team of no members',
      { teams: { dev: { role: 'developer', members: [] } } },
      ['tenant/team-without-members at "dev"'],
    ],
    [
      'a team of both',
      { teams: { dev: { role: 'developer', ldapGroup: group, members: ['ann'] } } },
      ['tenant/team-with-both at "members"'],
    ],
    [
      'a member twice',
      { teams: { dev: { role: 'developer', members: ['ann', 'ann'] } } },
      ['tenant/duplicate-entry at "ann"'],
    ],
    [
      'an unknown application of a team',
      { teams: { dev: { role: 'developer', ldapGroup: group, applications: ['shoop'] } } },
      ['tenant/unknown-application at "shoop"'],
    ],
    [
      'an unknown application of a volume',
      { volumes: { data: { backend: 'nfs', size: '1Gi', application: 'x' } } },
      ['tenant/unknown-application at "x"'],
    ],
    [
      'an unknown application of a network',
      { networks: { web: { kind: 'overlay', subnet: '10.0.0.0/24', application: 'toString' } } },
      ['tenant/wrong-value at "toString"'],
    ],
    [
      'an environment twice',
      { applications: { shop: { environments: ['dev', 'dev'] } } },
      ['tenant/duplicate-entry at "dev"'],
    ],
    [
      'a repository twice',
      {
        applications: {
          shop: { environments: ['dev'], repositories: ['api'] },
          desk: { environments: ['dev'], repositories: ['api'] },
        },
      },
      ['tenant/duplicate-repository at "api"'],
    ],
    [
      'a repository of released images',
      { applications: { shop: { environments: ['prod'], repositories: ['api', 'api-prod'] } } },
      ['tenant/release-repository at "api-prod"'],
    ],
    [
      'an edge offer without a pool',
      { offers: { 'run/std': {}, 'run/edge': {} } },
      ['tenant/pool-missing at "run/edge"'],
    ],
    [
      'a pool of a shared offer',
      { offers: { 'run/std': { pool: { machine: 'large', min: 1, max: 2 } } } },
      ['tenant/pool-not-allowed at "pool"'],
    ],
    [
      'a pool upside down',
      { offers: { 'run/std': {}, 'run/edge': { pool: { machine: 'large', min: 3, max: 2 } } } },
      ['tenant/pool-range at 3'],
    ],
    ['an application without its offer', { offers: { 'build/std': {} } }, ['tenant/offer-missing at "shop"']],
    [
      'an edge application without the offer',
      { applications: { shop: { environments: ['dev'], offer: 'run/edge' } } },
      ['tenant/offer-missing at "offer"'],
    ],
    ['CI without builds', { ci: { agents: { max: 1 } } }, ['tenant/offer-missing at "ci"']],
    ['a subnet with host bits', overlay('10.0.0.1/24'), ['tenant/wrong-subnet at "10.0.0.1/24"']],
    ['no subnet', overlay('10.0.0.256/24'), ['tenant/wrong-subnet at "10.0.0.256/24"']],
    ['a subnet too large', overlay('10.0.0.0/12'), ['tenant/wrong-subnet at "10.0.0.0/12"']],
    ['a subnet too small', overlay('10.0.0.0/30'), ['tenant/wrong-subnet at "10.0.0.0/30"']],
    [
      'an override of no network',
      { clusters: { nonprod: {}, prod: { networks: { web: { subnet: '10.0.0.0/24' } } } } },
      ['tenant/override-of-nothing at "web"'],
    ],
    [
      'an override of no volume',
      { clusters: { nonprod: {}, prod: { volumes: { data: { size: '1Gi' } } } } },
      ['tenant/override-of-nothing at "data"'],
    ],
    [
      'an override of no CI',
      { clusters: { nonprod: {}, prod: { ci: { agents: { max: 2 } } } } },
      ['tenant/override-of-nothing at "ci"'],
    ],
    [
      'addresses of an overlay',
      { ...overlay('10.0.0.0/24'), clusters: { nonprod: {}, prod: { networks: { web: { addresses: 2 } } } } },
      ['tenant/addresses-not-public at "addresses"'],
    ],
    [
      'an overridden subnet with host bits',
      {
        ...overlay('10.0.0.0/24'),
        clusters: { nonprod: {}, prod: { networks: { web: { subnet: '10.0.1.1/24' } } } },
      },
      ['tenant/wrong-subnet at "10.0.1.1/24"'],
    ],
  ])('refuses %s', (_name, change, expected) => {
    expect(found(change)).toEqual(expected)
  })

  it('names the subnet that was meant', () => {
    expect(issuesOf(fleetOf([{ ...acme, ...overlay('10.1.2.77/26') }]))).toMatchObject([
      {
        message: "'10.1.2.77/26' has host bits that are not zero.",
        hint: 'The subnet around it is 10.1.2.64/26.',
      },
    ])
  })
})
