import { assess } from './assess.ts'
import { adoptShrink, continueShrink } from './continue-shrink.ts'
import type { PoolDecision } from './decision.ts'
import type { PoolFigures, PoolRules } from './figures.ts'
import { growForTasks, growForUse, growToMin } from './grow.ts'
import { settleAwaited } from './joining.ts'
import { count, decided, isWithin, type PoolLook, percent, secondsSince } from './look.ts'
import { emptyMemory, type PoolMemory, remember } from './memory.ts'
import { reapStray, replaceOverdue, retryGivenUp } from './repair.ts'
import { shrinkForUse, shrinkToMax } from './shrink.ts'
import { resumeSilent, trackSilent } from './silent.ts'
import { findStrays, foreignThings } from './strays.ts'
import { isSeen, seenLack, trackWindows } from './windows.ts'

type Rule = (look: PoolLook) => PoolDecision | undefined

const cause = 'unusable'

/** Too much of the pool does not work: the ground below it may be gone, and whatever is done now may make it worse. */
const stopForUnusable: Rule = (look) => {
  const { seen, memory, rules, now } = look
  if (memory.unusableSince === undefined) return undefined
  const sentence = `${seen.unusable} of the pool unusable, ${percent(seen.unusablePercent)} > ${rules.watch.unusablePercent} %`
  const isLasting = !isWithin(now, memory.unusableSince, rules.watch.growAfterSeconds)
  if (memory.calledFor === cause || !isLasting)
    return decided(look, 'too-many-unusable', `${sentence}: nothing is changed until a person has looked.`)
  return decided(
    look,
    'too-many-unusable',
    `${sentence} for ${secondsSince(now, memory.unusableSince)} s: a person is called, and nothing is changed until it is below.`,
    { action: { kind: 'call' }, memory: remember(memory, { calledFor: cause }) },
  )
}

const waitForChange: Rule = (look) =>
  look.figures.change === undefined
    ? undefined
    : decided(look, 'change-applied', `A change is being applied (${look.figures.change}): it goes first.`)

/** A node that is being taken out goes on, but for what makes the pool smaller while it is broken or a change is applied. */
const goOnShrinking: Rule = (look) => {
  const next = continueShrink(look)
  const isFinal = next?.action.kind === 'delete' || next?.action.kind === 'remove'
  return isFinal ? (stopForUnusable(look) ?? waitForChange(look) ?? next) : next
}

/** What is told where nothing is to be done; what somebody should look at first. */
const inBalance: (look: PoolLook) => PoolDecision = (look) => {
  const { seen, figures } = look
  const foreign = foreignThings(figures, seen)
  if (isUnseen(look))
    return decided(
      look,
      'few-samples',
      `${seen.unseen} of ${count(seen.usable, 'node')} have no fresh sample: use cannot be judged.`,
    )
  if (seen.helplessTasks > 0)
    return decided(
      look,
      'tasks-fit-nowhere',
      `${count(seen.helplessTasks, 'task')} cannot be placed, and no new VM of the pool would take them: they need more than it has, or their constraints name others.`,
    )
  if (seen.waitingTasks > 0)
    return decided(
      look,
      'tasks-should-fit',
      `${count(seen.waitingTasks, 'task')} wait although active nodes have the room: the scheduler has not come to them, or refuses them for something else.`,
    )
  const state = `load ${percent(seen.loadPercent)}, memory ${percent(seen.memoryPercent)}, ${seen.paused} of ${count(seen.usable, 'node')} paused, ${count(seen.size, 'VM')}${seen.unusable > 0 ? `, ${seen.unusable} unusable` : ''}`
  return foreign.length > 0
    ? decided(look, 'foreign', `In balance: ${state}; not ours and left alone: ${foreign.join(', ')}.`)
    : decided(look, 'in-balance', `In balance: ${state}.`)
}

const isUnseen = ({ seen }: PoolLook): boolean => seen.usable > 0 && !isSeen(seen)

/** What forbids everything else. */
const first: readonly Rule[] = [goOnShrinking, stopForUnusable, waitForChange, replaceOverdue]
const growth: readonly Rule[] = [growToMin, growForTasks, growForUse]
const repairs: readonly Rule[] = [retryGivenUp, resumeSilent, reapStray]
const shrinks: readonly Rule[] = [shrinkToMax, shrinkForUse]

const firstOf = (rules: readonly Rule[], look: PoolLook): PoolDecision | undefined => {
  for (const rule of rules) {
    const decision = rule(look)
    if (decision !== undefined) return decision
  }
  return undefined
}

const acts = (decision: PoolDecision | undefined): decision is PoolDecision =>
  decision !== undefined && decision.action.kind !== 'nothing'

/**
 * What forbids everything comes first, then what the pool lacks. A pool that has to wait for what it lacks is repaired meanwhile, since
 * what is broken may be what it waits for, and never made smaller.
 */
const judge = (look: PoolLook): PoolDecision => {
  const forbidden = firstOf(first, look)
  if (forbidden !== undefined) return forbidden
  const wish = firstOf(growth, look)
  if (acts(wish)) return wish
  const repair = firstOf(repairs, look)
  return repair ?? wish ?? firstOf(shrinks, look) ?? inBalance(look)
}

const endedCall = (memory: PoolMemory): PoolMemory =>
  memory.calledFor === cause && memory.unusableSince === undefined
    ? remember(memory, { calledFor: undefined })
    : memory.calledFor !== undefined && memory.calledFor !== cause && memory.shrink === undefined
      ? remember(memory, { calledFor: undefined })
      : memory

/** What is known before anything is decided: the memory brought up to date, and what the figures come to. */
const lookAt = (figures: PoolFigures, rules: PoolRules, at: PoolMoment): PoolLook => {
  const { now, shrinking } = at
  const settled = settleAwaited(figures, adoptShrink(at.memory ?? emptyMemory, figures.nodes, at), now)
  const seen = assess(figures, rules, { memory: settled, now })
  const lack = seenLack(seen, rules)
  const heard = trackSilent(settled, { figures, seen, rules, now })
  const tracked = endedCall(trackWindows(heard, { seen, rules, lack, now }))
  const { memory } = findStrays(figures, seen, { memory: tracked, now, rules })
  return { figures, rules, seen, lack, memory, now, shrinking }
}

/** When a pool is looked at, and what is remembered of it; nothing where it was never looked at. */
export interface PoolMoment {
  readonly now: number
  readonly memory?: PoolMemory
  readonly shrinking: string | undefined
}

/**
 * What is to be done to a pool now: at most one action, with its reason, what was seen, and what to remember. Pure: the watcher and the
 * rehearsal call it alike. Never throws.
 */
export const decidePool = (figures: PoolFigures, rules: PoolRules, at: PoolMoment): PoolDecision =>
  judge(lookAt(figures, rules, at))
