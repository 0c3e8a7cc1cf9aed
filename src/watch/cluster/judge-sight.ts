import { poolOfName } from './pool-names.ts'
import type { PoolSubject, StackView } from './pool-subject.ts'
import type { ClusterSight } from './swarm.ts'

/** Why nothing is decided on what was read: a list that is empty or cut short is a failure of whoever made it, never a cluster that is gone. */
export type Unbelievable =
  | 'no-managers'
  | 'nodes-missing'
  | 'tasks-missing'
  | 'machines-missing'
  | 'twice-in-list'

/** What was believed last: how many nodes and VMs each pool had, by its id. */
export type LastSight = ReadonlyMap<string, { readonly nodes: number; readonly machines: number }>

interface SightInput {
  readonly pools: readonly PoolSubject[]
  readonly stacks: ReadonlyMap<string, StackView>
  readonly sight: ClusterSight
  readonly before: LastSight
}

/** How many nodes and VMs each pool has by name. Never throws. */
export const countSight = (pools: readonly PoolSubject[], { swarm, machines }: ClusterSight): LastSight => {
  const counts = new Map(pools.map(({ id }) => [id, { nodes: 0, machines: 0 }]))
  const add = (name: string, kind: 'nodes' | 'machines') => {
    const count = counts.get(poolOfName(name, pools)?.id ?? '')
    if (count !== undefined) count[kind] += 1
  }
  for (const { hostname } of swarm.nodes) add(hostname, 'nodes')
  for (const { name } of machines) add(name, 'machines')
  return counts
}

/** Two or more that were there and none that is: one alone may have been taken out. */
const vanished = (before: number, now: number): boolean => before > 1 && now === 0

const hasTwice = (names: readonly string[]): boolean => new Set(names).size < names.length

/** VMs that are to be there, and not one is. */
const lacksMachines = ({ pools, stacks, sight }: SightInput): boolean => {
  if (sight.machines.length > 0) return false
  return pools.some(
    ({ stack, name }) =>
      (stacks.get(stack)?.placed.size ?? 0) > 0 && (stacks.get(stack)?.live[name] ?? []).length > 0,
  )
}

const lacksTasks = ({ services, tasks }: ClusterSight['swarm']): boolean =>
  tasks.length === 0 && services.some(({ replicas }) => replicas > 0)

/** Why what was read cannot be so; undefined where it can. Never throws. */
export const judgeSight = (input: SightInput): Unbelievable | undefined => {
  const { pools, sight, before } = input
  const { swarm } = sight
  if (!swarm.nodes.some(({ isManager }) => isManager)) return 'no-managers'
  if (hasTwice(swarm.nodes.map(({ id }) => id)) || hasTwice(sight.machines.map(({ name }) => name)))
    return 'twice-in-list'
  if (lacksTasks(swarm)) return 'tasks-missing'
  if (lacksMachines(input)) return 'machines-missing'
  for (const [id, now] of countSight(pools, sight)) {
    const then = before.get(id)
    if (then !== undefined && vanished(then.nodes, now.nodes)) return 'nodes-missing'
    if (then !== undefined && vanished(then.machines, now.machines)) return 'machines-missing'
  }
  return undefined
}
