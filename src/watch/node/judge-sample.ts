import type { NodeSample } from '../node-sample.ts'

/** Why a sample says nothing about its node. */
export type Unsound =
  | 'sample-missing'
  | 'sample-not-a-number'
  | 'sample-negative'
  | 'sample-impossible'
  | 'sample-future'
  | 'sample-stale'
  | 'sample-repeated'

/** When a sample is looked at, by the clock that its `at` was read from. */
export interface Moment {
  /** Milliseconds. */
  readonly now: number
  /** `at` of the sample before it that was sound; undefined of the first. */
  readonly lastAt: number | undefined
  readonly staleSeconds: number
}

/** A host that is asked for thousands of times what it has: no kernel says so, a broken reading does. */
const mostLoadPercent = 1_000_000

const unsoundFigures = ({ at, loadPercent, memoryPercent }: NodeSample): Unsound | undefined => {
  if (![at, loadPercent, memoryPercent].every(Number.isFinite)) return 'sample-not-a-number'
  if (loadPercent < 0 || memoryPercent < 0) return 'sample-negative'
  return memoryPercent > 100 || loadPercent > mostLoadPercent ? 'sample-impossible' : undefined
}

const unsoundTime = (at: number, { now, lastAt, staleSeconds }: Moment): Unsound | undefined => {
  if (at > now) return 'sample-future'
  if (now - at > staleSeconds * 1000) return 'sample-stale'
  return lastAt !== undefined && at <= lastAt ? 'sample-repeated' : undefined
}

/** Why nothing may be decided on a sample; undefined where it is sound. Never throws. */
export const judgeSample = (sample: NodeSample | undefined, moment: Moment): Unsound | undefined =>
  sample === undefined ? 'sample-missing' : (unsoundFigures(sample) ?? unsoundTime(sample.at, moment))
