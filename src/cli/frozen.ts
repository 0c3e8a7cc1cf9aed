import type { Loaded } from '../core/loaded.ts'
import type { Fleet } from '../load/fleet.ts'
import type { StackState } from '../model/desired-state.ts'
import type { FleetChange } from '../plan/fleet-change.ts'
import { type FrozenStack, frozenStacks } from '../plan/frozen.ts'
import { liftedBy } from '../plan/valve.ts'
import { fileDigest } from '../tenant/file-digest.ts'
import { organizationMadeAs } from '../tenant/former-name.ts'
import type { Tenant } from '../tenant/schema.ts'
import { readApplied } from './applied.ts'
import { tenantOf } from './compile-once.ts'
import { valveInput } from './valve-input.ts'

/** What files said before: `fileDigest` by the name that an organization was made under. */
export type EarlierFiles = ReadonlyMap<string, string>

/** What files said before, out of files. Never throws. */
export const earlierFiles = (tenants: readonly Loaded<Tenant>[]): EarlierFiles =>
  new Map(tenants.map(({ value }) => [organizationMadeAs(value), fileDigest(value)]))

/** What a run is about, and what is known of the time before it. */
export interface FrozenSearch {
  readonly fleet: Fleet
  readonly stacks: readonly StackState[]
  readonly change: FleetChange | undefined
  /** Of the records, where there are any. */
  readonly folder: string | undefined
  /** At the commit compared with, where there is one. */
  readonly earlier?: EarlierFiles
  readonly now: Date
}

/** What the file said before; of whom nothing is known that counts as something else. */
const before = ({ folder, earlier }: FrozenSearch, { stack, organization }: StackState): string | undefined =>
  (folder === undefined ? undefined : readApplied(folder, stack)?.file) ?? earlier?.get(organization ?? '')

/** The frozen stacks that a run leaves as they are, as `frozenStacks` tells them. Reads records; never throws. */
export const findFrozen = (search: FrozenSearch): readonly FrozenStack[] => {
  const { fleet, stacks, change, now } = search
  const isLifted = liftedBy(valveInput(fleet, now))
  return frozenStacks({
    stacks,
    change,
    isLifted: (place) => isLifted('frozen', place),
    isEdited: (state) => {
      const tenant = tenantOf(state)
      return tenant === undefined || before(search, state) !== fileDigest(tenant)
    },
  })
}
