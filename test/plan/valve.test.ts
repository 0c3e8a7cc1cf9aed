import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FleetSettings } from '../../src/fleet/schema.ts'
import { valveSettings } from '../../src/fleet/settings.ts'
import { fleetChange } from '../../src/plan/fleet-change.ts'
import { checkValve, usedOverrides } from '../../src/plan/valve.ts'
import { nonprod, prod } from '../compile/fixtures/clusters.ts'
import { acme } from '../compile/fixtures/tenants.ts'
import {
  inputOf,
  overrideOf,
  saidOf,
  statesOf,
  tenantCalled,
  tenantsNumbered,
  valveOn,
} from './valve-fleet.ts'

const thirty = tenantsNumbered(30)

/** Who is in a team, the same on both clusters. */
const onBoth = (team: string, people: readonly string[]) =>
  new Map(['nonprod', 'prod'].map((cluster) => [cluster, new Map([[team, people]])]))
const quotaTouched = { applications: { web: { environments: ['dev', 'test'], repositories: ['web'] } } }

/** The first so many of thirty with another repository. */
const touched = (count: number) => [...tenantsNumbered(count, quotaTouched), ...thirty.slice(count)]

describe('tenants that one change touches', () => {
  it('pass up to a tenth of them', () => {
    expect(saidOf(valveOn(thirty, touched(3)))).toEqual([])
  })

  it('are refused beyond, with the numbers', () => {
    const [issue, ...others] = valveOn(thirty, touched(4))
    expect(others).toEqual([])
    expect(issue).toEqual({
      code: 'valve/tenants-touched',
      message: 'One change touches 4 of 30 tenants (13.3 %), more than 10 %: t000, t001, t002, t003.',
      hint: "Split it into several changes. If it is meant, an override in overrides/ lifts 'tenants-touched' for a while.",
    })
  })

  it('pass in a small fleet one at a time: one of seven is no mass change, and two are', () => {
    const seven = tenantsNumbered(7)
    const some = (count: number) => [...tenantsNumbered(count, quotaTouched), ...seven.slice(count)]
    expect(saidOf(valveOn(seven, some(1)))).toEqual([])
    expect(saidOf(valveOn(seven, some(2)))).toEqual([
      'tenants-touched: One change touches 2 of 7 tenants (28.6 %), more than 10 %: t000, t001.',
    ])
  })

  it('are those that were there: new ones touch nobody', () => {
    expect(saidOf(valveOn(thirty, tenantsNumbered(60)))).toEqual([])
    expect(saidOf(valveOn([], thirty))).toEqual([])
  })

  it('are counted once, on however many clusters', () => {
    const both = (count: number) =>
      tenantsNumbered(count, {
        applications: { web: { environments: ['dev', 'prod'], repositories: ['w'] } },
      })
    const before = tenantsNumbered(30, { applications: { web: { environments: ['dev', 'prod'] } } })
    expect(saidOf(valveOn(before, [...both(3), ...before.slice(3)]))).toEqual([])
    expect(valveOn(before, [...both(4), ...before.slice(4)])).toHaveLength(1)
  })

  it('are a change of code or of a cluster file too', () => {
    const before = statesOf(thirty)
    const after = statesOf(thirty, [{ ...nonprod, ldap: { groupMemberAttribute: 'uniqueMember' } }, prod])
    expect(checkValve(fleetChange(before, after), inputOf())).toEqual([])
    const grouped = tenantsNumbered(30, { teams: { all: { role: 'developer', ldapGroup: 'CN=A,DC=bank' } } })
    const [issue] = checkValve(
      fleetChange(
        statesOf(grouped),
        statesOf(grouped, [{ ...nonprod, ldap: { groupMemberAttribute: 'uniqueMember' } }, prod]),
      ),
      inputOf(),
    )
    expect(issue?.message).toBe(
      'One change touches 30 of 30 tenants (100 %), more than 10 %: t000, t001, t002, t003, t004 and 25 others.',
    )
  })
})

