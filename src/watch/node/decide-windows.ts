import type { NodeSample } from '../node-sample.ts'

/** A pair of limits, in percent. */
export interface Limits {
  readonly loadPercent: number
  readonly memoryPercent: number
}

/** What the cluster file says about pausing a node: `thresholds` and `watch.node`. */
export interface NodeRules {
  /** Above either, a node has too much to do. */
  readonly pause: Limits
  /** Below both, it has room again. */
  readonly resume: Limits
  readonly breachSeconds: number
  readonly calmSeconds: number
  readonly staleSeconds: number
  /** Of a pool, 0 to 100. */
  readonly maxPausedPercent: number
}

/** Since when a node has been too busy or calm without a break, in milliseconds of its samples' clock. Never both. */
export interface NodeWindows {
  /** Of the last sound sample. */
  readonly lastAt: number | undefined
  readonly aboveSince: number | undefined
  readonly belowSince: number | undefined
}

/** Of a node that was not seen yet: nothing of what was before a start counts. */
export const noWindows: NodeWindows = { lastAt: undefined, aboveSince: undefined, belowSince: undefined }

export const isAbove = (
  { loadPercent, memoryPercent }: Limits,
  { pause }: Pick<NodeRules, 'pause'>,
): boolean => loadPercent > pause.loadPercent || memoryPercent > pause.memoryPercent

export const isBelow = (
  { loadPercent, memoryPercent }: Limits,
  { resume }: Pick<NodeRules, 'resume'>,
): boolean => loadPercent < resume.loadPercent && memoryPercent < resume.memoryPercent

/**
 * The windows after one more sound sample. A gap longer than `staleSeconds` begins both anew: nobody knows what was in it.
 *
 * Monotone: of two samples at one time, the busier one never ends a window above and never goes on with one below. Never throws.
 */
export const observeSample = (windows: NodeWindows, sample: NodeSample, rules: NodeRules): NodeWindows => {
  const { at } = sample
  const isGap = windows.lastAt !== undefined && at - windows.lastAt > rules.staleSeconds * 1000
  const known = isGap ? noWindows : windows
  return {
    lastAt: at,
    aboveSince: isAbove(sample, rules) ? (known.aboveSince ?? at) : undefined,
    belowSince: isBelow(sample, rules) ? (known.belowSince ?? at) : undefined,
  }
}

/** How long the windows have lasted, in seconds; 0 for one that is not open. Never throws. */
export const windowSeconds = ({
  lastAt,
  aboveSince,
  belowSince,
}: NodeWindows): { readonly above: number; readonly below: number } => {
  const lasted = (since: number | undefined): number =>
    since === undefined || lastAt === undefined ? 0 : (lastAt - since) / 1000
  return { above: lasted(aboveSince), below: lasted(belowSince) }
}

/** What the host's own figures ask for, whatever the cluster says to it. */
export type Wish = 'pause' | 'resume' | 'nothing'

/** What the windows ask for: a pause after a breach that lasted, to resume after a calm that did. Never throws. */
export const wishOf = (windows: NodeWindows, { breachSeconds, calmSeconds }: NodeRules): Wish => {
  const { above, below } = windowSeconds(windows)
  if (windows.aboveSince !== undefined && above >= breachSeconds) return 'pause'
  return windows.belowSince !== undefined && below >= calmSeconds ? 'resume' : 'nothing'
}
