import type { PoolDecision } from './decision.ts'
import type { PoolNode } from './figures.ts'
import { count, decided, isWithin, type PoolLook, percent, secondsSince } from './look.ts'
import { remember } from './memory.ts'
import { homelessTask } from './rehome.ts'
import { isOpen } from './room.ts'
import { shrinkLimits, withoutOne } from './windows.ts'

/** Nodes that are tried for one decision: where the emptiest do not fit elsewhere, fuller ones do not either. Source: our choice. */
const triedNodes = 3

const reservedShare = ({ reserved, capacity }: PoolNode): number =>
  Math.max(reserved.cpuMillis / capacity.cpuMillis, reserved.memoryBytes / capacity.memoryBytes)

/** Fewest tasks, then least reserved, then the last name: who came last goes first. */
const isEmptier = (a: PoolNode, b: PoolNode): boolean => {
  if (a.taskCount !== b.taskCount) return a.taskCount < b.taskCount
  const [ofA, ofB] = [reservedShare(a), reservedShare(b)]
  return ofA === ofB ? a.hostname > b.hostname : ofA < ofB
}

const hasUnfinished = ({ tasks }: PoolNode): boolean =>
  tasks.some(({ service }) => service.mustFinish === true)

/** A node that a waiting task may run on by its constraints stays, since no other will do. */
const mayGo = ({ figures, memory, now }: PoolLook, node: PoolNode): boolean =>
  isOpen(node) &&
  !node.isManager &&
  node.isKept !== true &&
  node.machine !== undefined &&
  (memory.spared[node.hostname] ?? 0) <= now &&
  !figures.pending.some(({ service }) => service.onlyOn?.has(node.id) === true)

/** Nodes that may go, the emptiest first; the search is linear since it is done again at every look, and reads tasks only where it must. */
const emptiest = (look: PoolLook): PoolNode[] => {
  const found: PoolNode[] = []
  for (const node of look.figures.nodes) {
    const last = found.at(-1)
    const isFull = found.length === triedNodes
    if ((isFull && last !== undefined && !isEmptier(node, last)) || !mayGo(look, node) || hasUnfinished(node))
      continue
    const place = found.findIndex((other) => isEmptier(node, other))
    found.splice(place < 0 ? found.length : place, 0, node)
    if (found.length > triedNodes) found.pop()
  }
  return found
}

/** What would be reserved of the other active nodes, in percent: the more of CPU and memory. */
const reservedWithout = ({ seen }: PoolLook, { capacity }: PoolNode): number =>
  100 *
  Math.max(
    seen.activeReservedMillis / Math.max(seen.activeCpuMillis - capacity.cpuMillis, 1),
    seen.activeReservedBytes / Math.max(seen.activeMemoryBytes - capacity.memoryBytes, 1),
  )

/** Why a node cannot go; undefined where it can. */
const obstacle = (look: PoolLook, node: PoolNode): string | undefined => {
  const reserved = reservedWithout(look, node)
  const most = 100 - look.rules.watch.shrinkMarginPercent
  if (reserved > most)
    return `without ${node.hostname} ${percent(reserved)} of the active nodes would be reserved, more than ${most} %`
  const task = homelessTask(node, look.figures.nodes)
  return task && `task ${task.id} of ${node.hostname} has no place on the other active nodes`
}

const drain = (look: PoolLook, node: PoolNode, code: 'idle' | 'above-max', because: string): PoolDecision => {
  const shrink = {
    node: node.id,
    machine: node.machine ?? node.hostname,
    since: look.now,
    step: 'draining',
  } as const
  return decided(
    look,
    code,
    `${because}: drains ${node.hostname}, the emptiest, with ${count(node.taskCount, 'task')}.`,
    {
      action: { kind: 'drain', node: node.id, hostname: node.hostname },
      memory: remember(look.memory, { shrink }),
    },
  )
}

/** Drains in vain after which the wait is not doubled any more. Source: our choice; eight hours, with the default window. */
const mostDoublings = 4

