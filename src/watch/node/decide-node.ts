import type { NodeSample } from '../node-sample.ts'
import {
  isAbove,
  isBelow,
  type NodeRules,
  type NodeWindows,
  type Wish,
  windowSeconds,
  wishOf,
} from './decide-windows.ts'
import { judgeSample, type Unsound } from './judge-sample.ts'

/** How many nodes a limit is about, this one among them. */
export interface NodeCounts {
  /** All of them that take work by their role. */
  readonly nodes: number
  /** The others of them that take no new work, or soon will not: not ready, paused, drained, or about to be paused. */
  readonly othersUnusable: number
}

/** What the cluster says of a node. */
export interface NodeStanding {
  readonly role: 'worker' | 'manager'
  /** Whether the managers hear from it. */
  readonly isReady: boolean
  readonly availability: 'active' | 'pause' | 'drain'
  /** Paused by its watcher and by nobody else since: the watcher's to make active again. */
  readonly isOurs: boolean
  /** A person wants it left alone. */
  readonly isHeld: boolean
  readonly collection: NodeCounts
  readonly pool: NodeCounts
}

/** Why a node is left as it is, or is not. */
export type NodeReason =
  | Unsound
  | 'standing-unknown'
  | 'held'
  | 'drained-by-others'
  | 'paused-by-others'
  | 'busy'
  | 'not-calm-long-enough'
  | 'recovered'
  | 'calm'
  | 'between-thresholds'
  | 'not-busy-long-enough'
  | 'manager'
  | 'not-ready'
  | 'last-active-node'
  | 'too-many-paused'
  | 'overloaded'

/** What is to be done with a node, and why. */
export interface NodeDecision {
  readonly action: 'pause' | 'resume' | 'nothing'
  readonly reason: NodeReason
}

const nothing = (reason: NodeReason): NodeDecision => ({ action: 'nothing', reason })

/** How many of so many may be unusable at once: the share, rounded down. Never throws. */
export const mostUnusable = (nodes: number, maxPausedPercent: number): number =>
  Math.floor((nodes * maxPausedPercent) / 100)

/** Why the cluster does not let the node be paused; undefined where it does. Never throws. */
export const pauseRefusal = (
  { role, isReady, collection, pool }: NodeStanding,
  { maxPausedPercent }: Pick<NodeRules, 'maxPausedPercent'>,
): NodeReason | undefined => {
  if (role === 'manager') return 'manager'
  if (!isReady) return 'not-ready'
  if (collection.othersUnusable >= collection.nodes - 1) return 'last-active-node'
  return pool.othersUnusable + 1 > mostUnusable(pool.nodes, maxPausedPercent) ? 'too-many-paused' : undefined
}

const whilePaused = (look: Look, wish: Wish): NodeDecision => {
  if (wish === 'resume') return { action: 'resume', reason: 'recovered' }
  if (isBelow(look.sample, look.rules)) return nothing('not-calm-long-enough')
  return nothing(isAbove(look.sample, look.rules) ? 'busy' : 'between-thresholds')
}

const whileActive = (look: Look, wish: Wish): NodeDecision => {
  if (wish !== 'pause') {
    if (isAbove(look.sample, look.rules)) return nothing('not-busy-long-enough')
    return nothing(isBelow(look.sample, look.rules) ? 'calm' : 'between-thresholds')
  }
  const refusal = pauseRefusal(look.standing, look.rules)
  return refusal === undefined ? { action: 'pause', reason: 'overloaded' } : nothing(refusal)
}

interface Look {
  readonly sample: NodeSample
  readonly standing: NodeStanding
  readonly rules: NodeRules
}

const withSoundSample = (look: Look, wish: Wish): NodeDecision => {
  const { availability, isOurs, isHeld } = look.standing
  if (isHeld) return nothing('held')
  if (availability === 'drain') return nothing('drained-by-others')
  if (availability === 'active') return whileActive(look, wish)
  return isOurs ? whilePaused(look, wish) : nothing('paused-by-others')
}

/** What a node watcher knows when it decides. */
export interface NodeLook {
  readonly sample: NodeSample | undefined
  /** With this sample observed already, where it is sound. */
  readonly windows: NodeWindows
  /** Why the sample is not, as `judgeSample` said before it was observed. */
  readonly unsound: Unsound | undefined
  /** Undefined where the cluster could not be asked. */
  readonly standing: NodeStanding | undefined
  /** Milliseconds, by the samples' clock. */
  readonly now: number
  readonly rules: NodeRules
}

/**
 * What is to be done with a node: paused once it has been too busy for long enough and its cluster can do without it, active
 * again once it has been calm for long enough and nobody but its watcher paused it; otherwise nothing.
 *
 * Never drains. Between the thresholds it never asks for anything. Monotone in load. Never throws.
 */
export const decideNode = ({ sample, windows, unsound, standing, now, rules }: NodeLook): NodeDecision => {
  if (sample === undefined || unsound !== undefined) return nothing(unsound ?? 'sample-missing')
  // Time passes between a sample and what is decided on it, e.g. while UCP is asked.
  const late = judgeSample(sample, { now, lastAt: undefined, staleSeconds: rules.staleSeconds })
  if (late !== undefined) return nothing(late)
  if (standing === undefined) return nothing('standing-unknown')
  return withSoundSample({ sample, standing, rules }, wishOf(windows, rules))
}

/** What a decision was made on, for whoever reads it later. Percent and seconds, rounded to a tenth. */
export interface NodeFigures {
  readonly loadPercent?: number
  readonly memoryPercent?: number
  readonly aboveSeconds: number
  readonly belowSeconds: number
  readonly poolNodes?: number
  readonly poolUnusable?: number
  readonly collectionNodes?: number
  readonly collectionUnusable?: number
}

const rounded = (value: number): number => Math.round(value * 10) / 10

const sampleFigures = (sample: NodeSample | undefined): Partial<NodeFigures> =>
  sample === undefined
    ? {}
    : { loadPercent: rounded(sample.loadPercent), memoryPercent: rounded(sample.memoryPercent) }

/** Nodes are counted only where a pause is wished. */
const standingFigures = (standing: NodeStanding | undefined): Partial<NodeFigures> =>
  standing === undefined || standing.collection.nodes === 0
    ? {}
    : {
        poolNodes: standing.pool.nodes,
        poolUnusable: standing.pool.othersUnusable,
        collectionNodes: standing.collection.nodes,
        collectionUnusable: standing.collection.othersUnusable,
      }

/** The figures that a decision saw. Never throws. */
export const figuresOf = ({ sample, windows, standing }: NodeLook): NodeFigures => {
  const { above, below } = windowSeconds(windows)
  return {
    ...sampleFigures(sample),
    aboveSeconds: rounded(above),
    belowSeconds: rounded(below),
    ...standingFigures(standing),
  }
}
