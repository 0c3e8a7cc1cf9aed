/** Numbers that look random and are the same for the same seed on every machine. */
export interface Random {
  /** 0 to 1, without 1. */
  readonly next: () => number
  /** How many things happen that happen so often on average. */
  readonly poisson: (mean: number) => number
  /** Around 1, never below 0.2; `spread` is the standard deviation. */
  readonly around: (spread: number) => number
}

/** A seed of its own for each purpose, so that one more draw of one kind leaves the others as they are (FNV-1a). */
export const seedOf = (seed: number, purpose: string): number => {
  let hash = 0x811c9dc5 ^ seed
  for (const letter of purpose) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193)
  return hash >>> 0
}

/** Above this a Poisson count is drawn from the normal distribution. */
const largeMean = 40

/** Random numbers from a seed (mulberry32, public domain). Never throws. */
export const randomFrom = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  // A sum of twelve has the variance 1.
  const normal = (): number => {
    let sum = -6
    for (let draw = 0; draw < 12; draw++) sum += next()
    return sum
  }
  const poisson = (mean: number): number => {
    if (mean <= 0) return 0
    if (mean > largeMean) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()))
    const limit = Math.exp(-mean)
    let found = 0
    for (let product = next(); product > limit; product *= next()) found += 1
    return found
  }
  return { next, poisson, around: (spread) => Math.max(0.2, 1 + spread * normal()) }
}
