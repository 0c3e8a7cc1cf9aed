import { isOverdue } from './assess.ts'
import type { PoolFigures, PoolRules } from './figures.ts'
import { type AwaitedMachine, type PoolMemory, remember } from './memory.ts'

const hasJoined = ({ nodes }: PoolFigures, name: string): boolean =>
  nodes.some(({ machine, state, heldBy }) => machine === name && state === 'ready' && heldBy !== 'joining')

/** A VM that was given up is not awaited any more once it is gone. */
const isGone = (figures: PoolFigures, name: string, one: AwaitedMachine): boolean =>
  one.isGivenUp &&
  !figures.nodeless.some((machine) => machine.name === name) &&
  !figures.nodes.some(({ machine }) => machine === name)

/**
 * Not to be found anywhere, and the stack's record does not ask for it either: whoever decided to make it was killed before writing that down. Only
 * figures that tell what is lost can say so.
 */
const isUnwanted = ({ lost, nodeless, nodes }: PoolFigures, name: string): boolean =>
  lost !== undefined &&
  !lost.includes(name) &&
  !nodeless.some((machine) => machine.name === name) &&
  !nodes.some(({ machine, hostname }) => machine === name || hostname === name)

const appeared = (figures: PoolFigures, memory: PoolMemory): string[] =>
  figures.nodeless
    .filter(({ name, isOwned }) => isOwned && memory.awaited[name] === undefined)
    .map(({ name }) => name)
    .filter((name) => name !== memory.shrink?.machine)

/**
 * What is awaited, brought up to date: VMs whose node is there and in its place are not awaited any more, VMs of the stack that no
 * node stands for are, from now on. A VM that joined ends a row of failures. What nobody asked for in the end is decided on
 * afresh, without a cooldown. Never throws.
 */
export const settleAwaited = (figures: PoolFigures, memory: PoolMemory, now: number): PoolMemory => {
  const before = Object.entries(memory.awaited)
  const found = figures.nodeless.length === 0 ? [] : appeared(figures, memory)
  if (before.length === 0 && found.length === 0) return memory
  const joined = before.filter(([name]) => hasJoined(figures, name))
  const unwanted = before.filter(([name]) => isUnwanted(figures, name))
  const kept = before.filter(
    (entry) => !joined.includes(entry) && !unwanted.includes(entry) && !isGone(figures, ...entry),
  )
  if (kept.length === before.length && found.length === 0) return memory
  const began = found.map((name) => [name, { since: now, attempt: 1, isGivenUp: false }] as const)
  return remember(memory, {
    awaited: Object.fromEntries([...kept, ...began]),
    ...(unwanted.some(([, { isGivenUp }]) => !isGivenUp) ? { grownAt: undefined } : {}),
    ...(joined.length > 0 ? { failures: 0, blockedUntil: undefined } : {}),
  })
}

/** The VM that is overdue the longest and was not given up; undefined where there is none. Never throws. */
export const overdueMachine = (
  memory: PoolMemory,
  at: { now: number; rules: PoolRules },
): { readonly name: string; readonly attempt: number } | undefined => {
  const [first] = Object.entries(memory.awaited)
    .filter(([, one]) => !one.isGivenUp && isOverdue(one, at))
    .sort(([, a], [, b]) => a.since - b.since)
  return first && { name: first[0], attempt: first[1].attempt }
}

/** Longest wait after failures in a row: a ground that is gone for a night is tried every few hours. Source: our choice. */
const mostDoublings = 5

/** Until when no VM is asked for after so many failures in a row: the cooldown, twice as long each time. Never throws. */
export const backOffUntil = (now: number, failures: number, { watch }: PoolRules): number =>
  now + Math.max(watch.cooldownSeconds, 60) * 1000 * 2 ** Math.min(failures - 1, mostDoublings)

/** Memory in which a VM is awaited anew. */
export const awaitAgain = (memory: PoolMemory, names: readonly string[], one: AwaitedMachine): PoolMemory =>
  remember(memory, {
    awaited: { ...memory.awaited, ...Object.fromEntries(names.map((name) => [name, one])) },
  })
