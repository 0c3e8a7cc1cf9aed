import type { Amounts } from '../../compile/reservation.ts'
import type { PendingTasks, PoolNode, ServiceNeeds } from './figures.ts'

/** What a node, or a VM that is to be one, still takes; filled while a place for tasks is looked for. */
export interface Room {
  /** Undefined for a VM that is to be. */
  readonly node: PoolNode | undefined
  cpuMillis: number
  memoryBytes: number
  tasks: number
  /** Tasks by service; counted where it first matters. */
  of: Map<string, number> | undefined
}

/** What a node still takes by reservations. */
export const roomOn = (node: PoolNode): Room => ({
  node,
  cpuMillis: node.capacity.cpuMillis - node.reserved.cpuMillis,
  memoryBytes: node.capacity.memoryBytes - node.reserved.memoryBytes,
  tasks: node.taskCount,
  of: undefined,
})

/** What a new VM takes. */
export const emptyRoom = ({ cpuMillis, memoryBytes }: Amounts): Room => ({
  node: undefined,
  cpuMillis,
  memoryBytes,
  tasks: 0,
  of: undefined,
})

/** Whether the scheduler places tasks on it now. */
export const isOpen = ({ state, heldBy }: PoolNode): boolean => state === 'ready' && heldBy === 'nobody'

const tasksByService = (room: Room): Map<string, number> => {
  if (room.of === undefined) {
    room.of = new Map()
    for (const { service } of room.node?.tasks ?? [])
      room.of.set(service.id, (room.of.get(service.id) ?? 0) + 1)
  }
  return room.of
}

/** Whether a task of the service may be placed there, as swarm's filters say. Never throws. */
export const fitsIn = (room: Room, { id, reserved, maxPerNode, onlyOn }: ServiceNeeds): boolean =>
  room.cpuMillis >= reserved.cpuMillis &&
  room.memoryBytes >= reserved.memoryBytes &&
  (room.node === undefined || onlyOn === undefined || onlyOn.has(room.node.id)) &&
  (maxPerNode === undefined || (tasksByService(room).get(id) ?? 0) < maxPerNode)

/** Fills the room with one task more. */
export const take = (room: Room, { id, reserved, maxPerNode }: ServiceNeeds): void => {
  room.cpuMillis -= reserved.cpuMillis
  room.memoryBytes -= reserved.memoryBytes
  room.tasks += 1
  if (maxPerNode === undefined) return
  const of = tasksByService(room)
  of.set(id, (of.get(id) ?? 0) + 1)
}

/** Whether one new VM of the kind takes such a task. Never throws. */
export const wouldHelp = ({ service, onNewNodes }: PendingTasks, machine: Amounts): boolean =>
  onNewNodes && fitsIn(emptyRoom(machine), service)
