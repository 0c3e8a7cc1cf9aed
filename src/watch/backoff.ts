/** How long to leave something alone that failed. */
export interface Backoff {
  readonly firstSeconds: number
  readonly mostSeconds: number
}

/**
 * Milliseconds until the next attempt after so many failures in a row: doubling up to a bound, then spread over its upper
 * half, so that many that failed at one moment do not come back at one. `random` is from 0 to 1. Never throws.
 */
export const backoffMilliseconds = (
  failures: number,
  { firstSeconds, mostSeconds }: Backoff,
  random: number,
): number => {
  const whole = Math.min(mostSeconds, firstSeconds * 2 ** Math.min(Math.max(failures, 1) - 1, 30)) * 1000
  return whole / 2 + (whole / 2) * random
}
