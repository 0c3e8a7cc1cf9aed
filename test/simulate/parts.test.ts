import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  containerAt,
  endContainer,
  makeContainer,
  noContainers,
  putOn,
  type SimService,
  setExtra,
  takeOff,
  taskOf,
} from '../../src/simulate/containers.ts'
import { generatedLoad, onLine } from '../../src/simulate/generated-load.ts'
import { ticksTo, timeTicks } from '../../src/simulate/plot-scale.ts'
import { randomFrom, seedOf } from '../../src/simulate/random.ts'
import { Scenario } from '../../src/simulate/scenario.ts'
import { shippedScenarios } from '../../src/simulate/scenarios/shipped.ts'
import { place, schedulerFor } from '../../src/simulate/scheduler.ts'
import { SimNode } from '../../src/simulate/sim-node.ts'
import { askFor, parseScenario } from '../../src/simulate/what-if.ts'
import { levelsFor } from '../../src/simulate/workload.ts'
import { scenario, settings, steadyLoad } from './small-scenario.ts'

const capacity = { cpuMillis: 4000, memoryBytes: 4000 }

const world = (nodes: number) => {
  const table = noContainers(nodes, 1)
  const all = Array.from(
    { length: nodes },
    (_, slot) => new SimNode({ id: `n${slot}`, hostname: `h${slot}`, slot, capacity }, taskOf(table)),
  )
  const service = (cpuMillis: number, more: Partial<SimService['needs']> = {}): SimService => ({
    place: 0,
    scale: 1,
    containers: [],
    needs: { id: `s${cpuMillis}`, reserved: { cpuMillis, memoryBytes: 1 }, ...more },
  })
  const scheduler = schedulerFor(nodes)
  const start = (of: SimService) => {
    const made = makeContainer(table, of)
    return { made, isPlaced: place(table, made, { nodes: all, scheduler }) }
  }
  return { table, nodes: all, service, start }
}

describe('random numbers', () => {
  it('are alike for a seed and spread evenly', () => {
    const [a, b] = [randomFrom(7), randomFrom(7)]
    const draws = Array.from({ length: 20_000 }, () => a.next())
    expect(draws.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => b.next()))
    expect(draws.every((one) => one >= 0 && one < 1)).toBe(true)
    expect(draws.reduce((sum, one) => sum + one, 0) / draws.length).toBeCloseTo(0.5, 1)
  })

  it.each([0, 0.3, 5, 200])('come as often as they should: %s on average', (mean) => {
    const random = randomFrom(seedOf(1, `poisson-${mean}`))
    const sum = Array.from({ length: 4000 }, () => random.poisson(mean)).reduce((a, b) => a + b, 0)
    expect(Math.abs(sum / 4000 - mean)).toBeLessThanOrEqual(0.05 * mean + 0.001)
  })
})

describe('the scheduler', () => {
  it('spreads a service before it fills nodes', () => {
    const { start, service, nodes } = world(3)
    const web = service(100)
    const other = service(200)
    for (let one = 0; one < 3; one++) start(other)
    for (let one = 0; one < 3; one++) start(web)
    expect(nodes.map(({ taskCount }) => taskCount)).toEqual([2, 2, 2])
  })

  it('prefers fewer tasks of the service over fewer tasks', () => {
    const { start, service, nodes } = world(2)
    const web = service(100)
    start(web)
    for (let one = 0; one < 3; one++) start(service(10 + one))
    const before = nodes.map(({ containers }) => containers.length)
    expect(before).toEqual([2, 2])
    const { made } = start(web)
    expect(made.node).toBe(nodes[1])
  })

  it('places nothing where reservations do not fit, or a node is paused', () => {
    const { start, service, nodes } = world(2)
    expect(start(service(4001)).isPlaced).toBe(false)
    for (const node of nodes) node.availability = 'pause'
    expect(start(service(1)).isPlaced).toBe(false)
  })

  it('keeps to the most of a service on a node', () => {
    const { start, service } = world(2)
    const alone = service(1, { maxPerNode: 1 })
    expect([1, 2, 3].map(() => start(alone).isPlaced)).toEqual([true, true, false])
  })
})

describe('what a node carries', () => {
  it('is always the sum of its containers, whatever came and went', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('start', 'stop', 'move', 'burst'), fc.nat(50)), {
      maxLength: 80,
      size: 'max',
    })
    fc.assert(
      fc.property(steps, (all) => {
        const { table, nodes, service, start } = world(3)
        const services = [service(100), service(900)]
        const live = () => table.all.filter((one) => one !== undefined)
        for (const [what, pick] of all) {
          const found = live()
          const one = found[pick % Math.max(found.length, 1)]
          if (what === 'start' || one === undefined) start(services[pick % 2] ?? service(1))
          else if (what === 'stop') endContainer(table, one)
          else if (what === 'burst') setExtra(table, one, pick / 10, 0)
          else {
            takeOff(table, one)
            const node = nodes[pick % 3]
            if (node) putOn(table, one, node)
          }
        }
        for (const node of nodes) {
          const own = live().filter((one) => one.node === node)
          expect([...node.containers].sort()).toEqual(own.map(({ number }) => number).sort())
          expect(node.reserved.cpuMillis).toBe(
            own.reduce((sum, { service: { needs } }) => sum + needs.reserved.cpuMillis, 0),
          )
          expect(table.cpuWeights[node.slot]).toBeCloseTo(
            own.reduce((sum, { extraCpu }) => sum + 1 + extraCpu, 0),
            6,
          )
          for (const number of node.containers) expect(containerAt(table, number).node).toBe(node)
        }
      }),
    )
  })
})

