import type { PoolDecision } from '../cluster/decision.ts'
import type { PoolSubject, StackView } from '../cluster/pool-subject.ts'
import type { ClusterSight } from '../cluster/swarm.ts'
import type { NodeHands, NodeOutcome } from './node-hands.ts'
import type { PoolStacks, WantedMachines } from './pool-stacks.ts'

/** What the watcher does to nodes and to VMs that no stack holds. */
export interface Hands {
  readonly nodes: () => NodeHands
  /** Deletes a VM that no stack holds, where it still carries our marks. @throws {Fault} of vCenter. */
  readonly destroyStray: (machine: string) => Promise<'done' | 'left'>
}

/** What came of an action: of a node, of a VM without a stack, or that a stack is to have other VMs, which a run makes so. */
export type DeedOutcome = NodeOutcome | 'wanted' | 'told'

interface Deed {
  readonly decision: PoolDecision
  readonly view: StackView
  readonly sight: ClusterSight
}

interface Means {
  readonly hands: Hands
  readonly stacks: PoolStacks
  /** @throws {Fault} `lease-lost` where this watcher leads no more. */
  readonly verify: () => Promise<void>
  readonly wallTime: string
}

const want = async (pool: PoolSubject, change: Omit<WantedMachines, 'pool'>, means: Means) => {
  await means.verify()
  await means.stacks.want(pool.stack, { pool: pool.name, ...change })
  return 'wanted' as const
}

/** A VM of the stack goes through it, so that its state stays true; one of no stack is deleted where it stands. */
const reapMachine = async (
  pool: PoolSubject,
  machine: string,
  { view }: Deed,
  means: Means,
): Promise<DeedOutcome> => {
  const held = new Set([...Object.values(view.live).flat(), ...view.removing])
  if (held.has(machine)) return want(pool, { remove: [machine] }, means)
  await means.verify()
  return means.hands.destroyStray(machine)
}

/** A node that was paused to be drained, by a watcher that did not come to the drain. */
const goOn = async ({ decision, sight }: Deed, { hands }: Means): Promise<DeedOutcome | undefined> => {
  if (decision.reason.code !== 'draining') return undefined
  const id = decision.memory.shrink?.node
  const node = sight.swarm.nodes.find((one) => one.id === id)
  return node?.availability === 'pause' ? hands.nodes().goOnDraining(node.id) : undefined
}

/**
 * Does what was decided of a pool; undefined where that is nothing. Everything can be done again: what is so already succeeds.
 *
 * @throws {Fault} of whoever refused; `lease-lost` where this watcher leads no more.
 */
export const carryOut = (pool: PoolSubject, deed: Deed, means: Means): Promise<DeedOutcome | undefined> => {
  const { action } = deed.decision
  const nodes = () => means.hands.nodes()
  switch (action.kind) {
    case 'nothing':
      return goOn(deed, means)
    case 'call':
      return Promise.resolve('told')
    case 'grow':
      return want(pool, { add: action.machines }, means)
    case 'delete':
      return want(pool, { remove: [action.machine] }, means)
    case 'replace':
      return want(pool, { replace: [action.machine] }, means)
    case 'reap-machine':
      return reapMachine(pool, action.machine, deed, means)
    case 'drain':
      return nodes().drain(action.node, means.wallTime)
    case 'remove':
      return nodes().remove(action.node)
    case 'give-back':
      return nodes().giveBack(action.node)
    case 'resume':
      return nodes().resume(action.node)
    case 'reap-node':
      return nodes().reap(action.node)
  }
}
