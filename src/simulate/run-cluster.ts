import { decidePool } from '../watch/cluster/decide-pool.ts'
import type { PoolAction, PoolDecision } from '../watch/cluster/decision.ts'
import type { PendingTasks, PoolFigures, PoolMachine, ServiceNeeds } from '../watch/cluster/figures.ts'
import type { Rehearsal, SimMachine } from './rehearsal.ts'
import { displace } from './run-containers.ts'
import { deleteMachine, dropNode, freeNames, makeMachine, replaceMachine } from './run-machines.ts'
import { decideByUseOnly } from './usage-only.ts'

const pendingOf = ({ pending }: Rehearsal): PendingTasks[] => {
  const counts = new Map<ServiceNeeds, number>()
  for (const { service, isGone } of pending)
    if (!isGone) counts.set(service.needs, (counts.get(service.needs) ?? 0) + 1)
  return [...counts].map(([service, count]) => ({ service, count, onNewNodes: true }))
}

const nodelessOf = ({ machines, nodes }: Rehearsal): PoolMachine[] => {
  if (machines.size === nodes.length) return []
  return [...machines.values()].filter(({ node }) => node === undefined)
}

const figuresOf = (run: Rehearsal): PoolFigures => ({
  pool: 'rehearsed',
  nodes: run.nodes,
  ownedMachines: run.machines.size,
  nodeless: nodelessOf(run),
  pending: run.pending.length === 0 ? [] : pendingOf(run),
  // Sorted only where somebody asks.
  get freeNames() {
    return freeNames(run, run.settings.pool.watch.maxStep)
  },
})

const machineOfNode = ({ machines }: Rehearsal, id: string): SimMachine | undefined => {
  for (const machine of machines.values()) if (machine.node?.id === id) return machine
  return undefined
}

const drain = (run: Rehearsal, id: string): void => {
  const node = machineOfNode(run, id)?.node
  if (node === undefined) return
  node.availability = 'drain'
  node.heldBy = 'cluster-watcher'
  run.totals.moved += displace(run, node)
}

const giveBack = (run: Rehearsal, id: string): void => {
  const node = machineOfNode(run, id)?.node
  if (node === undefined) return
  node.availability = 'active'
  node.heldBy = 'nobody'
  run.hasNewRoom = true
  run.totals.givenBack += 1
}

const remove = (run: Rehearsal, id: string): void => {
  const machine = machineOfNode(run, id)
  if (machine !== undefined) dropNode(run, machine)
}

const grow = (run: Rehearsal, names: readonly string[], second: number): void => {
  for (const name of names) makeMachine(run, name, second)
  run.totals.grown += names.length
}

/** Does to the simulated cluster what was decided. */
export const carryOut = (run: Rehearsal, action: PoolAction, second: number): void => {
  if (action.kind === 'grow') grow(run, action.machines, second)
  else if (action.kind === 'drain') drain(run, action.node)
  else if (action.kind === 'give-back') giveBack(run, action.node)
  else if (action.kind === 'remove' || action.kind === 'reap-node') remove(run, action.node)
  else if (action.kind === 'replace') {
    replaceMachine(run, action.machine, second)
    run.totals.replaced += 1
  } else if (action.kind === 'delete' || action.kind === 'reap-machine') {
    deleteMachine(run, action.machine)
    run.totals.shrunk += 1
  } else if (action.kind === 'call') run.totals.calls += 1
}

/** One look of the cluster watcher, by the same decision as the real one's; what is to be remembered is. */
export const lookAtCluster = (run: Rehearsal, second: number): PoolDecision => {
  const { looksAt, pool } = run.settings
  const decide = looksAt === 'everything' ? decidePool : decideByUseOnly
  const moment = { now: second * 1000, shrinking: undefined, ...(run.memory ? { memory: run.memory } : {}) }
  const decision = decide(figuresOf(run), pool, moment)
  run.memory = decision.memory
  return decision
}

/** A look of the cluster watcher, and what it decided. */
export const stepClusterWatcher = (run: Rehearsal, second: number): void => {
  run.decision = lookAtCluster(run, second)
  carryOut(run, run.decision.action, second)
}
