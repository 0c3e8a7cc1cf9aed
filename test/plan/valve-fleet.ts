import { compile } from '../../src/compile/compile.ts'
import type { Loaded } from '../../src/core/loaded.ts'
import type { Override } from '../../src/exception/schema.ts'
import { valveSettings } from '../../src/fleet/settings.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { fleetChange } from '../../src/plan/fleet-change.ts'
import { checkValve, type ValveInput } from '../../src/plan/valve.ts'
import { Tenant } from '../../src/tenant/schema.ts'
import { nonprod, prod } from '../compile/fixtures/clusters.ts'

/** A small tenant with two people who answer for it. */
export const tenantCalled = (organization: string, change: object = {}): Tenant =>
  Tenant.parse({
    organization,
    size: 'small',
    owner: 'a@bank.example',
    technicalLead: 'b@bank.example',
    costCentre: 'TI-001',
    teams: { all: { role: 'developer', members: ['ada', 'bob', 'cleo', 'dan'] } },
    offers: { 'run/std': {} },
    applications: { web: { environments: ['dev'] } },
    ...change,
  })

/** So many of them: `t000`, `t001`, … */
export const tenantsNumbered = (count: number, change: object = {}): Tenant[] =>
  Array.from({ length: count }, (_, index) => tenantCalled(`t${String(index).padStart(3, '0')}`, change))

/** What tenants become on both clusters. */
export const statesOf = (tenants: readonly Tenant[], clusters = [nonprod, prod]): readonly StackState[] =>
  clusters.flatMap((cluster) => compile(tenants, cluster).stacks)

export const now = new Date('2026-11-22T10:00:00Z')

const place = { file: 'overrides/test.ts', line: 1, column: 1 }

/** An override as it was read. */
export const overrideOf = (scope: Override['scope'], expires = '2026-11-30'): Loaded<Override> => ({
  file: 'overrides/test.ts',
  text: '',
  value: { owner: 'ann@bank.example', reason: 'BANK-17: for this test', scope, expires },
  locate: () => place,
  locateKey: () => place,
})

export const inputOf = (change: Partial<ValveInput> = {}): ValveInput => ({
  settings: valveSettings(undefined),
  overrides: [],
  now,
  ...change,
})

/** What the valve says to a change of tenant files. */
export const valveOn = (
  before: readonly Tenant[],
  after: readonly Tenant[],
  change: Partial<ValveInput> = {},
) => checkValve(fleetChange(statesOf(before), statesOf(after)), inputOf(change))

/** `rule: message`. */
export const saidOf = (issues: ReturnType<typeof checkValve>): string[] =>
  issues.map(({ code, message }) => `${code.slice('valve/'.length)}: ${message}`)
