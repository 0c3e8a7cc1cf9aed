const dayMilliseconds = 24 * 60 * 60 * 1000

/** The moment at which something that names its last day ends: the midnight UTC after it. */
const endOf = (expires: string): number => Date.parse(`${expires}T00:00:00Z`) + dayMilliseconds

/** Whether the last day, `2026-12-31`, is over at a moment. Never throws. */
export const isExpired = ({ expires }: { readonly expires: string }, now: Date): boolean =>
  now.getTime() >= endOf(expires)

/** Whole days from a moment to the end of the last day, rounded up; zero or less where it is over. Never throws. */
export const daysLeft = ({ expires }: { readonly expires: string }, now: Date): number =>
  Math.ceil((endOf(expires) - now.getTime()) / dayMilliseconds)

/** Longest lives in days. Source: our choice; an exception that outlives a quarter is a rule, and belongs in `fleet.ts`. */
export const longestDays = { override: 31, hold: 92, waiver: 92, baseline: 184 } as const