describe('what is gone', () => {
  it('is refused from the first tenant on, whatever the share', () => {
    const [issue] = valveOn(thirty, thirty.slice(1))
    expect(issue?.code).toBe('valve/tenant-gone')
    expect(issue?.message).toBe('1 of 30 tenants (3.3 %) would be gone: t000.')
    expect(issue?.hint).toContain("an override in overrides/ lifts 'tenant-gone' for 't000'")
  })

  it('names the data that would be given up with it, ten by name', () => {
    const said = saidOf(valveOn([acme, ...thirty], thirty)).filter((one) => one.startsWith('data'))
    expect(said).toHaveLength(11)
    expect(said[0]).toContain('The secrets below orgs/acme of nonprod.acme would be given up')
    expect(said[10]).toBe('data-deleted: 2 more of this kind, in 1 stack.')
  })

  it('may be a cluster that a tenant leaves', () => {
    const both = tenantCalled('both', { clusters: { nonprod: {}, prod: {} } })
    const one = tenantCalled('both', { clusters: { nonprod: {} } })
    expect(saidOf(valveOn([both, ...thirty], [one, ...thirty]))).toEqual([
      'stack-gone: both would be gone from the cluster prod.',
      'data-deleted: The secrets below orgs/both of prod.both would be given up with the data in it.',
    ])
  })

  it('may be a cluster with all that is on it', () => {
    const change = fleetChange(statesOf(thirty), statesOf(thirty, [nonprod]))
    const said = saidOf(checkValve(change, inputOf()))
    expect(said).toContain(
      'stack-gone: The cluster prod would be gone with everything that its organizations share.',
    )
    expect(said.filter((one) => one.startsWith('stack-gone'))).toHaveLength(1)
    expect(said.filter((one) => one.startsWith('data-deleted'))).toHaveLength(11)
    expect(said).toContain('data-deleted: 20 more of this kind, in 20 stacks.')
  })

  it('is no loss once it was archived: its file may go', () => {
    const archived = tenantCalled('t000', { lifecycle: 'archived' })
    expect(saidOf(valveOn([archived, ...thirty.slice(1)], thirty.slice(1)))).toEqual([])
  })
})

describe('data', () => {
  const withVolume = (volume: object, more: object = {}) => [
    tenantCalled('t000', { volumes: { ledger: volume }, ...more }),
    ...thirty.slice(1),
  ]
  const volume = { backend: 'files', size: '10Gi' }

  it('is refused to be deleted, volume by volume', () => {
    expect(saidOf(valveOn(withVolume(volume), thirty))).toEqual([
      'data-deleted: The volume t000-ledger of nonprod.t000 would be given up with the data in it.',
      'data-deleted: The volume t000-ledger of prod.t000 would be given up with the data in it.',
    ])
  })

  it('is refused to be replaced by an empty volume', () => {
    expect(saidOf(valveOn(withVolume(volume), withVolume({ ...volume, backend: 'blocks' })))[0]).toBe(
      'data-deleted: The volume t000-ledger of nonprod.t000 would be replaced by an empty one (driver, driverOptions would be another).',
    )
  })

  it('may go by an override for that tenant', () => {
    const overrides = [overrideOf({ rules: ['data-deleted'], organizations: ['t000'] })]
    expect(valveOn(withVolume(volume), thirty, { overrides })).toEqual([])
    const other = [overrideOf({ rules: ['data-deleted'], organizations: ['t001'] })]
    expect(valveOn(withVolume(volume), thirty, { overrides: other })).toHaveLength(2)
    const stack = [overrideOf({ rules: ['data-deleted'], stacks: ['prod.t000'] })]
    expect(valveOn(withVolume(volume), thirty, { overrides: stack })).toHaveLength(1)
  })
})

