import type { Assessment } from './assess.ts'
import type { PoolMemory } from './memory.ts'

/**
 * What is to be done to one pool now; each can be done again after a crash.
 *
 * `drain`: with the watcher's mark in the node's labels; whoever does it looks for work that must finish once more, after the node
 * takes no new tasks and before it is drained, and gives it back where there is some. `remove`: of the swarm. `delete`: the
 * VM of a node that was removed. `replace`: a VM by a new one of the same name, made where there is none. `reap-machine`, `reap-node`: what belongs to nobody or never
 * joined, or is no more. `resume`: a node that its own watcher paused, and cannot make active since it is gone. `call`: a person; nothing else is done until it is over.
 */
export type PoolAction =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'grow'; readonly machines: readonly string[] }
  | { readonly kind: 'drain'; readonly node: string; readonly hostname: string }
  | { readonly kind: 'remove'; readonly node: string }
  | { readonly kind: 'delete'; readonly machine: string }
  | { readonly kind: 'give-back'; readonly node: string }
  | { readonly kind: 'resume'; readonly node: string }
  | { readonly kind: 'replace'; readonly machine: string }
  | { readonly kind: 'reap-machine'; readonly machine: string }
  | { readonly kind: 'reap-node'; readonly node: string }
  | { readonly kind: 'call' }

/** Why something is done or not, as one word a program can switch on; `docs/cluster-watcher.md` says what each asks of a person. */
export const reasonCodes = [
  'too-many-unusable',
  'change-applied',
  'below-min',
  'at-max',
  'above-max',
  'backed-off',
  'tasks-wait',
  'tasks-fit-nowhere',
  'tasks-should-fit',
  'above-threshold',
  'threshold-window',
  'cooldown',
  'joining',
  'join-timeout',
  'join-timeout-again',
  'stray-machine',
  'lost-machine',
  'stray-node',
  'foreign',
  'few-samples',
  'watcher-silent',
  'idle',
  'idle-window',
  'at-min',
  'no-candidate',
  'would-not-fit',
  'another-shrinks',
  'draining',
  'empty',
  'removed',
  'will-not-drain',
  'needed-again',
  'drain-undone',
  'will-not-go',
  'in-balance',
] as const
export type ReasonCode = (typeof reasonCodes)[number]

export interface Reason {
  readonly code: ReasonCode
  /** One sentence with the figures that decided. */
  readonly sentence: string
}

/** What was decided of a pool: at most one action, always with its reason and what was seen. */
export interface PoolDecision {
  readonly action: PoolAction
  readonly reason: Reason
  readonly seen: Assessment
  /** To be saved before the action is done. */
  readonly memory: PoolMemory
}
