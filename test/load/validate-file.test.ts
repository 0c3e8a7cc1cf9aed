import { describe, expect, it } from 'vitest'
import { parseFleet } from '../../src/load/load-fleet.ts'
import {
  acme,
  clusterText,
  codesOf,
  fleetOf,
  issuesOf,
  nonprod,
  prod,
  tenantText,
  textAt,
} from './fleet-of.ts'

const tenantIssues = (change: object) => issuesOf(fleetOf([{ ...acme, ...change }]))

const shown = (change: object): string[] => {
  const { text } = tenantText({ ...acme, ...change })
  return tenantIssues(change).map(
    (issue) => `${issue.code} at ${textAt(issue, text)}: ${issue.message} ${issue.hint}`,
  )
}

describe('fields', () => {
  it('accepts the smallest tenant, of eight fields', () => {
    expect(Object.keys(acme)).toHaveLength(8)
    expect(tenantIssues({})).toEqual([])
  })

  it.each([
    [
      { networkz: {} },
      [
        'tenant/unknown-field at "networkz": There is no field `networkz`. Did you mean \'networks\'? Known are organization, displayName, size, owner, technicalLead, costCentre, reservation, quota, teams, offers, applications, networks, …',
      ],
    ],
    [
      { size: 'medum' },
      [
        "tenant/wrong-value at \"medum\": `size` is 'medum', which is not one of small, medium, large, xlarge. Did you mean 'medium'? Known are small, medium, large, xlarge.",
      ],
    ],
    [
      { owner: 5 },
      [
        'tenant/wrong-type at 5: `owner` is 5; text is expected. Who answers for the organization; differs from `technicalLead`.',
      ],
    ],
    [
      { owner: 'ann' },
      [
        'tenant/wrong-value at "ann": `owner` is \'ann\'; expected is an e-mail address, e.g. claire.martin@bank.example. Who answers for the organization; differs from `technicalLead`.',
      ],
    ],
    [
      { offers: { 'run/std': {}, 'run/st': {} } },
      [
        'tenant/unknown-field at "run/st": There is no field `run/st` in `offers`. Did you mean \'run/std\'? Known are run/std, run/edge, build/std.',
      ],
    ],
    [
      { teams: { Dev_Ops: { role: 'developer', members: ['ann'] } } },
      [
        "tenant/wrong-name at \"Dev_Ops\": 'Dev_Ops' is no name: a team is lower-case letters, digits and single hyphens, and starts with a letter. Write for example 'dev-ops'.",
      ],
    ],
    [
      { networks: { web: { kind: 'overlai', subnet: '10.0.0.0/24' } } },
      [
        "tenant/wrong-value at \"overlai\": `networks.web.kind` is 'overlai', which is not one of overlay, vpn, public. Did you mean 'overlay'? Known are overlay, vpn, public.",
      ],
    ],
    [
      { volumes: { data: { backend: 'nfs', size: '10GB' } } },
      [
        "tenant/wrong-value at \"10GB\": `volumes.data.size` is '10GB'; expected is a size with a binary unit, e.g. '512Mi', '4Gi' or '2Ti'. How much it may hold, e.g. `'200Gi'`.",
      ],
    ],
    [
      { quota: { cpu: '0' } },
      [
        "tenant/wrong-value at \"0\": `quota.cpu` is '0'; expected is a number of CPUs as text, e.g. '2', '0.5' or '500m'. CPU limits of its containers added up; the size class's where absent.",
      ],
    ],
    [
      { displayName: 'a\u0007b' },
      [
        'tenant/wrong-value at "a\\u0007b": `displayName` is \'a\u0007b\'; expected is one line of plain text. Its name for people; `organization` where absent.',
      ],
    ],
    [
      { applications: { shop: { environments: [] } } },
      [
        'tenant/wrong-value at []: `applications.shop.environments` is an array; at least 1 entry is expected. Where it runs.',
      ],
    ],
  ])('says what is wrong with %j', (change, expected) => {
    expect(shown(change)).toEqual(expected)
  })

  it('says which field is missing, at the object that lacks it', () => {
    const { costCentre: _, ...without } = acme
    expect(issuesOf(fleetOf([without]))).toMatchObject([
      {
        code: 'tenant/missing-field',
        message: 'The field `costCentre` is missing.',
        hint: 'Where usage is charged.',
        source: { file: 'tenants/acme.ts', line: 1, column: 16 },
      },
    ])
    expect(tenantIssues({ teams: { dev: {} } })).toMatchObject([
      {
        code: 'tenant/missing-field',
        message: 'The field `teams.dev.role` is missing.',
        source: { line: 8, column: 3 },
      },
    ])
    expect(tenantIssues({ networks: { web: {} } })).toMatchObject([
      { message: 'The field `networks.web.kind` is missing.', hint: 'It is one of overlay, vpn, public.' },
    ])
  })

  it('reports every mistake of every file at once, sorted', () => {
    const result = fleetOf(
      [
        { ...acme, size: 'big', owner: 'x' },
        { ...acme, organization: 'bolt', nope: 1 },
      ],
      [nonprod, { ...prod, stage: 'live' }],
    )
    expect(codesOf(result)).toEqual([
      'stacks/prod.ts cluster/wrong-value',
      'tenants/acme.ts tenant/wrong-value',
      'tenants/acme.ts tenant/wrong-value',
      'tenants/bolt.ts tenant/unknown-field',
    ])
  })
})

describe('file names', () => {
  it('refuses a file named after another organization', () => {
    const { text } = tenantText(acme)
    const result = issuesOf(fleetOf([], [nonprod, prod]))
    expect(result).toEqual([])
    expect(issuesOf(misnamed(text))).toMatchObject([
      {
        code: 'tenant/misnamed-file',
        message: "The file other.ts describes the organization 'acme'.",
        source: { file: 'tenants/other.ts', line: 2, column: 18 },
        hint: "Rename the file to acme.ts, or set organization to 'other'.",
      },
    ])
  })

  it('refuses a cluster file named after another cluster', () => {
    expect(codesOf(fleetOf([], [nonprod, { ...prod, cluster: 'nonprod2' }]))).toEqual([])
    expect(codesOf(misnamedCluster())).toEqual(['stacks/other.ts cluster/misnamed-file'])
  })
})

const misnamed = (text: string) =>
  parseFleet([clusterText(nonprod), clusterText(prod), { file: 'tenants/other.ts', text }])

const misnamedCluster = () =>
  parseFleet([clusterText(nonprod), { ...clusterText(prod), file: 'stacks/other.ts' }])
