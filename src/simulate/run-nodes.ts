import { decideNode, type NodeStanding } from '../watch/node/decide-node.ts'
import { isAbove, isBelow, noWindows, observeSample } from '../watch/node/decide-windows.ts'
import { judgeSample } from '../watch/node/judge-sample.ts'
import type { Rehearsal } from './rehearsal.ts'
import type { SimNode } from './sim-node.ts'

/**
 * Whether a node watcher could decide anything in a step, whose samples are all alike: an active node that is too busy, or a paused one that is
 * calm. Of any other, both windows that could lead to an action are closed.
 */
export const mayDecide = (
  { state, availability, heldBy, sample }: SimNode,
  rules: Rehearsal['settings']['node'],
): boolean =>
  state === 'ready' &&
  (availability === 'active'
    ? isAbove(sample, rules)
    : availability === 'pause' && heldBy === 'node-watcher' && isBelow(sample, rules))

/** Nodes of the swarm, and those of them that take no tasks; kept while a step's watchers act. */
interface Standing {
  readonly nodes: number
  closed: number
}

const standingOf = (standing: Standing, node: SimNode): NodeStanding => {
  const counts = { nodes: standing.nodes, othersUnusable: standing.closed - (node.isOpen ? 0 : 1) }
  return {
    role: 'worker',
    isReady: true,
    availability: node.availability,
    isOurs: node.heldBy === 'node-watcher',
    isHeld: false,
    collection: counts,
    pool: counts,
  }
}

const pause = (run: Rehearsal, node: SimNode): void => {
  node.availability = 'pause'
  node.heldBy = 'node-watcher'
  run.totals.pauses += 1
}

const resume = (run: Rehearsal, node: SimNode): void => {
  node.availability = 'active'
  node.heldBy = 'nobody'
  run.totals.resumes += 1
  run.hasNewRoom = true
}

/** What the watcher of a node does at one sample; undefined while its window is not full. */
const watchOnce = (
  run: Rehearsal,
  node: SimNode,
  { at, standing }: { at: number; standing: Standing },
): 'pause' | 'resume' | 'refused' | undefined => {
  const rules = run.settings.node
  const { loadPercent, memoryPercent } = node.sample
  const sample = { at, loadPercent, memoryPercent }
  const moment = { now: at, lastAt: node.windows.lastAt, staleSeconds: rules.staleSeconds }
  const unsound = judgeSample(sample, moment)
  if (unsound === undefined) node.windows = observeSample(node.windows, sample, rules)
  const look = {
    sample,
    windows: node.windows,
    unsound,
    standing: standingOf(standing, node),
    now: at,
    rules,
  }
  const { action, reason } = decideNode(look)
  if (action !== 'nothing') return action
  return reason === 'too-many-paused' || reason === 'last-active-node' ? 'refused' : undefined
}

const openSet = (run: Rehearsal): Set<SimNode> => {
  const open = new Set<SimNode>()
  for (const node of run.nodes)
    if (mayDecide(node, run.settings.node)) open.add(node)
    else node.windows = noWindows
  return open
}

const standingNow = ({ nodes }: Rehearsal): Standing => {
  let closed = 0
  for (const node of nodes) if (!node.isOpen) closed += 1
  return { nodes: nodes.length, closed }
}

const act = (run: Rehearsal, node: SimNode, what: 'pause' | 'resume', standing: Standing): void => {
  if (what === 'pause') pause(run, node)
  else resume(run, node)
  standing.closed += what === 'pause' ? 1 : -1
}

/**
 * Every node's watcher over one step, sample by sample, for the nodes where one could decide. One that is refused asks again in the next
 * step: within a step little changes that would let it.
 */
export const stepNodeWatchers = (run: Rehearsal, from: number, to: number): void => {
  const { sampleSeconds } = run.settings.node
  const firstAt = Math.ceil(from / sampleSeconds) * sampleSeconds * 1000
  if (firstAt >= to * 1000) return
  const open = openSet(run)
  const standing = standingNow(run)
  const refused: SimNode[] = []
  for (let at = firstAt; open.size > 0 && at < to * 1000; at += sampleSeconds * 1000)
    for (const node of open) {
      const what = watchOnce(run, node, { at, standing })
      if (what === undefined) continue
      open.delete(node)
      if (what === 'refused') refused.push(node)
      else act(run, node, what, standing)
    }
  const lastAt = lastSampleAt(to, sampleSeconds)
  for (const node of refused) node.windows = { ...node.windows, lastAt }
}

/** When the last sample before a second was taken, in milliseconds: one every so many seconds, from the first second on. */
export const lastSampleAt = (to: number, sampleSeconds: number): number =>
  Math.floor((to - 1e-6) / sampleSeconds) * sampleSeconds * 1000
