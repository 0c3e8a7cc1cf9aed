import type { ReservationPolicy } from '../tenant/schema.ts'

export interface Amounts {
  readonly cpuMillis: number
  readonly memoryBytes: number
}

/** Part of the limit that `optimized` reserves. Source: our choice; twice the containers on the same hardware. */
const optimizedShare = 0.5

/**
 * What is reserved of limits: all of it (`safe`), half of it (`optimized`), or what the container needs after its start
 * under minimum load (`minimum`), which is `floor`. Never more than the limit. Source: design §1.
 */
export const reserve = (policy: ReservationPolicy, limits: Amounts, floor: Amounts): Amounts => {
  if (policy === 'safe') return limits
  const wanted =
    policy === 'minimum'
      ? floor
      : {
          cpuMillis: Math.ceil(limits.cpuMillis * optimizedShare),
          memoryBytes: Math.ceil(limits.memoryBytes * optimizedShare),
        }
  return {
    cpuMillis: Math.min(wanted.cpuMillis, limits.cpuMillis),
    memoryBytes: Math.min(wanted.memoryBytes, limits.memoryBytes),
  }
}