describe('generated load', () => {
  const at = (second: number, load: Scenario['load'][number]) => {
    const levels = levelsFor(1)
    generatedLoad([load]).at(second, levels)
    return {
      containers: levels.containers[0],
      cpuMillis: levels.cpuMillis[0],
      memoryBytes: levels.memoryBytes[0],
    }
  }
  const hours = Array.from({ length: 24 }, (_, hour) => (hour === 12 ? 1 : 0))
  const rhythm = { hours, weekend: 0.5, monthEnd: 2 }

  it('follows the hours in a line, the weekend and the end of a month', () => {
    const load = { ...steadyLoad, rhythm }
    expect(at(12 * 3600, load).cpuMillis).toBe(500)
    expect(at(11.5 * 3600, load).cpuMillis).toBe(250)
    expect(at((5 * 24 + 12) * 3600, load).cpuMillis).toBe(250)
    // Monday, 29 January 2024, is the third last day.
    expect(at((28 * 24 + 12) * 3600, load).cpuMillis).toBe(1000)
    expect(at((27 * 24 + 12) * 3600, load).cpuMillis).toBe(250)
  })

  it('has memory that is never below the floor', () => {
    expect(at(0, { ...steadyLoad, rhythm, memoryPercent: 1 }).memoryBytes).toBe(256 * 1024 ** 2)
  })

  it('grows in a line', () => {
    expect(
      onLine(
        [
          [0, 2000],
          [730, 15_000],
        ],
        365,
      ),
    ).toBe(8500)
    expect([onLine([[1, 5]], 0), onLine([[1, 5]], 9)]).toEqual([5, 5])
  })
})

describe('shipped scenarios', () => {
  it.each(shippedScenarios.map((one) => [one.name, one] as const))(
    '%s is as the schema wants it',
    (_, one) => {
      expect(Scenario.parse(one)).toEqual(one)
      expect(parseScenario(JSON.parse(JSON.stringify(one)), 'x.json').ok).toBe(true)
    },
  )
})

describe('what if', () => {
  it('changes what is asked for and nothing else', () => {
    const found = askFor(settings, [
      { field: 'pause.loadPercent', value: '85' },
      { field: 'watch.cluster.maxStep', value: '6' },
      { field: 'policy', value: 'minimum' },
    ])
    expect(found).toEqual({
      ok: true,
      value: {
        ...settings,
        policy: 'minimum',
        pause: { loadPercent: 85, memoryPercent: 80 },
        watch: { cluster: { maxStep: 6 } },
      },
    })
  })

  it.each([
    ['pause.loadPercent', '101', 'pause.loadPercent'],
    ['pause.loadPercent', 'much', 'pause.loadPercent'],
    ['pauze.loadPercent', '80', 'pauze'],
    ['__proto__.x', '1', 'Unrecognized'],
    ['min', '13', 'more than 12 at most'],
    ['resume.memoryPercent', '80', 'not below pause.memoryPercent'],
  ])('refuses %s=%s and says why', (field, value, why) => {
    const found = askFor(settings, [{ field, value }])
    expect(found.ok).toBe(false)
    expect(found.ok ? '' : found.issues.join()).toContain(why)
  })

  it('names each problem of a scenario file', () => {
    const parsed = parseScenario({ ...scenario, seconds: 1, hosts: 'many' }, 'mine.json')
    expect(parsed.ok ? [] : parsed.issues.map(({ message }) => message.split(':')[0])).toEqual([
      'seconds',
      'hosts',
    ])
  })
})

describe('axes', () => {
  it('have a few round steps and reach the largest value', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), (most) => {
        const ticks = ticksTo(most)
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(most * (1 - 1e-6))
        expect(ticks.length).toBeGreaterThanOrEqual(2)
        expect(ticks.length).toBeLessThanOrEqual(6)
      }),
    )
  })

  it.each([
    [3600, 'minutes', 7],
    [86_400, 'hours', 9],
    [7 * 86_400, 'days', 8],
    [730 * 86_400, 'days', 9],
  ])('of %s s are in %s', (seconds, unit, count) => {
    const axis = timeTicks(seconds)
    expect(axis.unit).toBe(unit)
    expect(axis.ticks).toHaveLength(count)
  })
})
