import { compareText } from '../../core/issue.ts'
import type { PoolFigures, PoolMachine, PoolNode } from './figures.ts'

/** A node before it is known which VM it runs on, with when it joined. */
export interface UnpairedNode extends Omit<PoolNode, 'machine'> {
  /** As the manager writes it, RFC 3339. */
  readonly createdAt: string
}

/** The one that a host's VM runs: the ready one, else the one that joined last. */
const rank = ({ state, createdAt }: UnpairedNode): string => `${state === 'ready' ? '1' : '0'}${createdAt}`

/**
 * Which node runs on which VM, by host name. A host that joined twice has two nodes and one VM: the ready one runs on it, else the
 * one that joined last; the other has none. Never throws.
 */
export const pairMachines = (
  nodes: readonly UnpairedNode[],
  machines: readonly PoolMachine[],
): Pick<PoolFigures, 'nodes' | 'nodeless' | 'ownedMachines'> => {
  const unpaired = new Map(machines.map((machine) => [machine.name, machine]))
  const inOrder = [...nodes].sort((a, b) => compareText(rank(b), rank(a)))
  const machineOf = new Map<string, string>()
  for (const { id, hostname } of inOrder) if (unpaired.delete(hostname)) machineOf.set(id, hostname)
  return {
    nodes: nodes.map(({ createdAt: _, ...node }) => ({ ...node, machine: machineOf.get(node.id) })),
    nodeless: [...unpaired.values()],
    ownedMachines: machines.filter(({ isOwned }) => isOwned).length,
  }
}
