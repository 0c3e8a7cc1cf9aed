import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeMarks } from '../../../src/core/node-marks.ts'
import { type ConstrainedNode, meetsAll } from '../../../src/watch/cluster/constraints.ts'
import { judgeSight } from '../../../src/watch/cluster/judge-sight.ts'
import { accessLabel, makeFigures } from '../../../src/watch/cluster/make-figures.ts'
import type { PoolSubject, StackView } from '../../../src/watch/cluster/pool-subject.ts'
import type { ClusterSight, SwarmNode, SwarmService } from '../../../src/watch/cluster/swarm.ts'
import { rules } from './pool-figures.ts'

const gibibyte = 1024 ** 3

const std: PoolSubject = {
  id: 'nonprod.platform/std',
  stack: 'nonprod.platform',
  name: 'std',
  rules,
  collection: '/Run/Std',
  nameAt: (index) => `vm-${index + 1}`,
}

const node = (number: number, more: Partial<SwarmNode> = {}): SwarmNode => ({
  id: `n${number}`,
  hostname: `vm-${number}`,
  state: 'ready',
  availability: 'active',
  isManager: false,
  labels: { [accessLabel]: '/Run/Std', zone: 'east' },
  createdAt: '2026-11-23T00:00:00Z',
  address: '10.0.0.1',
  os: 'linux',
  architecture: 'x86_64',
  engineLabels: {},
  capacity: { cpuMillis: 16_000, memoryBytes: 64 * gibibyte },
  plugins: new Set(['Volume/local', 'Log/json-file']),
  ...more,
})

const manager = node(0, { id: 'm', hostname: 'manager', isManager: true, labels: {} })

const service = (more: Partial<SwarmService> = {}): SwarmService => ({
  id: 's',
  name: 'api',
  reserved: { cpuMillis: 1000, memoryBytes: gibibyte },
  constraints: ['node.labels.zone==east'],
  maxPerNode: 0,
  isGlobal: false,
  mustFinish: false,
  plugins: [],
  replicas: 3,
  ...more,
})

const view = (live: readonly string[], more: Partial<StackView> = {}): StackView => ({
  stack: std.stack,
  live: { std: live },
  removing: [],
  placed: new Set(live),
  isFinished: true,
  change: undefined,
  ...more,
})

const sight = (
  nodes: readonly SwarmNode[],
  more: Partial<ClusterSight['swarm']> & Pick<Partial<ClusterSight>, 'machines'> = {},
): ClusterSight => {
  const { machines, ...swarm } = more
  return {
    swarm: { nodes: [manager, ...nodes], services: [], tasks: [], leaving: new Map(), ...swarm },
    machines: machines ?? nodes.map(({ hostname }) => ({ name: hostname, isMarked: true })),
    samples: new Map(),
  }
}

const figuresOf = (seen: ClusterSight, stack: StackView) => {
  const [watched] = makeFigures({ pools: [std], stacks: new Map([[std.stack, stack]]), sight: seen })
  return watched?.figures ?? expect.fail('no pool')
}

const pending = (error: string, more: Partial<SwarmService> = {}) =>
  figuresOf(
    sight([node(1)], {
      services: [service(more)],
      tasks: [{ id: 't', service: 's', node: '', error }],
    }),
    view(['vm-1']),
  ).pending.map(({ count, onNewNodes }) => ({ count, onNewNodes }))

describe('who holds a node', () => {
  const holder = (more: Partial<SwarmNode>, placed: readonly string[] = ['vm-1']) =>
    figuresOf(sight([node(1, more)]), view(['vm-1'], { placed: new Set(placed) })).nodes[0]?.heldBy
  const marked = (label: string) => ({ labels: { [accessLabel]: '/Run/Std', [label]: 'x' } })

  it('is told by its labels, and by whether it has its place', () => {
    expect(holder({})).toBe('nobody')
    expect(holder({ availability: 'pause' })).toBe('person')
    expect(holder({ availability: 'pause', ...marked(nodeMarks.pausedAt) })).toBe('node-watcher')
    expect(holder({ availability: 'drain', ...marked(nodeMarks.drainedAt) })).toBe('cluster-watcher')
    expect(holder({ availability: 'pause', ...marked(nodeMarks.drainedAt) })).toBe('cluster-watcher')
    expect(holder({ availability: 'drain', ...marked(nodeMarks.pausedAt) })).toBe('person')
    expect(holder({ labels: { [accessLabel]: '/Shared' } }, [])).toBe('joining')
    expect(holder({}, [])).toBe('joining')
  })
})

