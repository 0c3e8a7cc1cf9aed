import { freeHostnames } from '../../compile/live-machines.ts'
import { isDrainedByWatcher, isPausedByWatcher, nodeMarks } from '../../core/node-marks.ts'
import type { WatchedPool } from './decide-cluster.ts'
import type { NodeHolder, PoolMachine, PoolTask, ServiceNeeds } from './figures.ts'
import { pairMachines, type UnpairedNode } from './pair-machines.ts'
import { pendingOfPools } from './pending.ts'
import { poolOfName } from './pool-names.ts'
import type { PoolSubject, StackView } from './pool-subject.ts'
import { needsOf } from './service-needs.ts'
import type { ClusterSight, SwarmNode, SwarmTask } from './swarm.ts'

/** UCP's label of the collection that a node stands in, by path (reference §6.3). */
export const accessLabel = 'com.docker.ucp.access.label'

/** What the figures of a cluster's pools are made of. */
export interface FigureInput {
  readonly pools: readonly PoolSubject[]
  readonly stacks: ReadonlyMap<string, StackView>
  readonly sight: ClusterSight
}

/** Who took a node out of service, by its labels and by whether the stack has put it into its collection yet. Never throws. */
export const holderOf = (node: SwarmNode, isPlaced: boolean): NodeHolder => {
  if (!isPlaced) return 'joining'
  if (node.availability === 'active') return 'nobody'
  if (node.labels[nodeMarks.hold] !== undefined) return 'person'
  if (isDrainedByWatcher(node)) return 'cluster-watcher'
  return isPausedByWatcher(node) ? 'node-watcher' : 'person'
}

interface NodesOfPools {
  readonly nodes: ReadonlyMap<PoolSubject, readonly SwarmNode[]>
}

const standsIn = ({ labels }: SwarmNode, { collection }: PoolSubject): boolean =>
  labels[accessLabel] === collection

/** By name, since a node that joins stands in its collection last; else by its label; else it is the first pool's of its collection. */
const poolOfNode = (node: SwarmNode, pools: readonly PoolSubject[]): PoolSubject | undefined =>
  poolOfName(node.hostname, pools) ??
  pools.find((pool) => standsIn(node, pool) && node.labels[nodeMarks.pool] === pool.name) ??
  pools.find((pool) => standsIn(node, pool))

const grouped = <T>(
  items: readonly T[],
  pools: readonly PoolSubject[],
  poolOf: (item: T) => PoolSubject | undefined,
): ReadonlyMap<PoolSubject, T[]> => {
  const groups = new Map<PoolSubject, T[]>(pools.map((pool) => [pool, []]))
  for (const item of items) {
    const pool = poolOf(item)
    if (pool !== undefined) groups.get(pool)?.push(item)
  }
  return groups
}

const tasksByNode = (tasks: readonly SwarmTask[]): ReadonlyMap<string, SwarmTask[]> => {
  const byNode = new Map<string, SwarmTask[]>()
  for (const task of tasks) {
    if (task.node === '') continue
    const there = byNode.get(task.node)
    if (there === undefined) byNode.set(task.node, [task])
    else there.push(task)
  }
  return byNode
}

type Needs = ReadonlyMap<string, ServiceNeeds>

interface NodeInput {
  readonly sight: ClusterSight
  readonly needs: Needs
  readonly tasks: ReadonlyMap<string, readonly SwarmTask[]>
  readonly isPlaced: boolean
}

const amountsOf = (tasks: readonly PoolTask[]) => {
  let [cpuMillis, memoryBytes] = [0, 0]
  for (const { service } of tasks) {
    cpuMillis += service.reserved.cpuMillis
    memoryBytes += service.reserved.memoryBytes
  }
  return { cpuMillis, memoryBytes }
}

const poolNode = (node: SwarmNode, { sight, needs, tasks, isPlaced }: NodeInput): UnpairedNode => {
  const held = (tasks.get(node.id) ?? []).flatMap(({ id, service }): PoolTask[] => {
    const found = needs.get(service)
    return found === undefined ? [] : [{ id, service: found }]
  })
  const { id, hostname, state, availability, isManager, capacity, createdAt, labels } = node
  return {
    ...{ id, hostname, state, availability, isManager, capacity, createdAt },
    heldBy: holderOf(node, isPlaced),
    sample: sight.samples.get(id),
    reserved: amountsOf(held),
    taskCount: sight.swarm.leaving.get(id) ?? held.filter(({ service }) => service.isGlobal !== true).length,
    tasks: held,
    ...(labels[nodeMarks.hold] === undefined ? {} : { isKept: true }),
  }
}

const ownedOf = ({ stack, name }: PoolSubject, { stacks }: FigureInput): readonly string[] =>
  stacks.get(stack)?.live[name] ?? []

const machinesOf = (
  pool: PoolSubject,
  input: FigureInput,
  inFolder: ReadonlyMap<PoolSubject, readonly { readonly name: string; readonly isMarked: boolean }[]>,
): readonly PoolMachine[] => {
  // What is to go is the stack's until it is gone.
  const owned = new Set([...ownedOf(pool, input), ...(input.stacks.get(pool.stack)?.removing ?? [])])
  return (inFolder.get(pool) ?? []).map(({ name, isMarked }) => ({
    name,
    isMarked,
    isOwned: owned.has(name),
  }))
}

/** Names for as many VMs as a step may add: of no VM, no node and no record. */
const freeOf = (pool: PoolSubject, input: FigureInput): readonly string[] => {
  const { sight, stacks } = input
  const view = stacks.get(pool.stack)
  const taken = new Set([
    ...sight.machines.map(({ name }) => name),
    ...sight.swarm.nodes.map(({ hostname }) => hostname),
    ...ownedOf(pool, input),
    ...(view?.removing ?? []),
  ])
  return freeHostnames(taken, pool, pool.rules.watch.maxStep)
}

/** VMs that the stack is to have, and vCenter has not. */
const lostOf = (pool: PoolSubject, input: FigureInput): readonly string[] => {
  const there = new Set(input.sight.machines.map(({ name }) => name))
  return ownedOf(pool, input).filter((name) => !there.has(name))
}

/** The figures of every pool of a cluster, in the order of the pools. Never throws. */
export const makeFigures = (input: FigureInput): readonly WatchedPool[] => {
  const { pools, stacks, sight } = input
  const { swarm, machines } = sight
  const needs = needsOf(swarm)
  const tasks = tasksByNode(swarm.tasks)
  const { nodes }: NodesOfPools = {
    nodes: grouped(
      swarm.nodes.filter(({ isManager }) => !isManager),
      pools,
      (node) => poolOfNode(node, pools),
    ),
  }
  const inFolder = grouped(machines, pools, ({ name }) => poolOfName(name, pools))
  const pending = pendingOfPools({ pools, swarm, needs, nodes })
  return pools.map((pool) => {
    const view = stacks.get(pool.stack)
    const isPlaced = ({ hostname }: SwarmNode): boolean =>
      view?.placed.has(hostname) === true || poolOfName(hostname, [pool]) === undefined
    const unpaired = (nodes.get(pool) ?? []).map((node) =>
      poolNode(node, { sight, needs, tasks, isPlaced: isPlaced(node) }),
    )
    const figures = {
      pool: pool.id,
      ...pairMachines(unpaired, machinesOf(pool, input, inFolder)),
      pending: pending.get(pool) ?? [],
      freeNames: freeOf(pool, input),
      lost: lostOf(pool, input),
      ...(view?.change === undefined ? {} : { change: view.change }),
    }
    return { figures, rules: pool.rules }
  })
}
