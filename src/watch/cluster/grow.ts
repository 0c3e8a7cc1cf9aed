import type { PoolDecision, ReasonCode } from './decision.ts'
import { awaitAgain } from './joining.ts'
import { count, decided, isWithin, type PoolLook, percent, secondsSince } from './look.ts'
import { remember } from './memory.ts'
import { type Lack, lackByTasks } from './needed-machines.ts'

const sizeOf = ({ seen, rules }: PoolLook): string =>
  `${count(seen.size, 'VM')} of ${rules.min} to ${rules.max}`

const isBlocked = ({ memory, now }: PoolLook): boolean =>
  memory.blockedUntil !== undefined && now < memory.blockedUntil

/** Asks for as many of the wanted VMs as the step and the most allow, or says why for none. */
const growBy = (
  look: PoolLook,
  wanted: number,
  because: { code: ReasonCode; sentence: string },
): PoolDecision => {
  const { seen, rules, figures, memory, now } = look
  if (isBlocked(look))
    return decided(
      look,
      'backed-off',
      `${because.sentence}, but ${count(memory.failures, 'replacement')} did not join in a row: no VM is asked for in the next ${-secondsSince(now, memory.blockedUntil)} s.`,
    )
  const room = rules.max - seen.size
  if (room <= 0)
    return decided(
      look,
      'at-max',
      `${because.sentence}, but the pool is at its most: ${sizeOf(look)}, ${seen.unusable} unusable. Raise \`max\`, or take load away.`,
    )
  const machines = figures.freeNames.slice(0, Math.min(wanted, rules.watch.maxStep, room))
  const limited = machines.length < wanted ? ` of ${wanted} wanted, by its step and its most` : ''
  return decided(
    look,
    because.code,
    `${because.sentence}: grows by ${count(machines.length, 'VM')}${limited}; now ${sizeOf(look)}.`,
    {
      action: { kind: 'grow', machines },
      memory: awaitAgain(
        remember(memory, { grownAt: now, pressedSince: undefined, idleSince: undefined }),
        machines,
        { since: now, attempt: 1, isGivenUp: false },
      ),
    },
  )
}

/** The pool has fewer VMs than its file says. */
export const growToMin = (look: PoolLook): PoolDecision | undefined => {
  const missing = look.rules.min - look.seen.size
  return missing > 0
    ? growBy(look, missing, {
        code: 'below-min',
        sentence: `${count(missing, 'VM')} fewer than the least of ${look.rules.min}`,
      })
    : undefined
}

/** Tasks that no node takes count at once, without window or cooldown; VMs that are joining are filled first. */
export const growForTasks = (look: PoolLook): PoolDecision | undefined => {
  const { seen, rules, figures } = look
  const { waitingTasks, joining } = seen
  if (waitingTasks === 0) return undefined
  const sentence = `${count(waitingTasks, 'task')} cannot be placed`
  const machines = lackByTasks(figures, rules, { joining, most: rules.max })
  if (machines > 0) return growBy(look, machines, { code: 'tasks-wait', sentence })
  return joining === 0
    ? undefined
    : decided(look, 'joining', `${sentence}; ${count(joining, 'VM')} that will take them join.`)
}

const lackSentence = ({ seen, rules }: PoolLook, { of }: Lack): string => {
  const { cluster } = rules.thresholds
  if (of === 'load') return `load ${percent(seen.loadPercent)} > ${cluster.loadPercent} %`
  if (of === 'memory') return `memory ${percent(seen.memoryPercent)} > ${cluster.memoryPercent} %`
  return `${seen.paused} of ${count(seen.usable, 'node')} paused, ${percent(seen.pausedPercent)} > ${cluster.pausedPercent} %`
}

/** Above a threshold for the whole window, and not just after the pool grew. */
export const growForUse = (look: PoolLook): PoolDecision | undefined => {
  const { lack, rules, memory, now } = look
  if (lack.machines === 0) return undefined
  const sentence = lackSentence(look, lack)
  const { growAfterSeconds, cooldownSeconds } = rules.watch
  const since = memory.pressedSince ?? now
  if (isWithin(now, since, growAfterSeconds))
    return decided(
      look,
      'threshold-window',
      `${sentence} for ${secondsSince(now, since)} s; grows after ${growAfterSeconds} s.`,
    )
  if (isWithin(now, memory.grownAt, cooldownSeconds))
    return decided(
      look,
      'cooldown',
      `${sentence}, but the pool grew ${secondsSince(now, memory.grownAt)} s ago; looks again after ${cooldownSeconds} s.`,
    )
  return growBy(look, lack.machines, { code: 'above-threshold', sentence })
}
