import { type Assessment, isFresh } from './assess.ts'
import type { PoolDecision } from './decision.ts'
import type { PoolFigures, PoolNode, PoolRules } from './figures.ts'
import { decided, type PoolLook, secondsSince } from './look.ts'
import { type PoolMemory, remember } from './memory.ts'
import { isSeen } from './windows.ts'

/**
 * Samples in a row that a watcher has to miss: as many as make a gap, ten times over. A swarm service's watcher is started anew within
 * seconds on a node that is active, and never on one that is paused. Source: our choice; five minutes, with the defaults.
 */
const staleTimes = 10

const silentSeconds = ({ staleSeconds }: PoolRules): number => staleSeconds * staleTimes

interface SilenceInput {
  readonly figures: PoolFigures
  readonly seen: Assessment
  readonly rules: PoolRules
  readonly now: number
}

const isSilent = (node: PoolNode, { rules, now }: SilenceInput): boolean =>
  node.state === 'ready' &&
  node.heldBy === 'node-watcher' &&
  !isFresh(node.sample, { now, staleSeconds: rules.staleSeconds })

/**
 * The memory with since when nothing is heard of the watchers of nodes that they paused. Where most of the pool is silent it is us who are deaf, and
 * nothing counts. Never throws.
 */
export const trackSilent = (memory: PoolMemory, input: SilenceInput): PoolMemory => {
  const silent = isSeen(input.seen) ? input.figures.nodes.filter((node) => isSilent(node, input)) : []
  if (silent.length === 0)
    return memory.silent === undefined ? memory : remember(memory, { silent: undefined })
  const before = memory.silent ?? {}
  const since = Object.fromEntries(silent.map(({ id }) => [id, before[id] ?? input.now]))
  const isSame =
    Object.keys(before).length === silent.length && silent.every(({ id }) => before[id] === since[id])
  return isSame ? memory : remember(memory, { silent: since })
}

/**
 * A node whose watcher was killed while it was paused: as a service it is not started anew there, so that nobody else would make the node active. Its
 * watcher pauses it again if it must.
 */
export const resumeSilent = (look: PoolLook): PoolDecision | undefined => {
  const { figures, memory, rules, now } = look
  const seconds = silentSeconds(rules)
  const node = figures.nodes.find(
    ({ id }) => now - (memory.silent?.[id] ?? Number.POSITIVE_INFINITY) > seconds * 1000,
  )
  if (node === undefined) return undefined
  return decided(
    look,
    'watcher-silent',
    `${node.hostname} was paused by its watcher, of which nothing was heard for ${secondsSince(now, memory.silent?.[node.id])} s: it is made active again.`,
    { action: { kind: 'resume', node: node.id } },
  )
}
