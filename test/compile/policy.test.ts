import { describe, expect, it } from 'vitest'
import { compile, compilePlatform, compileTenant } from '../../src/compile/compile.ts'
import { nameCollisions, policyIssues } from '../../src/compile/policy.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import type { Grant } from '../../src/model/grant.ts'
import type { Resource } from '../../src/model/resource.ts'
import { Tenant } from '../../src/tenant/schema.ts'
import { nonprod, prod } from './fixtures/clusters.ts'
import { acme, minimal, other } from './fixtures/tenants.ts'

const state = compileTenant(acme, prod)

const grant = (changes: Partial<Grant>): Grant => ({
  kind: 'Grant',
  key: 'grant/test',
  concern: 'access',
  dependsOn: [],
  subject: { kind: 'team', organization: 'acme', team: 'developers' },
  role: 'scheduler',
  collection: '/Run/Std',
  ...changes,
})

const withResource = (resource: Resource): StackState => ({
  ...state,
  resources: [...state.resources, resource],
})

const codes = (changed: StackState): readonly string[] =>
  policyIssues(changed, 'prod').map(({ code }) => code)

describe('policyIssues', () => {
  it('finds nothing in what is compiled', () => {
    for (const cluster of [nonprod, prod])
      for (const compiled of compile([acme, minimal, other], cluster).stacks)
        expect(policyIssues(compiled, cluster.stage)).toEqual([])
  })

  it.each([
    ['the root', '/'],
    ['above an offer', '/Run'],
    ['everyone’s shared nodes', '/Shared'],
    ['the edge offer, where other organizations’ nodes are', '/Run/Edge'],
    ['another organization’s nodes', '/Run/Edge/other'],
    ['an organization whose name begins alike', '/Run/Edge/acme-two'],
    ['the platform’s managers', '/System'],
  ])('refuses a scheduler on %s', (_what, collection) => {
    expect(codes(withResource(grant({ collection })))).toEqual(['policy/scheduler-too-high'])
  })

  it.each(['/Run/Std', '/Build/Std', '/Run/Edge/acme', '/Run/Edge/acme/trading'])(
    'takes a scheduler on %s',
    (collection) => {
      expect(codes(withResource(grant({ collection })))).toEqual([])
    },
  )

  it('sees that a role of ours schedules', () => {
    const role: Resource = {
      kind: 'Role',
      key: 'role/test',
      concern: 'access',
      dependsOn: [],
      name: 'sneaky',
      operations: { Node: { 'Node Schedule': [] } },
    }
    const resources = [...state.resources, role, grant({ role: 'sneaky', collection: '/Run' })]
    expect(codes({ ...state, resources })).toEqual(['policy/foreign-collection', 'policy/scheduler-too-high'])
  })

  it('refuses what reaches another organization', () => {
    const role = 'viewonly'
    expect(codes(withResource(grant({ role, collection: '/Run/Std/other' })))).toEqual([
      'policy/foreign-collection',
    ])
    expect(
      codes(
        withResource(
          grant({
            role,
            collection: '/Run/Std/acme',
            subject: { kind: 'team', organization: 'other', team: 'all' },
          }),
        ),
      ),
    ).toEqual(['policy/foreign-subject'])
    expect(
      codes(
        withResource(
          grant({
            role,
            collection: '/Run/Std/acme',
            subject: { kind: 'organization', organization: 'docker-datacenter' },
          }),
        ),
      ),
    ).toEqual(['policy/foreign-subject'])
  })

  it.each(['fullcontrol', 'restrictedcontrol', 'somebody-made-this'])('refuses a grant of %s', (role) => {
    expect(codes(withResource(grant({ role, collection: '/Run/Std/acme' })))).toEqual([
      'policy/unchecked-role',
    ])
  })

  it('refuses a developer who does more than look at production', () => {
    const resources = state.resources.map((resource) =>
      resource.kind === 'Role' && resource.name.startsWith('developer-prod')
        ? { ...resource, operations: { Service: { 'Service Update': [], 'Service View': [] } } }
        : resource,
    )
    expect(codes({ ...state, resources })).toEqual(['policy/production-developer'])
  })

  it('refuses a service without a CPU limit', () => {
    const resources = state.resources.map((resource) =>
      resource.kind === 'DockerService' ? { ...resource, cpuLimitMillis: 0 } : resource,
    )
    expect(codes({ ...state, resources })).toEqual(['policy/no-limit'])
  })

  it('refuses a grant in the platform’s stack', () => {
    const platform = compilePlatform(prod)
    expect(codes({ ...platform, resources: [grant({})] })).toEqual(['policy/platform-grant'])
  })
})

describe('nameCollisions', () => {
  it('finds names of two organizations that meet', () => {
    const network = { kind: 'overlay', subnet: '10.64.9.0/24' }
    const first = Tenant.parse({ ...minimal, organization: 'retail', networks: { 'banking-web': network } })
    const second = Tenant.parse({ ...minimal, organization: 'retail-banking', networks: { web: network } })
    expect(
      nameCollisions(compile([first, second, acme], nonprod).stacks).map(({ message }) => message),
    ).toEqual([
      'Network retail-banking-web would be both network/banking-web of nonprod.retail and network/web of nonprod.retail-banking.',
    ])
  })
})
