import type { PoolDecision, ReasonCode } from './decision.ts'
import type { PoolNode } from './figures.ts'
import { count, decided, isWithin, type PoolLook, percent, secondsSince } from './look.ts'
import { type PoolMemory, remember, type Shrink } from './memory.ts'

/** A node that would not go, or that somebody wants, is not tried again for the grace time. */
const over = ({ memory, rules, now }: PoolLook, shrink: Shrink): PoolMemory =>
  remember(memory, {
    shrink: undefined,
    idleSince: undefined,
    shrunkAt: now,
    vainDrains: memory.vainDrains + 1,
    spared: {
      ...Object.fromEntries(Object.entries(memory.spared).filter(([, until]) => until > now)),
      [shrink.machine]: now + rules.watch.graceSeconds * 1000,
    },
  })

const giveBack = (look: PoolLook, shrink: Shrink, code: ReasonCode, sentence: string): PoolDecision =>
  decided(look, code, `${sentence}: ${shrink.machine} is given back.`, {
    action: { kind: 'give-back', node: shrink.node },
    memory: over(look, shrink),
  })

const isNeeded = ({ seen, lack, rules, memory }: PoolLook): boolean =>
  seen.waitingTasks > 0 || lack.machines > 0 || seen.size <= rules.min || memory.unusableSince !== undefined

const neededSentence = ({ seen, lack, rules, memory }: PoolLook): string => {
  if (memory.unusableSince !== undefined) return `${percent(seen.unusablePercent)} of the pool is unusable`
  if (seen.waitingTasks > 0) return `${count(seen.waitingTasks, 'task')} cannot be placed`
  return lack.machines > 0
    ? `the pool is above its threshold of ${lack.of}`
    : `the least is ${count(rules.min, 'VM')} now`
}

const step = (look: PoolLook, shrink: Shrink, next: Shrink['step']): PoolMemory =>
  remember(look.memory, { shrink: { ...shrink, step: next, since: look.now } })

const continueDraining = (look: PoolLook, shrink: Shrink, node: PoolNode): PoolDecision => {
  const { rules, now } = look
  if (node.heldBy !== 'cluster-watcher')
    return decided(
      look,
      'drain-undone',
      `${shrink.machine} is ${node.availability} by other hands: it is left as it is.`,
      { memory: over(look, shrink) },
    )
  if (isNeeded(look)) return giveBack(look, shrink, 'needed-again', neededSentence(look))
  if (!isWithin(now, shrink.since, rules.watch.drainSeconds))
    return giveBack(
      look,
      shrink,
      'will-not-drain',
      `${count(node.taskCount, 'task')} left after ${secondsSince(now, shrink.since)} s`,
    )
  if (node.taskCount > 0)
    return decided(look, 'draining', `${shrink.machine} drains: ${count(node.taskCount, 'task')} left.`)
  return decided(look, 'empty', `${shrink.machine} is empty: it leaves the swarm.`, {
    action: { kind: 'remove', node: shrink.node },
    memory: shrink.step === 'draining' ? step(look, shrink, 'removing') : look.memory,
  })
}

const continueDeleting = (look: PoolLook, shrink: Shrink): PoolDecision => {
  const { figures, memory, rules, now } = look
  if (!figures.nodeless.some(({ name }) => name === shrink.machine))
    return decided(
      look,
      'removed',
      `${shrink.machine} is gone: the pool has ${count(look.seen.size, 'VM')}.`,
      {
        memory: remember(memory, { shrink: undefined, shrunkAt: now, vainDrains: 0 }),
      },
    )
  const cause = `delete ${shrink.machine}`
  if (!isWithin(now, shrink.since, rules.watch.joinSeconds) && memory.calledFor !== cause)
    return decided(
      look,
      'will-not-go',
      `VM ${shrink.machine} left the swarm ${secondsSince(now, shrink.since)} s ago and is still there.`,
      { action: { kind: 'call' }, memory: remember(memory, { calledFor: cause }) },
    )
  return decided(look, 'removed', `${shrink.machine} has left the swarm: its VM is deleted.`, {
    action: { kind: 'delete', machine: shrink.machine },
    memory: shrink.step === 'deleting' ? memory : step(look, shrink, 'deleting'),
  })
}

/** The next step of the node that is being taken out, or its way back; undefined where there is none. Never throws. */
export const continueShrink = (look: PoolLook): PoolDecision | undefined => {
  const { shrink } = look.memory
  if (shrink === undefined) return undefined
  const node = look.figures.nodes.find(({ id }) => id === shrink.node)
  return node === undefined ? continueDeleting(look, shrink) : continueDraining(look, shrink, node)
}

/** A node that a watcher before us drained, and nothing remembers: it is gone on with, once no other pool has one. Never throws. */
export const adoptShrink = (
  memory: PoolMemory,
  nodes: readonly PoolNode[],
  { now, shrinking }: { readonly now: number; readonly shrinking: string | undefined },
): PoolMemory => {
  if (memory.shrink !== undefined || shrinking !== undefined) return memory
  for (const { id, heldBy, machine } of nodes)
    if (heldBy === 'cluster-watcher' && machine !== undefined)
      return remember(memory, { shrink: { node: id, machine, since: now, step: 'draining' } })
  return memory
}
