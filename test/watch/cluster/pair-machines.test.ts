import { describe, expect, it } from 'vitest'
import { pairMachines, type UnpairedNode } from '../../../src/watch/cluster/pair-machines.ts'
import { node } from './pool-figures.ts'

const joined = (id: string, hostname: string, more: Partial<UnpairedNode> = {}): UnpairedNode => {
  const { machine: _, ...rest } = node(1)
  return { ...rest, id, hostname, createdAt: '2026-01-01T00:00:00Z', ...more }
}
const vm = (name: string, isOwned = true) => ({ name, isOwned, isMarked: true })

const machinesOf = (nodes: readonly UnpairedNode[], machines: Parameters<typeof pairMachines>[1]) => {
  const paired = pairMachines(nodes, machines)
  return {
    nodes: Object.fromEntries(paired.nodes.map(({ id, machine }) => [id, machine])),
    nodeless: paired.nodeless.map(({ name }) => name),
    owned: paired.ownedMachines,
  }
}

describe('pairMachines', () => {
  it('pairs by host name and tells what is left over on both sides', () => {
    const nodes = [joined('a', 'vm-1'), joined('b', 'by-hand')]
    expect(machinesOf(nodes, [vm('vm-1'), vm('vm-2'), vm('vm-3', false)])).toEqual({
      nodes: { a: 'vm-1', b: undefined },
      nodeless: ['vm-2', 'vm-3'],
      owned: 2,
    })
  })

  it('gives a VM that joined twice to its ready node', () => {
    const old = joined('old', 'vm-1', { state: 'down', createdAt: '2026-02-01T00:00:00Z' })
    const now = joined('now', 'vm-1', { createdAt: '2026-01-01T00:00:00Z' })
    for (const nodes of [
      [old, now],
      [now, old],
    ])
      expect(machinesOf(nodes, [vm('vm-1')]).nodes).toEqual({ old: undefined, now: 'vm-1' })
  })

  it('gives it to the one that joined last where none is ready', () => {
    const first = joined('first', 'vm-1', { state: 'down', createdAt: '2026-01-01T00:00:00Z' })
    const last = joined('last', 'vm-1', { state: 'down', createdAt: '2026-02-01T00:00:00Z' })
    expect(machinesOf([first, last], [vm('vm-1')]).nodes).toEqual({ first: undefined, last: 'vm-1' })
  })
})