describe('waiting tasks', () => {
  const room = 'no suitable node (insufficient resources on 1 node)'

  it('count for the pool whose new nodes would take them', () => {
    expect(pending(room)).toEqual([{ count: 1, onNewNodes: true }])
    expect(pending('no suitable node (1 node not available for new tasks)')).toEqual([
      { count: 1, onNewNodes: true },
    ])
  })

  it('are told of, and make no VM, where constraints, plugins or ports refuse', () => {
    const helpless = [{ count: 1, onNewNodes: false }]
    expect(pending(room, { constraints: ['node.hostname==vm-1'] })).toEqual(helpless)
    expect(pending(room, { plugins: ['Volume/netapp:latest'] })).toEqual(helpless)
    expect(pending('no suitable node (host-mode port already in use on 1 node)')).toEqual(helpless)
    expect(pending('no suitable node (missing plugin on 1 node; insufficient resources on 1 node)')).toEqual(
      helpless,
    )
  })

  it('are nobody’s where no pool’s constraints allow them, or the scheduler has not come to them', () => {
    expect(pending(room, { constraints: ['node.labels.zone==west'] })).toEqual([])
    expect(pending('')).toEqual([])
  })
})

describe('VMs and names', () => {
  it('are the stack’s until they are gone, and free names are of nobody', () => {
    const figures = figuresOf(
      sight([node(1)], { machines: ['vm-1', 'vm-2', 'vm-4'].map((name) => ({ name, isMarked: true })) }),
      view(['vm-1', 'vm-3'], { removing: ['vm-2'] }),
    )
    expect(figures.ownedMachines).toBe(2)
    expect(figures.nodeless.map(({ name, isOwned }) => [name, isOwned])).toEqual([
      ['vm-2', true],
      ['vm-4', false],
    ])
    expect(figures.lost).toEqual(['vm-3'])
    expect(figures.freeNames).toEqual(['vm-5', 'vm-6', 'vm-7'])
  })
})

describe('constraints', () => {
  const asked: ConstrainedNode = { ...node(1), id: undefined, hostname: undefined, address: undefined }

  it('are met as swarm has it', () => {
    expect(meetsAll(node(1), ['node.labels.zone == EAST', 'node.role!=manager'])).toBe(true)
    expect(meetsAll(node(1), ['node.platform.os==linux', 'node.id==n1'])).toBe(true)
    expect(meetsAll(node(1), ['node.labels.none!=x'])).toBe(true)
    expect(meetsAll(node(1), ['node.weather==fine'])).toBe(false)
    expect(meetsAll(node(1), ['node.weather!=fine'])).toBe(false)
    expect(meetsAll(node(1), ['node.labels.zone=east'])).toBe(false)
    expect(meetsAll(asked, ['node.hostname==vm-1'])).toBe(false)
    expect(meetsAll(asked, ['node.hostname!=vm-1'])).toBe(true)
  })

  it('never throw, and one and its opposite are not both met', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (key, value) => {
        const both = [`node.labels.${key}==${value}`, `node.labels.${key}!=${value}`]
        expect(meetsAll(node(1), both)).toBe(false)
      }),
    )
  })
})

describe('a sight', () => {
  const judge = (seen: ClusterSight, before = new Map(), stack = view(['vm-1', 'vm-2'])) =>
    judgeSight({ pools: [std], stacks: new Map([[std.stack, stack]]), sight: seen, before })
  const both = sight([node(1), node(2)])
  const had = new Map([[std.id, { nodes: 2, machines: 2 }]])

  it('is believed where it can be so', () => {
    expect(judge(both)).toBeUndefined()
    expect(judge(sight([node(1)]), had)).toBeUndefined()
  })

  it('is not where a list is empty or cut short', () => {
    expect(judge({ ...both, swarm: { ...both.swarm, nodes: [] } })).toBe('no-managers')
    expect(judge({ ...both, swarm: { ...both.swarm, services: [service()] } })).toBe('tasks-missing')
    expect(judge({ ...both, machines: [] })).toBe('machines-missing')
    expect(judge(sight([], { machines: both.machines }), had)).toBe('nodes-missing')
    expect(judge({ ...both, machines: [...both.machines, ...both.machines] })).toBe('twice-in-list')
  })
})