/** How long a pool has to be idle: twice as long after each drain that was in vain, since its containers were moved for nothing. */
const idleSeconds = ({ memory, rules }: PoolLook): number =>
  rules.watch.shrinkAfterSeconds * 2 ** Math.min(memory.vainDrains, mostDoublings)

/** Looks again after the cooldown rather than at the next look: what does not fit now seldom fits 30 s later. */
const refuse = (look: PoolLook, code: 'no-candidate' | 'would-not-fit', sentence: string): PoolDecision => {
  const window = idleSeconds(look)
  const wait = Math.min(look.rules.watch.cooldownSeconds, window)
  const idleSince = look.now - (window - wait) * 1000
  return decided(look, code, sentence, { memory: remember(look.memory, { idleSince }) })
}

const drainEmptiest = (look: PoolLook, code: 'idle' | 'above-max', because: string): PoolDecision => {
  const tried = emptiest(look)
  if (tried.length === 0)
    return refuse(
      look,
      'no-candidate',
      `${because}, but no active node may go: each has work that must finish, was given back lately, or is not ours.`,
    )
  const obstacles: string[] = []
  for (const node of tried) {
    const found = look.seen.active < 2 ? `${node.hostname} is the last active node` : obstacle(look, node)
    if (found === undefined) return drain(look, node, code, because)
    obstacles.push(found)
  }
  return refuse(look, 'would-not-fit', `${because}, but ${obstacles.join('; ')}.`)
}

const restSentence = ({ seen, rules }: PoolLook): string => {
  const rest = withoutOne(seen, rules)
  const limits = shrinkLimits(rules)
  return `without one node load ${percent(rest.loadPercent)} ≤ ${limits.loadPercent} %, memory ${percent(rest.memoryPercent)} ≤ ${limits.memoryPercent} %`
}

/** What forbids to take a node out now, whatever the figures. */
const forbidden = (look: PoolLook): PoolDecision | undefined => {
  const { seen, shrinking } = look
  if (shrinking !== undefined)
    return decided(look, 'another-shrinks', `A node of pool ${shrinking} is being taken out; one at a time.`)
  if (seen.joining > 0) return decided(look, 'joining', `${count(seen.joining, 'VM')} still join.`)
  return undefined
}

/** The file's most is lower than the live size: nodes go one at a time, as far as their tasks have a place. */
export const shrinkToMax = (look: PoolLook): PoolDecision | undefined => {
  const { seen, rules } = look
  if (seen.size <= rules.max || seen.waitingTasks > 0) return undefined
  return (
    forbidden(look) ?? drainEmptiest(look, 'above-max', `${count(seen.size, 'VM')}, the most is ${rules.max}`)
  )
}

/** The remaining nodes would stay under the thresholds with the margin for the whole window, and the emptiest node's tasks have a place there. */
export const shrinkForUse = (look: PoolLook): PoolDecision | undefined => {
  const { seen, rules, memory, now } = look
  if (memory.idleSince === undefined) return undefined
  const sentence = restSentence(look)
  if (seen.size <= rules.min)
    return decided(look, 'at-min', `${sentence}, and the pool is at its least of ${count(rules.min, 'VM')}.`)
  const no = forbidden(look)
  if (no !== undefined) return no
  const { cooldownSeconds } = rules.watch
  const shrinkAfterSeconds = idleSeconds(look)
  if (isWithin(now, memory.idleSince, shrinkAfterSeconds))
    return decided(
      look,
      'idle-window',
      `${sentence} for ${secondsSince(now, memory.idleSince)} s; shrinks after ${shrinkAfterSeconds} s.`,
    )
  const changedAt = Math.max(memory.grownAt ?? -Infinity, memory.shrunkAt ?? -Infinity)
  if (isWithin(now, changedAt, cooldownSeconds))
    return decided(
      look,
      'cooldown',
      `${sentence}, but the pool changed ${secondsSince(now, changedAt)} s ago.`,
    )
  return drainEmptiest(look, 'idle', sentence)
}
