import { type FleetSettings, GuardedKind, type Share } from './schema.ts'

/** A share that is too many, and a number that never is. */
export interface Threshold {
  readonly percent: number
  readonly floor: number
}

/** The valve's thresholds with every default filled in. */
export interface ValveSettings {
  readonly tenantsTouched: Threshold
  readonly membersRemoved: Threshold
  readonly grantsRemoved: Threshold
  readonly kindsDeleted: Readonly<Record<GuardedKind, Threshold>>
  readonly ownersLeast: number
}

/** How a change of many tenants is applied, with every default filled in. */
export interface WaveSettings {
  /** Tenants on a cluster from which on there are waves. */
  readonly from: number
  /** Undefined: the first organization by name. */
  readonly canary: readonly string[] | undefined
  /** Growing; the last wave is all the others. */
  readonly percents: readonly number[]
}

/**
 * Source: issue 5 for the shares, and where it names one there is no floor beside it: but for tenants, of whom one may always be
 * touched, since one of seven is no mass change. The floor of kinds is our choice.
 */
const defaults = {
  tenantsTouched: { percent: 10, floor: 1 },
  membersRemoved: { percent: 25, floor: 0 },
  grantsRemoved: { percent: 25, floor: 0 },
  kindDeleted: { percent: 10, floor: 5 },
  ownersLeast: 2,
  waves: { from: 10, percents: [5, 25] },
} as const

const threshold = (share: Share | undefined, fallback: Threshold): Threshold => ({
  percent: share?.percent ?? fallback.percent,
  floor: share?.floor ?? fallback.floor,
})

/** The thresholds of a fleet's file, or of none. Never throws. */
export const valveSettings = (settings: FleetSettings | undefined): ValveSettings => {
  const valve = settings?.valve
  return {
    tenantsTouched: threshold(valve?.tenantsTouched, defaults.tenantsTouched),
    membersRemoved: threshold(valve?.membersRemoved, defaults.membersRemoved),
    grantsRemoved: threshold(valve?.grantsRemoved, defaults.grantsRemoved),
    kindsDeleted: Object.fromEntries(
      GuardedKind.options.map((kind) => [kind, threshold(valve?.kindsDeleted?.[kind], defaults.kindDeleted)]),
    ) as Record<GuardedKind, Threshold>,
    ownersLeast: valve?.ownersLeast ?? defaults.ownersLeast,
  }
}

/** The waves of a fleet's file, or of none. Never throws. */
export const waveSettings = (settings: FleetSettings | undefined): WaveSettings => ({
  from: settings?.waves?.from ?? defaults.waves.from,
  canary: settings?.waves?.canary,
  percents: settings?.waves?.percents ?? defaults.waves.percents,
})
