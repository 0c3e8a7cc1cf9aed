import type { Assessment } from './assess.ts'
import type { PoolAction, PoolDecision, ReasonCode } from './decision.ts'
import type { PoolFigures, PoolRules } from './figures.ts'
import type { PoolMemory } from './memory.ts'
import type { Lack } from './needed-machines.ts'

/** All that a decision is made of. */
export interface PoolLook {
  readonly figures: PoolFigures
  readonly rules: PoolRules
  readonly seen: Assessment
  /** VMs that are missing by use; none where too few nodes were seen. */
  readonly lack: Lack
  readonly memory: PoolMemory
  /** Milliseconds of the monotonic clock. */
  readonly now: number
  /** The pool of the cluster that a node is being taken out of; undefined where there is none. */
  readonly shrinking: string | undefined
}

/** A decision on a look: nothing is done and nothing else remembered where that is not said. */
export const decided = (
  { seen, memory }: PoolLook,
  code: ReasonCode,
  sentence: string,
  then: { readonly action?: PoolAction; readonly memory?: PoolMemory } = {},
): PoolDecision => ({
  action: then.action ?? { kind: 'nothing' },
  reason: { code, sentence },
  seen,
  memory: then.memory ?? memory,
})

/** `71.46` → `71.5 %`. */
export const percent = (value: number): string => `${value.toFixed(1)} %`

/** `1 VM`, `3 VMs`. */
export const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`

/** Whole seconds since a moment; 0 where it is not known. */
export const secondsSince = (now: number, since: number | undefined): number =>
  since === undefined ? 0 : Math.round((now - since) / 1000)

/** Whether a moment lies less than so many seconds back. */
export const isWithin = (now: number, since: number | undefined, seconds: number): boolean =>
  since !== undefined && now - since < seconds * 1000
