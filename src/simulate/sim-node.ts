import type { Amounts } from '../compile/reservation.ts'
import type { NodeHolder, PoolNode, PoolTask } from '../watch/cluster/figures.ts'
import { type NodeWindows, noWindows } from '../watch/node/decide-windows.ts'
import type { NodeSample } from '../watch/node-sample.ts'

/** A sample that is written over at each step: a new one for each would be most of a rehearsal's time. */
interface WrittenSample extends NodeSample {
  at: number
  loadPercent: number
  memoryPercent: number
}

/** A node of a rehearsal as the watchers see it. */
export class SimNode implements PoolNode {
  readonly id: string
  readonly hostname: string
  readonly machine: string
  readonly capacity: Amounts
  readonly isManager = false
  state: 'ready' | 'down' = 'ready'
  availability: 'active' | 'pause' | 'drain' = 'active'
  heldBy: NodeHolder = 'nobody'
  readonly sample: WrittenSample = { at: 0, loadPercent: 0, memoryPercent: 0 }
  readonly reserved = { cpuMillis: 0, memoryBytes: 0 }
  taskCount = 0
  windows: NodeWindows = noWindows
  /** Where it stands in the tables of the rehearsal. */
  readonly slot: number
  /** Containers by number, in no order. */
  readonly containers: number[] = []
  readonly #taskOf: (container: number) => PoolTask

  constructor(
    { id, hostname, slot, capacity }: { id: string; hostname: string; slot: number; capacity: Amounts },
    taskOf: (container: number) => PoolTask,
  ) {
    this.id = id
    this.hostname = hostname
    this.machine = hostname
    this.slot = slot
    this.capacity = capacity
    this.#taskOf = taskOf
  }

  get tasks(): readonly PoolTask[] {
    return this.containers.map(this.#taskOf)
  }

  /** Whether the scheduler places tasks on it. */
  get isOpen(): boolean {
    return this.state === 'ready' && this.availability === 'active'
  }
}