describe('people', () => {
  const team = (members: readonly string[], role = 'developer') => [
    tenantCalled('t000', { teams: { all: { role, members } } }),
    ...thirty.slice(1),
  ]
  const five = ['ada', 'bob', 'cleo', 'dan', 'eve']

  it('may go up to a quarter of them', () => {
    expect(saidOf(valveOn(team(five), team(five.slice(1))))).toEqual([])
    expect(saidOf(valveOn(team(five.slice(1)), team(five.slice(2))))).toEqual([])
  })

  it('are refused to go from a small team too, where the fleet sets no floor', () => {
    const change = [team(['a', 'b', 'c']), team(['b', 'c'])] as const
    expect(saidOf(valveOn(...change))).toEqual([
      'members-removed: The team t000/all loses 1 of 3 people (33.3 %), more than 25 %.',
    ])
    const settings = valveSettings(FleetSettings.parse({ valve: { membersRemoved: { floor: 1 } } }))
    expect(saidOf(valveOn(...change, { settings }))).toEqual([])
  })

  it('are refused to go beyond', () => {
    expect(saidOf(valveOn(team(five), team(five.slice(2))))).toEqual([
      'members-removed: The team t000/all loses 2 of 5 people (40 %), more than 25 %.',
    ])
  })

  it('are counted by who they are, not by how many', () => {
    expect(saidOf(valveOn(team(five), team(['v', 'w', 'x', 'y', 'z'])))).toEqual([
      'members-removed: The team t000/all loses 5 of 5 people (100 %), more than 25 %.',
    ])
  })

  const group = (ldapGroup: string) => [
    tenantCalled('t000', { teams: { all: { role: 'developer', ldapGroup } } }),
    ...thirty.slice(1),
  ]

  it('of an LDAP group stay while the group does', () => {
    expect(saidOf(valveOn(group('CN=A,DC=bank'), group('cn=a,dc=bank')))).toEqual([])
  })

  it('of another LDAP group may all lose access', () => {
    expect(saidOf(valveOn(group('CN=A,DC=bank'), group('CN=B,DC=bank')))).toEqual([
      'members-removed: The team t000/all leaves CN=A,DC=bank: everyone in it may lose access.',
    ])
    const members = onBoth('t000/all', ['ada', 'bob'])
    expect(saidOf(valveOn(group('CN=A,DC=bank'), group('CN=B,DC=bank'), { members }))).toEqual([
      'members-removed: The team t000/all loses 2 of 2 people (100 %), more than 25 %.',
    ])
    expect(saidOf(valveOn(group('CN=A,DC=bank'), team(['ada', 'bob']), { members }))).toEqual([])
  })

  it('never fall below two who answer for a tenant', () => {
    expect(saidOf(valveOn(team(['ada', 'bob']), team(['ada'])))).toEqual([
      'owners-few: t000 keeps 1 person who may change its services, 2 before; 2 is the least.',
      'members-removed: The team t000/all loses 1 of 2 people (50 %), more than 25 %.',
    ])
    expect(saidOf(valveOn(team(['ada', 'bob']), team(['ada', 'bob'], 'viewer')))).toContain(
      'owners-few: t000 keeps 0 people who may change its services, 2 before; 2 is the least.',
    )
  })

  it('that were too few already are no drop, and machines are nobody', () => {
    const swapped = saidOf(valveOn(team(['ada']), team(['bob'])))
    expect(swapped.filter((one) => one.startsWith('owners-few'))).toEqual([])
    const pipeline = (members: readonly string[]) => [
      tenantCalled('t000', { teams: { all: { role: 'ci', members } } }),
      ...thirty.slice(1),
    ]
    expect(saidOf(valveOn(pipeline(['x', 'y']), pipeline(['x'])))).toEqual([
      'members-removed: The team t000/all loses 1 of 2 people (50 %), more than 25 %.',
    ])
  })

  it('are enough where a directory alone knows them, until it is known better', () => {
    const both = (name: string) => [
      tenantCalled('t000', {
        teams: {
          all: { role: 'developer', ldapGroup: 'CN=A,DC=bank' },
          more: { role: 'developer', members: [name] },
        },
      }),
      ...thirty.slice(1),
    ]
    const left = group('CN=A,DC=bank')
    const overrides = [overrideOf({ rules: ['members-removed', 'grants-removed'], organizations: ['t000'] })]
    expect(saidOf(valveOn(both('zoe'), left, { overrides }))).toEqual([])
    const members = onBoth('t000/all', ['ada'])
    expect(saidOf(valveOn(both('zoe'), left, { overrides, members }))).toEqual([
      'owners-few: t000 keeps 1 person who may change its services, 2 before; 2 is the least.',
    ])
  })
})

