import type { PoolDecision } from './decision.ts'
import { awaitAgain, backOffUntil, overdueMachine } from './joining.ts'
import { count, decided, type PoolLook, secondsSince } from './look.ts'
import { remember } from './memory.ts'
import { findStrays, type Stray } from './strays.ts'

const again = (look: PoolLook, machine: string, because: string): PoolDecision =>
  decided(look, 'join-timeout', because, {
    action: { kind: 'replace', machine },
    memory: awaitAgain(look.memory, [machine], { since: look.now, attempt: 2, isGivenUp: false }),
  })

/** What is over for now: one of two VMs that did not join in their time. */
const giveUp = (look: PoolLook, machine: string): PoolDecision => {
  const { memory, rules, now, seen } = look
  const failures = memory.failures + 1
  const blockedUntil = backOffUntil(now, failures, rules)
  const mayGo = seen.size > rules.min
  const end = mayGo ? 'it is deleted' : 'it stays, since the pool is at its least'
  return decided(
    look,
    'join-timeout-again',
    `The replacement of ${machine} has not joined either, ${count(failures, 'failure')} in a row: no VM is asked for in the next ${secondsSince(blockedUntil, now)} s; ${end}.`,
    {
      ...(mayGo ? { action: { kind: 'reap-machine', machine } } : {}),
      memory: awaitAgain(remember(memory, { failures, blockedUntil }), [machine], {
        since: now,
        attempt: 2,
        isGivenUp: true,
      }),
    },
  )
}

/** A VM that is late is replaced once; when that is late too it goes, as far as the least allows, and nothing is asked for during a while. */
export const replaceOverdue = (look: PoolLook): PoolDecision | undefined => {
  const late = overdueMachine(look.memory, look)
  if (late === undefined) return undefined
  return late.attempt === 1
    ? again(
        look,
        late.name,
        `${late.name} has not joined in ${look.rules.watch.joinSeconds} s: it is replaced, once.`,
      )
    : giveUp(look, late.name)
}

/** What was given up and is still there: deleted where the least allows, else tried again once the wait is over. */
export const retryGivenUp = (look: PoolLook): PoolDecision | undefined => {
  const { memory, rules, now, seen } = look
  const [found] = Object.entries(memory.awaited).filter(([, one]) => one.isGivenUp)
  if (found === undefined) return undefined
  const [machine] = found
  if (seen.size > rules.min)
    return decided(look, 'join-timeout-again', `${machine} never joined: it is deleted.`, {
      action: { kind: 'reap-machine', machine },
    })
  if (memory.blockedUntil !== undefined && now < memory.blockedUntil) return undefined
  return again(look, machine, `${machine} never joined, and the pool is at its least: it is replaced again.`)
}

const reap = (look: PoolLook, due: Stray): PoolDecision => {
  const grace = `for more than ${look.rules.watch.graceSeconds} s`
  if (due.kind === 'machine')
    return decided(
      look,
      'stray-machine',
      `VM ${due.name} carries our tag and is in no stack ${grace}: it is deleted.`,
      { action: { kind: 'reap-machine', machine: due.name } },
    )
  if (due.kind === 'lost')
    return decided(
      look,
      'lost-machine',
      `VM ${due.name} of the stack is not in vCenter ${grace}: it leaves the stack.`,
      { action: { kind: 'reap-machine', machine: due.name } },
    )
  const { hostname, id } = due.node
  return decided(
    look,
    'stray-node',
    `Node ${hostname} is down and has no VM ${grace}: it leaves the swarm.`,
    {
      action: { kind: 'reap-node', node: id },
    },
  )
}

/** What belongs to nobody, once its grace time is over. */
export const reapStray = (look: PoolLook): PoolDecision | undefined => {
  const { due } = findStrays(look.figures, look.seen, look)
  return due && reap(look, due)
}
