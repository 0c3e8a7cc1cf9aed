import type { Amounts } from '../../compile/reservation.ts'
import type { Assessment } from './assess.ts'
import type { PendingTasks, PoolFigures, PoolRules } from './figures.ts'
import { emptyRoom, fitsIn, isOpen, type Room, roomOn, take, wouldHelp } from './room.ts'

/** So much of what is measured is noise of adding up. */
const tolerance = 1e-9

const lackOf = (used: number, allowedPercent: number, has: number, one: number): number =>
  Math.max(0, Math.ceil((used / (allowedPercent / 100) - has) / one - tolerance))

/** VMs that are missing until nothing is above its threshold, each with the figure that asks for it. */
export interface Lack {
  readonly machines: number
  readonly of: 'load' | 'memory' | 'paused nodes'
}

/**
 * VMs of the pool's kind that bring load, memory and the share of paused nodes under their thresholds; those that are joining count
 * as there. It grows with the load of any node. Never throws.
 */
export const lackByUse = (seen: Assessment, rules: PoolRules): Lack => {
  const { cluster } = rules.thresholds
  const { cpuMillis, memoryBytes } = rules.machine
  const load = (seen.loadPercent / 100) * seen.usableCpuMillis
  const memory = (seen.memoryPercent / 100) * seen.usableMemoryBytes
  const cpus = seen.usableCpuMillis + seen.joining * cpuMillis
  const bytes = seen.usableMemoryBytes + seen.joining * memoryBytes
  const lacks: Lack[] = [
    { of: 'load', machines: lackOf(load, cluster.loadPercent, cpus, cpuMillis) },
    { of: 'memory', machines: lackOf(memory, cluster.memoryPercent, bytes, memoryBytes) },
    {
      of: 'paused nodes',
      machines: lackOf(seen.paused, cluster.pausedPercent, seen.usable + seen.joining, 1),
    },
  ]
  return lacks.reduce((most, one) => (one.machines > most.machines ? one : most))
}

/** Larger ones first: what is left over is filled by the smaller ones. */
const bySize = (machine: Amounts) => (a: PendingTasks, b: PendingTasks) => size(b, machine) - size(a, machine)

const size = ({ service: { reserved } }: PendingTasks, machine: Amounts): number =>
  Math.max(reserved.cpuMillis / machine.cpuMillis, reserved.memoryBytes / machine.memoryBytes)

/** Fills rooms with tasks of one service, first fit, with as many more as it takes; gives back where to go on. */
const fill = (rooms: Room[], { service, count }: PendingTasks, { machine, most }: Packing): void => {
  let at = 0
  for (let left = count; left > 0; ) {
    const room = rooms[at]
    if (room === undefined) {
      if (rooms.length >= most) return
      rooms.push(emptyRoom(machine))
    } else if (fitsIn(room, service)) {
      take(room, service)
      left -= 1
    } else at += 1
  }
}

interface Packing {
  readonly machine: Amounts
  /** Rooms, at most. */
  readonly most: number
}

/**
 * VMs of the pool's kind that the waiting tasks need: packed largest first into the room of active nodes, of VMs that are joining, then of
 * new ones. Tasks that no new node would take ask for none. At most `most`. Never throws.
 */
export const lackByTasks = (
  figures: PoolFigures,
  rules: PoolRules,
  { joining, most }: { joining: number; most: number },
): number => {
  const waiting = figures.pending.filter((tasks) => wouldHelp(tasks, rules.machine))
  if (waiting.length === 0) return 0
  const rooms = figures.nodes.filter(isOpen).map(roomOn)
  const there = rooms.length + joining
  for (let one = 0; one < joining; one++) rooms.push(emptyRoom(rules.machine))
  const packing = { machine: rules.machine, most: there + most }
  for (const tasks of [...waiting].sort(bySize(rules.machine))) fill(rooms, tasks, packing)
  return rooms.length - there
}
