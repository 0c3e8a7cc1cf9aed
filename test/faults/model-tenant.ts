import fc from 'fast-check'
import { Tenant } from '../../src/tenant/schema.ts'

/** The organization of every case. */
export const organization = 'model'

/** Groups and accounts of the lab's directory. */
const ldapGroups = ['DS-Scientists', 'GIT-Engineers', 'GIT-Audit'].map(
  (name) => `CN=${name},OU=Groups,DC=bank,DC=example`,
)
const accounts = ['svc-invest-ci', 'svc-group-ci'] as const

/** Once in so many. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>, oneIn: number): fc.Arbitrary<T | undefined> =>
  fc.tuple(fc.integer({ min: 1, max: oneIn }), arbitrary).map(([n, value]) => (n === 1 ? value : undefined))

const holder = fc.oneof(
  fc.constantFrom(...ldapGroups).map((ldapGroup) => ({ ldapGroup })),
  fc.subarray([...accounts]).map((members) => ({ members })),
)

const team = fc
  .record({
    role: fc.constantFrom('viewer', 'developer', 'operator', 'ci', 'auditor'),
    holder,
    isLimited: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
    description: fc.constantFrom(undefined, 'They build it.'),
  })
  .map(({ holder: held, isLimited, description, ...rest }) => ({
    ...rest,
    ...held,
    ...(isLimited ? { applications: ['shop'] } : {}),
    ...(description === undefined ? {} : { description }),
  }))

const application = fc
  .record({
    environments: fc.constantFrom(['dev'], ['dev', 'test'], ['dev', 'prod']),
    repositories: fc.subarray(['api', 'web'], { maxLength: 1 }),
    secrets: fc.constantFrom([], [], ['keys']),
    reservation: fc.constantFrom(undefined, 'safe', 'minimum'),
    isOnEdge: fc.boolean(),
  })
  .map(({ reservation, ...rest }) => ({ ...rest, ...(reservation === undefined ? {} : { reservation }) }))

const network = fc.oneof(
  fc
    .record({
      subnet: fc.constantFrom('10.66.200.0/24', '10.66.201.0/24'),
      internal: fc.boolean(),
    })
    .map((rest) => ({ kind: 'overlay', ...rest })),
  fc.constantFrom(1, 3).map((addresses) => ({ kind: 'public', addresses })),
  fc
    .constantFrom('10.80.3.0/28', '10.80.4.0/28')
    .map((subnet) => ({ kind: 'vpn', vlan: 'partners', subnet })),
)

/** Of each name only one: what holds data is never made anew. */
const volumes = {
  data: { backend: 'nfs', size: '10Gi' },
  files: { backend: 'cifs', size: '10Gi' },
} as const

const pool = fc.record({
  machine: fc.constantFrom('standard', 'large'),
  min: fc.integer({ min: 1, max: 2 }),
  max: fc.constant(3),
})

const ci = fc.record({
  agents: fc.record({ max: fc.integer({ min: 1, max: 3 }) }),
  account: fc.constantFrom(...accounts),
})

/** The parts of a tenant file, each edited by itself. */
const parts = fc.record({
  size: fc.constantFrom('small', 'medium'),
  devs: maybe(team, 2),
  ops: maybe(team, 4),
  shop: application,
  desk: maybe(application, 6),
  inner: maybe(network, 2),
  volumes: maybe(fc.subarray(Object.keys(volumes) as (keyof typeof volumes)[]), 4),
  edge: maybe(pool, 12),
  build: fc.boolean(),
  ci: maybe(ci, 8),
})

type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never

const defined = <T>(entries: Readonly<Record<string, T | undefined>>): Record<string, T> =>
  Object.fromEntries(
    Object.entries(entries).flatMap(([name, one]) => (one === undefined ? [] : [[name, one]])),
  )

const applicationOn = (edge: boolean, one: Parts['shop'] | undefined) => {
  if (one === undefined) return undefined
  const { isOnEdge, ...rest } = one
  return { ...rest, ...(edge && isOnEdge ? { offer: 'run/edge' } : {}) }
}

const tenantOf = (given: Parts): Tenant => {
  const { devs, ops, shop, desk, inner, edge } = given
  const hasEdge = edge !== undefined
  return Tenant.parse({
    organization,
    size: given.size,
    owner: 'nadia.rossi@bank.example',
    technicalLead: 'tom.becker@bank.example',
    costCentre: 'MOD-1001',
    teams: defined({ devs, ops }),
    offers: {
      'run/std': {},
      ...(hasEdge ? { 'run/edge': { pool: edge } } : {}),
      ...(given.build || given.ci !== undefined ? { 'build/std': {} } : {}),
    },
    applications: defined({ shop: applicationOn(hasEdge, shop), desk: applicationOn(hasEdge, desk) }),
    networks: defined({ inner }),
    volumes: Object.fromEntries((given.volumes ?? []).map((name) => [name, volumes[name]])),
    ...(given.ci === undefined ? {} : { ci: given.ci }),
  })
}

/** The file with some of its parts as another has them. What holds data stays: to take it away is refused. */
const edited = (before: Parts, other: Parts, taken: readonly (keyof Parts)[]): Parts => {
  const mixed = { ...before, ...Object.fromEntries(taken.map((part) => [part, other[part]])) }
  return {
    ...mixed,
    volumes: [...new Set([...(before.volumes ?? []), ...(mixed.volumes ?? [])])],
    ci: mixed.ci ?? before.ci,
  }
}

export interface TenantEdit {
  readonly before: Tenant
  readonly after: Tenant
}

const partNames: readonly (keyof Parts)[] = [
  ...(['size', 'devs', 'ops', 'shop', 'desk', 'inner', 'volumes', 'edge', 'build', 'ci'] as const),
]

/** A tenant that the checks let through on the cluster `nonprod`, and an edit of it. */
export const tenantEdit: fc.Arbitrary<TenantEdit> = fc
  .tuple(parts, parts, fc.subarray([...partNames], { minLength: 1, maxLength: 4 }))
  .map(([before, other, taken]) => ({
    before: tenantOf(before),
    after: tenantOf(edited(before, other, taken)),
  }))
