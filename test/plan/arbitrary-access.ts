import fc from 'fast-check'
import type { Operations } from '../../src/core/ucp-operations.ts'
import type { Subject } from '../../src/model/grant.ts'
import type { AccessGraph, GrantTriple, Person } from '../../src/plan/effective-access.ts'

/** Few names, so that things meet; some begin like others, so that a prefix is not taken for an ancestor. */
export const collections = [
  '/',
  '/Run',
  '/Run/Std',
  '/Run/Std/acme',
  '/Run/Std/acme/pay',
  '/Run/Std/acme-two',
  '/Run/Stdx',
  '/Shared',
  '/Shared/Private/acme',
] as const

const organizations = ['acme', 'other'] as const
const teams = ['acme/dev', 'acme/ops', 'other/dev'] as const
const users = ['ada', 'acme', 'bob'] as const

const subject: fc.Arbitrary<Subject> = fc.oneof(
  fc
    .constantFrom(...organizations, 'docker-datacenter')
    .map((organization): Subject => ({ kind: 'organization', organization })),
  fc.constantFrom(...teams).map((text): Subject => {
    const [organization = '', team = ''] = text.split('/')
    return { kind: 'team', organization, team }
  }),
  fc.constantFrom(...users).map((user): Subject => ({ kind: 'user', user })),
)

const operations: fc.Arbitrary<Operations> = fc.dictionary(
  fc.constantFrom('Service', 'Container'),
  fc.dictionary(
    fc.constantFrom('X View', 'X Create', 'X Exec', 'X Logs'),
    fc.subarray(['Host Bind Mounts', 'Privileged']),
    { maxKeys: 4, noNullPrototype: true },
  ),
  { maxKeys: 2, noNullPrototype: true },
)

const roleNames = ['r1', 'r2', 'r3'] as const

const grant: fc.Arbitrary<GrantTriple> = fc.record({
  subject,
  role: fc.constantFrom(...roleNames, 'scheduler', 'viewonly', 'none', 'nobody-knows'),
  collection: fc.constantFrom(...collections),
})

export const arbitraryGraph: fc.Arbitrary<AccessGraph> = fc.record({
  grants: fc.array(grant, { maxLength: 12 }),
  roles: fc
    .tuple(...roleNames.map(() => operations))
    .map((all) => new Map(roleNames.map((name, index) => [name, all[index] ?? {}]))),
})

export const arbitraryPerson: fc.Arbitrary<Person> = fc.record({
  user: fc.constantFrom(...users),
  teams: fc.subarray([...teams]),
  organizations: fc.subarray([...organizations]),
})

/** A subject as a person who is nothing else; `docker-datacenter` contains that person too. */
export const everySubject: readonly Subject[] = [
  ...users.map((user): Subject => ({ kind: 'user', user })),
  ...organizations.map((organization): Subject => ({ kind: 'organization', organization })),
  { kind: 'organization', organization: 'docker-datacenter' },
  ...teams.map((text): Subject => {
    const [organization = '', team = ''] = text.split('/')
    return { kind: 'team', organization, team }
  }),
]
