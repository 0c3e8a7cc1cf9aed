import type { PoolNode, PoolTask, ServiceNeeds } from './figures.ts'
import { fitsIn, isOpen, type Room, roomOn, take } from './room.ts'

/** As the scheduler spreads: the one with the fewest tasks of those that may take it. */
const choose = (rooms: readonly Room[], service: ServiceNeeds): Room | undefined => {
  let best: Room | undefined
  for (const room of rooms)
    if ((best === undefined || room.tasks < best.tasks) && fitsIn(room, service)) best = room
  return best
}

const weight = ({ service }: PoolTask): number => service.reserved.memoryBytes

/**
 * The first of a node's tasks that the other active nodes cannot take, by reservations, constraints and tasks a node; undefined where all
 * have a place. Tasks of global services need none. Never throws.
 */
export const homelessTask = (leaving: PoolNode, nodes: readonly PoolNode[]): PoolTask | undefined => {
  const tasks = leaving.tasks.filter(({ service }) => service.isGlobal !== true)
  if (tasks.length === 0) return undefined
  const rooms = nodes.filter((node) => node !== leaving && isOpen(node)).map(roomOn)
  for (const task of tasks.sort((a, b) => weight(b) - weight(a))) {
    const room = choose(rooms, task.service)
    if (room === undefined) return task
    take(room, task.service)
  }
  return undefined
}
