/** Whether every case is asked for, as `npm run test:faults` does. */
export const isWhole = process.env.TENANTRY_FAULTS === 'full'

/** Mulberry32: a sequence in [0, 1) that a seed fixes. */
export const random = (from: number): (() => number) => {
  let at = from >>> 0
  return () => {
    at = (at + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(at ^ (at >>> 15), at | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One of a list that is not empty. */
export const pick = <T>(list: readonly T[], next: () => number): T => {
  const found = list[Math.floor(next() * list.length)]
  if (found === undefined) throw new Error('nothing to pick from')
  return found
}
