import fc from 'fast-check'
import { Environment, JobRole, ReservationPolicy, SizeClass, Tenant } from '../../src/tenant/schema.ts'

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,6}(?:-[a-z0-9]{1,6}){0,2}$/)
const longName = fc.stringMatching(/^[a-z][a-z0-9]{30,38}$/)
const anyName = fc.oneof({ weight: 9, arbitrary: name }, { weight: 1, arbitrary: longName })
const account = fc.stringMatching(/^[a-z][a-z0-9.]{1,10}$/)

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })

/** Without the fields that are undefined, as a file would be. */
const compact = <T extends object>(value: T): object =>
  Object.fromEntries(Object.entries(value).filter(([, child]) => child !== undefined))

const names = (size: { minLength: number; maxLength: number }) => fc.uniqueArray(anyName, size)

const keyed = <T>(keys: readonly string[], values: readonly T[]): Record<string, T> =>
  Object.fromEntries(keys.flatMap((key, index) => (index in values ? [[key, values[index] as T]] : [])))

const application = (edge: boolean) =>
  fc
    .record({
      environments: fc.uniqueArray(fc.constantFrom(...Environment.options), { minLength: 1 }),
      repositories: maybe(fc.uniqueArray(fc.stringMatching(/^r[a-z]{1,5}$/), { maxLength: 3 })),
      reservation: maybe(fc.constantFrom(...ReservationPolicy.options)),
      offer: maybe(edge ? fc.constantFrom('run/std', 'run/edge') : fc.constant('run/std')),
      secrets: maybe(fc.uniqueArray(name, { maxLength: 2 })),
    })
    .map(compact)

const team = (applications: readonly string[]) =>
  fc
    .record({
      role: fc.constantFrom(...JobRole.options),
      holder: fc.oneof(
        fc.stringMatching(/^[A-Z]{2,5}$/).map((cn) => ({ ldapGroup: `CN=${cn},OU=Groups,DC=bank` })),
        fc.uniqueArray(account, { maxLength: 3 }).map((members) => ({ members })),
      ),
      applications: maybe(fc.subarray([...applications], { minLength: 1 })),
    })
    .map(({ holder, ...rest }) => compact({ ...rest, ...holder }))

const network = (applications: readonly string[]) =>
  fc
    .tuple(
      fc.oneof(
        fc.record({ kind: fc.constant('overlay'), subnet: fc.constant('10.64.1.0/24') }),
        fc.record({
          kind: fc.constant('vpn'),
          vlan: fc.constant('partners'),
          subnet: fc.constant('10.80.3.0/28'),
        }),
        fc.record({ kind: fc.constant('public'), addresses: fc.integer({ min: 1, max: 13 }) }),
      ),
      maybe(fc.constantFrom(...applications)),
    )
    .map(([kind, owner]) => compact({ ...kind, application: owner }))

const volume = (applications: readonly string[]) =>
  fc
    .record({
      backend: fc.constantFrom('files', 'shares', 'blocks', 'objects'),
      size: fc.constantFrom('10Gi', '2Ti'),
      application: maybe(fc.constantFrom(...applications)),
      access: maybe(fc.constantFrom('simple', 'secured')),
    })
    .map(compact)

const ci = fc
  .record({
    agents: fc.record({ max: fc.integer({ min: 1, max: 100 }) }),
    account: maybe(account),
  })
  .map(compact)

const body = (organization: string, applications: readonly string[], edge: boolean) =>
  fc
    .record({
      size: fc.constantFrom(...SizeClass.options),
      reservation: maybe(fc.constantFrom(...ReservationPolicy.options)),
      applications: fc
        .array(application(edge), { minLength: applications.length, maxLength: applications.length })
        .map((values) => keyed(applications, values)),
      teams: fc.dictionary(name, team(applications), { maxKeys: 4, noNullPrototype: true }),
      networks: fc.dictionary(name, network(applications), { maxKeys: 3, noNullPrototype: true }),
      volumes: fc.dictionary(name, volume(applications), { maxKeys: 3, noNullPrototype: true }),
      ci: maybe(ci),
      build: fc.boolean(),
    })
    .map(({ build, ...rest }) =>
      Tenant.parse({
        ...compact(rest),
        organization,
        owner: 'a@bank.example',
        technicalLead: 'b@bank.example',
        costCentre: 'AB-123',
        offers: {
          'run/std': {},
          ...(edge ? { 'run/edge': { pool: { machine: 'standard', min: 1, max: 3 } } } : {}),
          ...(build ? { 'build/std': {} } : {}),
        },
      }),
    )

/** A tenant that the checks would let through on the clusters of the fixtures. */
export const arbitraryTenant = (organization: fc.Arbitrary<string>): fc.Arbitrary<Tenant> =>
  fc
    .tuple(organization, names({ minLength: 1, maxLength: 3 }), fc.boolean())
    .chain(([organizationName, applications, edge]) => body(organizationName, applications, edge))

/** Several tenants with different names. */
export const arbitraryTenants: fc.Arbitrary<readonly Tenant[]> = fc
  .uniqueArray(
    anyName.filter((text) => text.length > 1),
    { minLength: 1, maxLength: 4 },
  )
  .chain((organizations) =>
    fc.tuple(...organizations.map((organization) => arbitraryTenant(fc.constant(organization)))),
  )