describe('grants', () => {
  const team = (change: object) => [
    tenantCalled('t000', {
      offers: { 'run/std': {}, 'build/std': {} },
      teams: { all: { role: 'developer', members: ['a', 'b'] }, ...change },
    }),
    ...thirty.slice(1),
  ]
  const second = (role: string) => ({ second: { role, members: ['c', 'd'] } })

  it('that a wider role takes over are not lost', () => {
    expect(saidOf(valveOn(team(second('developer')), team(second('operator'))))).toEqual([])
  })

  it('that a narrower role leaves are counted', () => {
    expect(saidOf(valveOn(team(second('operator')), team(second('viewer'))))).toEqual([
      'grants-removed: The team t000/second loses 5 of 5 grants (100 %), more than 25 %.',
      'grants-removed: The team t000/second loses 3 of 3 grants (100 %), more than 25 %.',
    ])
  })

  it('and people of a team that goes are lost whole', () => {
    expect(saidOf(valveOn(team(second('developer')), team({})))).toEqual([
      'members-removed: The team t000/second loses 2 of 2 people (100 %), more than 25 %.',
      'grants-removed: The team t000/second loses 5 of 5 grants (100 %), more than 25 %.',
      'grants-removed: The team t000/second loses 3 of 3 grants (100 %), more than 25 %.',
    ])
  })
})

describe('kinds', () => {
  it('are refused to vanish, where each tenant by itself would pass', () => {
    const repositories = Array.from({ length: 8 }, (_, index) => `image-${index}`)
    const images = (names: readonly string[]) => [
      tenantCalled('t000', { applications: { web: { environments: ['dev'], repositories: names } } }),
      ...thirty.slice(1),
    ]
    expect(saidOf(valveOn(images(repositories), images(repositories.slice(5))))).toEqual([])
    expect(saidOf(valveOn(images(repositories), images(repositories.slice(6))))).toEqual([
      'kind-deleted: One change deletes or replaces 6 of 8 resources of kind Repository (75 %), more than 10 %.',
    ])
  })
})

describe('settings', () => {
  it("are the fleet's own where it has a file", () => {
    const settings = valveSettings(
      FleetSettings.parse({ valve: { tenantsTouched: { percent: 20 }, ownersLeast: 3 } }),
    )
    expect(saidOf(valveOn(thirty, touched(6), { settings }))).toEqual([])
    expect(saidOf(valveOn(thirty, touched(7), { settings }))).toHaveLength(1)
  })

  it('let pass exactly what is not more than a share and a floor, whatever the numbers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 12 }),
        (total, wanted, percent, floor) => {
          const count = Math.min(wanted, total)
          const before = thirty.slice(0, total)
          const after = [...tenantsNumbered(count, quotaTouched), ...thirty.slice(count, total)]
          const settings = valveSettings({ valve: { tenantsTouched: { percent, floor } } })
          const refused = valveOn(before, after, { settings }).length > 0
          expect(refused).toBe(count > floor && (count / total) * 100 > percent)
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('overrides', () => {
  const overrides = [overrideOf({ rules: ['tenants-touched'], fleet: true })]

  it('let a fleet-wide change through, and nothing else with it', () => {
    expect(saidOf(valveOn(thirty, touched(30), { overrides }))).toEqual([])
    expect(saidOf(valveOn(thirty, [], { overrides }))[0]).toContain('30 of 30 tenants (100 %) would be gone')
  })

  it('of named tenants take those out of the count', () => {
    const named = [overrideOf({ rules: ['tenants-touched'], organizations: ['t000', 't001'] })]
    expect(saidOf(valveOn(thirty, touched(5), { overrides: named }))).toEqual([])
    expect(saidOf(valveOn(thirty, touched(6), { overrides: named }))).toHaveLength(1)
  })

  it('that are over lift nothing, and the hint says that they did', () => {
    const over = [overrideOf({ rules: ['tenants-touched'], fleet: true }, '2026-11-21')]
    const [issue] = valveOn(thirty, touched(30), { overrides: over })
    expect(issue?.hint).toContain('overrides/test.ts lifted it until 2026-11-21.')
  })

  it('are known for what they let through', () => {
    const change = fleetChange(statesOf(thirty), statesOf(touched(30)))
    expect(usedOverrides(change, inputOf({ overrides }))).toMatchObject([
      { file: 'overrides/test.ts', rules: ['tenants-touched'] },
    ])
    const small = fleetChange(statesOf(thirty), statesOf(touched(1)))
    expect(usedOverrides(small, inputOf({ overrides }))).toEqual([])
  })

  it('know a renamed organization by both names', () => {
    const renamed = new Map([['t000', 'fresh']])
    for (const name of ['t000', 'fresh']) {
      const lifting = [overrideOf({ rules: ['tenant-gone'], organizations: [name] })]
      const said = saidOf(valveOn(thirty, thirty.slice(1), { overrides: lifting, renamed }))
      expect(said.filter((one) => one.startsWith('tenant-gone'))).toEqual([])
    }
  })
})
