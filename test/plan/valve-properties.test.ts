import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { FleetSettings, GuardedKind } from '../../src/fleet/schema.ts'
import { valveSettings } from '../../src/fleet/settings.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { fleetChange } from '../../src/plan/fleet-change.ts'
import { checkValve } from '../../src/plan/valve.ts'
import { arbitraryTenants } from '../compile/arbitrary-tenant.ts'
import { inputOf, statesOf } from './valve-fleet.ts'

fc.configureGlobal({ ...fc.readConfigureGlobal(), numRuns: 25 })
// A busy machine takes longer over random fleets than the five seconds that a test has by default.
vi.setConfig({ testTimeout: 60_000 })

/** The loosest settings that a file can have. */
const loose = valveSettings(
  FleetSettings.parse({
    valve: {
      tenantsTouched: { percent: 100 },
      membersRemoved: { percent: 100 },
      grantsRemoved: { percent: 100 },
      kindsDeleted: Object.fromEntries(GuardedKind.options.map((kind) => [kind, { percent: 100 }])),
      ownersLeast: 1,
    },
  }),
)

const codesOf = (before: readonly StackState[], after: readonly StackState[], settings = loose) =>
  new Set(checkValve(fleetChange(before, after), inputOf({ settings })).map(({ code }) => code))

/** Data of one side that the other does not have just so, looked for without the valve's rules. */
const lostData = (before: readonly StackState[], after: readonly StackState[]): number => {
  const there = new Set(
    after.flatMap(({ stack, resources }) =>
      resources
        .filter(({ retained }) => retained === 'data')
        .map((one) => JSON.stringify([stack, one.key, 'name' in one ? one.name : one.key])),
    ),
  )
  return before
    .flatMap(({ stack, resources }) =>
      resources
        .filter(({ retained }) => retained === 'data')
        .map((one) => JSON.stringify([stack, one.key, 'name' in one ? one.name : one.key])),
    )
    .filter((one) => !there.has(one)).length
}

const anyChange = fc.tuple(arbitraryTenants, arbitraryTenants).map(([before, after]) => ({
  before: statesOf(before),
  after: statesOf(after),
}))

describe('whatever the change, and however loose the settings', () => {
  it('no data is lost unsaid', () => {
    fc.assert(
      fc.property(anyChange, ({ before, after }) => {
        fc.pre(lostData(before, after) > 0)
        expect(codesOf(before, after)).toContain('valve/data-deleted')
      }),
    )
  })

  it('no tenant and no cluster goes unsaid', () => {
    fc.assert(
      fc.property(anyChange, ({ before, after }) => {
        const organizations = (states: readonly StackState[]) =>
          new Set(states.map(({ organization }) => organization))
        const left = organizations(after)
        const gone = [...organizations(before)].some((one) => !left.has(one))
        expect(codesOf(before, after).has('valve/tenant-gone')).toBe(gone)
        const [platform, ...others] = before
        if (platform === undefined) return
        expect(codesOf(before, others)).toContain('valve/stack-gone')
      }),
    )
  })

  it('nothing is wrong with no change, nor with a fleet that is new', () => {
    fc.assert(
      fc.property(arbitraryTenants, (tenants) => {
        const states = statesOf(tenants)
        const standard = valveSettings(undefined)
        expect(codesOf(states, states, standard)).toEqual(new Set())
        expect(codesOf([], states, standard)).toEqual(new Set())
      }),
    )
  })

  it('the order of the states says nothing', () => {
    fc.assert(
      fc.property(anyChange, ({ before, after }) => {
        const said = checkValve(fleetChange(before, after), inputOf())
        const reversed = checkValve(fleetChange([...before].reverse(), [...after].reverse()), inputOf())
        expect(reversed).toEqual(said)
      }),
    )
  })

  it('tighter settings never let more through', () => {
    fc.assert(
      fc.property(anyChange, ({ before, after }) => {
        const tight = codesOf(before, after, valveSettings(undefined))
        for (const code of codesOf(before, after)) expect(tight).toContain(code)
      }),
    )
  })
})
