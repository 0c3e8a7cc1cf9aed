import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Node, Task, TaskSpec } from '../../../src/clients/docker-objects.ts'
import { meets, parseConstraints } from '../../../src/lab/docker/constraints.ts'
import { chooseNode, mayStay } from '../../../src/lab/docker/scheduler.ts'

const dates = { Version: { Index: 1 }, CreatedAt: '', UpdatedAt: '' }

const nodeOf = (id: string, more: Partial<Node['Spec']> = {}, nanoCpus = 4e9): Node => ({
  ID: id,
  ...dates,
  Spec: { Role: 'worker', Availability: 'active', Labels: {}, ...more },
  Description: { Hostname: `host-${id}`, Resources: { NanoCPUs: nanoCpus, MemoryBytes: 2 ** 33 } },
  Status: { State: 'ready', Addr: '10.0.0.1' },
})

const taskOn = (nodeId: string, serviceId: string, nanoCpus = 0): Task => ({
  ID: `${nodeId}-${serviceId}`,
  ...dates,
  Spec: { Resources: { Reservations: { NanoCPUs: nanoCpus } } },
  ServiceID: serviceId,
  NodeID: nodeId,
  Status: { Timestamp: '', State: 'running' },
  DesiredState: 'running',
})

const choose = (spec: TaskSpec, nodes: readonly Node[], active: readonly Task[] = []) =>
  chooseNode({ serviceId: 's', spec, nodes, active })

describe('constraints', () => {
  const node = nodeOf('n1', { Labels: { zone: 'A' } })

  it('compare every fact of a node, without regard to case', () => {
    const met = (text: string) => meets(node, parseConstraints([text]))
    expect(met('node.labels.zone==a')).toBe(true)
    expect(met('node.labels.zone!=a')).toBe(false)
    expect(met('node.labels.other!=x')).toBe(true)
    expect(met('node.labels.other==x')).toBe(false)
    expect(met(' node.role == worker ')).toBe(true)
    expect(met('node.hostname==host-n1')).toBe(true)
    expect(met('node.id!=n1')).toBe(false)
  })

  it('on what no node has are met by none', () => {
    expect(meets(node, parseConstraints(['cluster.name==x']))).toBe(false)
    expect(meets(node, parseConstraints(['cluster.name!=x']))).toBe(false)
  })

  it('that are none are refused', () => {
    for (const text of ['zone', 'node.labels.a=b', 'node.role=='])
      expect(() => parseConstraints([text]), text).toThrow()
  })
})

describe('chooseNode', () => {
  it('takes the node with the fewest tasks of the service, then the fewest in all', () => {
    const nodes = ['a', 'b', 'c'].map((id) => nodeOf(id))
    expect(choose({}, nodes)).toEqual({ nodeId: 'a' })
    expect(choose({}, nodes, [taskOn('a', 's'), taskOn('b', 'x')])).toEqual({ nodeId: 'c' })
    expect(choose({}, nodes, [taskOn('a', 's'), taskOn('b', 's'), taskOn('c', 'x')])).toEqual({ nodeId: 'c' })
  })

  it('says why there is none, the commonest reason first', () => {
    const nodes = [
      nodeOf('a', { Availability: 'drain' }),
      nodeOf('b', { Availability: 'pause' }),
      nodeOf('c', {}, 1e9),
      nodeOf('d', {}, 9e9),
    ]
    const spec = {
      Placement: { Constraints: ['node.role==manager'] },
      Resources: { Reservations: { NanoCPUs: 2e9 } },
    }
    expect(choose(spec, nodes)).toEqual({
      error:
        'no suitable node (2 nodes not available for new tasks; insufficient resources on 1 node; scheduling constraints not satisfied on 1 node)',
    })
    expect(choose({}, [])).toEqual({ error: 'no suitable node' })
    expect(choose({ Placement: { MaxReplicas: 1 } }, [nodeOf('a')], [taskOn('a', 's')])).toEqual({
      error: 'no suitable node (max replicas per node limit exceed)',
    })
  })

  it('never gives a node more than it has, nor leaves a task that fits', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 })
    const wanted = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 15 })
    fc.assert(
      fc.property(sizes, wanted, (cpus, reservations) => {
        const nodes = cpus.map((count, index) => nodeOf(`n${index}`, {}, count * 1e9))
        const placed: Task[] = []
        const used = new Map<string, number>()
        for (const reservation of reservations) {
          const spec = { Resources: { Reservations: { NanoCPUs: reservation * 1e9 } } }
          const choice = choose(spec, nodes, placed)
          const free = nodes.filter(
            ({ ID, Description }) =>
              Description.Resources.NanoCPUs / 1e9 - (used.get(ID) ?? 0) >= reservation,
          )
          expect('nodeId' in choice).toBe(free.length > 0)
          if (!('nodeId' in choice)) continue
          expect(free.map(({ ID }) => ID)).toContain(choice.nodeId)
          used.set(choice.nodeId, (used.get(choice.nodeId) ?? 0) + reservation)
          placed.push(taskOn(choice.nodeId, 's', reservation * 1e9))
        }
      }),
    )
  })
})

describe('mayStay', () => {
  it('leaves tasks of paused nodes, not of drained ones or ones that no longer fit the constraints', () => {
    expect(mayStay(nodeOf('a', { Availability: 'pause' }), {})).toBe(true)
    expect(mayStay(nodeOf('a', { Availability: 'drain' }), {})).toBe(false)
    expect(mayStay(nodeOf('a'), { Placement: { Constraints: ['node.labels.x==y'] } })).toBe(false)
  })
})
