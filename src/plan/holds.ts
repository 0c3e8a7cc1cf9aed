import type { Loaded } from '../core/loaded.ts'
import { isExpired } from '../exception/expiry.ts'
import type { Hold } from '../exception/schema.ts'
import type { StackState } from '../model/desired-state.ts'

/** What holds are looked for with. */
export interface HoldSearch {
  /** Those of the fleet, expired ones too. */
  readonly holds: readonly Loaded<Hold>[]
  /** Names that files give to organizations, by those that their stacks have; where the two are one, it may be absent. */
  readonly renamed: ReadonlyMap<string, string>
  readonly now: Date
}

/** The hold that a stack is on; undefined where it is on none, and for what a cluster shares. Pure; never throws. */
export const holdOn = (
  { organization, cluster }: Pick<StackState, 'organization' | 'cluster'>,
  { holds, renamed, now }: HoldSearch,
): Loaded<Hold> | undefined => {
  if (organization === null) return undefined
  const names = [organization, renamed.get(organization)]
  return holds.find(
    ({ value }) =>
      names.includes(value.organization) &&
      (value.clusters === undefined || value.clusters.includes(cluster)) &&
      !isExpired(value, now),
  )
}
