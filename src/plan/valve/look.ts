import type { ValveRule } from '../../exception/schema.ts'
import type { Threshold, ValveSettings } from '../../fleet/settings.ts'
import type { FleetChange } from '../fleet-change.ts'

/** A stack by its names, as an override's scope says it. */
export interface Place {
  readonly stack: string
  readonly organization: string | null
}

/** What a rule looks at. */
export interface ValveLook {
  readonly change: FleetChange
  readonly settings: ValveSettings
  /** Whether an override in force lifts a rule for a stack. */
  readonly isLifted: (rule: ValveRule, place: Place) => boolean
  /** The name by which people know an organization: that of its file, where it was renamed. */
  readonly nameOf: (organization: string) => string
  /** People on a cluster in a team, `organization/team`, that follows an LDAP group, as they are now; undefined where unknown. */
  readonly peopleOf: (cluster: string, team: string) => readonly string[] | undefined
}

/** Something that a change may not do by itself. */
export interface Finding {
  readonly rule: ValveRule
  readonly places: readonly Place[]
  /** A sentence with the numbers, without its full stop; where it is the same on several clusters, it is said once. */
  readonly message: string
  /** The way out, beside an override. */
  readonly hint?: string
}

/** Whether so many of a total are more than a threshold lets through. */
export const isTooMany = (count: number, total: number, { percent, floor }: Threshold): boolean =>
  count > floor && count * 100 > percent * total

/** `151 of 1500 … (10.1 %)`: a share never reads as the limit it has passed. */
export const shareText = (count: number, total: number, what: string): string => {
  const percent = total === 0 ? 100 : (count / total) * 100
  return `${count} of ${total} ${what} (${percent >= 10 ? percent.toFixed(1).replace(/\.0$/, '') : percent.toPrecision(2)} %)`
}

const namedAtMost = 5

/** Some names and how many there are besides. */
export const someOf = (names: readonly string[]): string => {
  const shown = names.slice(0, namedAtMost).join(', ')
  const others = names.length - namedAtMost
  return others > 0 ? `${shown} and ${others} other${others === 1 ? '' : 's'}` : shown
}
