import type { PoolTask, ServiceNeeds } from '../watch/cluster/figures.ts'
import type { SimNode } from './sim-node.ts'

/** What every container of a service has in common. */
export interface SimService {
  readonly place: number
  readonly needs: ServiceNeeds
  /** How large its containers are beside those of its class. */
  readonly scale: number
  /** Its containers by number, in the order in which they were made. */
  readonly containers: number[]
}

/** A container; `node` is undefined while it waits. */
export interface SimContainer {
  readonly number: number
  readonly service: SimService
  /** What the decisions see of it. */
  readonly task: PoolTask
  node: SimNode | undefined
  /** Where it stands in its node's list. */
  at: number
  /** More than usual that it uses, 0 for none: CPU and memory. */
  extraCpu: number
  extraMemory: number
  isGone: boolean
}

/** Containers, and what each node carries of each class. */
export interface Containers {
  readonly classes: number
  readonly all: (SimContainer | undefined)[]
  readonly free: number[]
  /** Sizes added up, by slot × class. */
  readonly cpuWeights: Float64Array
  readonly memoryWeights: Float64Array
}

export const noContainers = (slots: number, classes: number): Containers => ({
  classes,
  all: [],
  free: [],
  cpuWeights: new Float64Array(slots * classes),
  memoryWeights: new Float64Array(slots * classes),
})

/** A container of a service that waits for a node. */
export const makeContainer = (table: Containers, service: SimService): SimContainer => {
  const number = table.free.pop() ?? table.all.length
  const made: SimContainer = {
    number,
    service,
    task: { id: String(number), service: service.needs },
    node: undefined,
    at: 0,
    extraCpu: 0,
    extraMemory: 0,
    isGone: false,
  }
  table.all[number] = made
  service.containers.push(number)
  return made
}

export const containerAt = (table: Containers, number: number): SimContainer => {
  const found = table.all[number]
  if (found === undefined) throw new Error(`container ${number} is gone`)
  return found
}

/** What the decisions see of a container. */
export const taskOf =
  (table: Containers) =>
  (number: number): PoolTask =>
    containerAt(table, number).task

const addWeight = (table: Containers, container: SimContainer, times: 1 | -1): void => {
  const { service, node } = container
  if (node === undefined) return
  const at = node.slot * table.classes + service.place
  const { cpuWeights, memoryWeights } = table
  cpuWeights[at] = (cpuWeights[at] ?? 0) + times * service.scale * (1 + container.extraCpu)
  memoryWeights[at] = (memoryWeights[at] ?? 0) + times * service.scale * (1 + container.extraMemory)
}

/** Puts a waiting container on a node. */
export const putOn = (table: Containers, container: SimContainer, node: SimNode): void => {
  const { reserved } = container.service.needs
  container.node = node
  container.at = node.containers.length
  node.containers.push(container.number)
  node.taskCount += 1
  node.reserved.cpuMillis += reserved.cpuMillis
  node.reserved.memoryBytes += reserved.memoryBytes
  addWeight(table, container, 1)
}

/** Takes a container off its node; it waits after that. */
export const takeOff = (table: Containers, container: SimContainer): void => {
  const { node } = container
  if (node === undefined) return
  addWeight(table, container, -1)
  const last = node.containers.pop()
  if (last !== undefined && last !== container.number) {
    node.containers[container.at] = last
    containerAt(table, last).at = container.at
  }
  const { reserved } = container.service.needs
  node.taskCount -= 1
  node.reserved.cpuMillis -= reserved.cpuMillis
  node.reserved.memoryBytes -= reserved.memoryBytes
  container.node = undefined
}

/** Ends a container for good. */
export const endContainer = (table: Containers, container: SimContainer): void => {
  takeOff(table, container)
  container.isGone = true
  const { containers } = container.service
  const at = containers.indexOf(container.number)
  if (at >= 0) containers.splice(at, 1)
  table.all[container.number] = undefined
  table.free.push(container.number)
}

/** Lets a container use more than usual, or as usual again. */
export const setExtra = (table: Containers, container: SimContainer, cpu: number, memory: number): void => {
  addWeight(table, container, -1)
  container.extraCpu = cpu
  container.extraMemory = memory
  addWeight(table, container, 1)
}
