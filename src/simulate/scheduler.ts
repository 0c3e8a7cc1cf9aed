import type { ServiceNeeds } from '../watch/cluster/figures.ts'
import { type Containers, containerAt, putOn, type SimContainer } from './containers.ts'
import type { SimNode } from './sim-node.ts'

/** Tasks of the service being placed, by slot; set and cleared at each placement. */
export interface Scheduler {
  readonly ofService: Int32Array
}

export const schedulerFor = (slots: number): Scheduler => ({ ofService: new Int32Array(slots) })

const hasRoom = (node: SimNode, { reserved }: ServiceNeeds): boolean =>
  node.reserved.cpuMillis + reserved.cpuMillis <= node.capacity.cpuMillis &&
  node.reserved.memoryBytes + reserved.memoryBytes <= node.capacity.memoryBytes

const best = (nodes: readonly SimNode[], needs: ServiceNeeds, ofService: Int32Array): SimNode | undefined => {
  const most = needs.maxPerNode ?? Number.POSITIVE_INFINITY
  let found: SimNode | undefined
  let fewest = most
  for (const node of nodes) {
    const here = ofService[node.slot] ?? 0
    if (here >= most || here > fewest) continue
    if (here === fewest && found !== undefined && node.taskCount >= found.taskCount) continue
    if (!node.isOpen || !hasRoom(node, needs)) continue
    found = node
    fewest = here
  }
  return found
}

const count = (table: Containers, { service }: SimContainer, { ofService }: Scheduler, by: number): void => {
  for (const number of service.containers) {
    const slot = containerAt(table, number).node?.slot
    if (slot !== undefined) ofService[slot] = by === 0 ? 0 : (ofService[slot] ?? 0) + by
  }
}

/**
 * Places a waiting container as swarm's scheduler does: of the nodes that are ready and active, have the reservation left and hold no more of
 * the service than they may, the one with the fewest tasks of the service, then the fewest tasks. Returns whether there was one.
 */
export const place = (
  table: Containers,
  container: SimContainer,
  { nodes, scheduler }: { nodes: readonly SimNode[]; scheduler: Scheduler },
): boolean => {
  count(table, container, scheduler, 1)
  const node = best(nodes, container.service.needs, scheduler.ofService)
  count(table, container, scheduler, 0)
  if (node === undefined) return false
  putOn(table, container, node)
  return true
}
