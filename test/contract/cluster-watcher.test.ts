import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import { nodeMarks } from '../../src/core/node-marks.ts'
import { leadByLease } from '../../src/watch/pools/leadership.ts'
import { readLive } from '../../src/watch/pools/live-record.ts'
import { ClusterWorld, Killed, stack, std } from './cluster-watcher-world.ts'

let world: ClusterWorld

beforeAll(async () => {
  world = await ClusterWorld.open()
})
afterAll(() => world.close())
beforeEach(() => world.reset())

const first = ['nonprod-std-01', 'nonprod-std-02']
const third = 'nonprod-std-03'

const isAtWork = async (hostname: string): Promise<boolean> => {
  const node = (await world.nodes()).find((one) => one.hostname === hostname)
  return node?.availability === 'active' && node.labels['com.docker.ucp.access.label'] === '/Run/Std'
}

/** Every VM a node at work, without a mark of ours, and the records as they should be. */
const expectSettled = async (names: readonly string[]): Promise<void> => {
  expect(await world.machines()).toEqual(names)
  const nodes = await world.nodes()
  expect(nodes.map(({ hostname, availability }) => `${hostname} ${availability}`).sort()).toEqual(
    names.map((name) => `${name} active`),
  )
  expect(nodes.flatMap(({ labels }) => Object.keys(labels))).not.toContain(nodeMarks.drainedAt)
  expect(readLive(world.state, stack)).toEqual({ stack, pools: { std: names }, removing: [], replacing: [] })
}

const drainedIn = (): readonly string[] =>
  world.lines
    .filter(({ action, outcome }) => action === 'drain' && outcome === 'done')
    .map(({ event }) => event)

describe('a pool', () => {
  test('grows above a threshold: a VM is made, joins, is labelled into its collection and takes tasks', async () => {
    const watcher = world.watch()
    await world.tick(watcher)
    await expectSettled(first)
    world.load = 90
    await world.until(watcher, () => isAtWork(third))
    await expectSettled([...first, third])
    expect(world.reasons()).toEqual(['at-min', 'threshold-window', 'above-threshold', 'in-balance'])
    expect(world.lines.find(({ reason }) => reason === 'above-threshold')).toMatchObject({
      level: 'info',
      pool: std,
      action: 'grow',
      loadPercent: 90,
      machines: 2,
      max: 4,
    })
  })

  test('grows at once for tasks that cannot be placed, and not for those that no new node would take', async () => {
    await world.serve('large', { replicas: 3, cpus: 7 })
    const watcher = world.watch()
    await world.tick(watcher)
    expect(world.made).toEqual([third])
    await world.until(watcher, async () => (await world.running()).length === 3)
    expect(await world.running()).toEqual([...first, third])
    await world.serve('elsewhere', { replicas: 1, cpus: 1, constraints: ['node.labels.zone==moon'] })
    for (let look = 0; look < 4; look++) await world.tick(watcher)
    expect(world.made).toEqual([third])
  })

  test('gives an idle node back to vCenter, with no task lost', async () => {
    await world.serve('api', { replicas: 4, cpus: 1 })
    const watcher = world.watch()
    world.load = 90
    await world.until(watcher, () => isAtWork(third))
    world.load = 5
    await world.until(watcher, async () => (await world.machines()).length === 2, { looks: 80, seconds: 300 })
    await world.tick(watcher)
    await expectSettled(await world.machines())
    expect(await world.running()).toHaveLength(4)
    expect(world.fewest).toBe(2)
    expect(drainedIn()).toHaveLength(1)
    expect(world.reasons()).toEqual(expect.arrayContaining(['idle', 'empty', 'removed']))
  })

  test('keeps a node whose work must finish', async () => {
    const watcher = world.watch()
    world.load = 90
    await world.until(watcher, () => isAtWork(third))
    await world.serve('build', { replicas: 3, cpus: 6, restart: 'none' })
    world.load = 5
    for (let look = 0; look < 30; look++) {
      await world.tick(watcher)
      world.pass(300)
    }
    expect(await world.machines()).toEqual([...first, third])
    expect(world.reasons()).toContain('no-candidate')
  })

  test('leaves alone what a person holds, and gives a node back that is needed again', async () => {
    const watcher = world.watch()
    world.load = 90
    await world.until(watcher, () => isAtWork(third))
    for (const name of first) await world.byHand(name, { labels: { [nodeMarks.hold]: 'a person says why' } })
    await world.byHand(third, { labels: { [nodeMarks.hold]: 'here too' } })
    world.load = 5
    for (let look = 0; look < 20; look++) {
      await world.tick(watcher)
      world.pass(300)
    }
    expect(await world.machines()).toHaveLength(3)
    expect(drainedIn()).toEqual([])
  })

  test('replaces a VM that never joins once, then deletes it and is backed off', async () => {
    world.boots = (name) => name !== third
    const watcher = world.watch()
    world.load = 90
    await world.until(watcher, () => world.made.length === 1)
    await world.until(watcher, () => world.made.length === 2, { looks: 40, seconds: 60 })
    expect(world.made).toEqual([third, third])
    world.load = 50
    await world.until(watcher, async () => (await world.machines()).length === 2, { looks: 40, seconds: 60 })
    expect(world.reasons()).toEqual(expect.arrayContaining(['join-timeout', 'join-timeout-again']))
    await world.tick(watcher)
    await expectSettled(first)
  })

  test('reaps a VM of ours that no stack holds, never one of somebody else', async () => {
    const marks = (name: string) => ({ 'guestinfo.hostname': name, 'guestinfo.tenantry.cluster': 'nonprod' })
    await world.plant('nonprod-std-04', marks('nonprod-std-04'))
    await world.plant('nonprod-std-05', marks('nonprod-std-01'))
    await world.plant('nonprod-std-06')
    const watcher = world.watch()
    await world.until(watcher, async () => !(await world.machines()).includes('nonprod-std-04'), {
      looks: 20,
      seconds: 300,
    })
    for (let look = 0; look < 10; look++) {
      await world.tick(watcher)
      world.pass(600)
    }
    expect(await world.machines()).toEqual([...first, 'nonprod-std-05', 'nonprod-std-06'])
  })

  test('has a node made active whose own watcher is gone', async () => {
    const watcher = world.watch()
    world.load = 90
    await world.until(watcher, () => isAtWork(third))
    world.load = 50
    await world.byHand(third, {
      availability: 'pause',
      labels: { [nodeMarks.pausedAt]: '2026-11-23T00:00:00Z', [nodeMarks.pausedFor]: 'load 95 %' },
    })
    world.loads.set(third, -1)
    await world.until(watcher, () => isAtWork(third), { looks: 30, seconds: 30 })
    expect(world.reasons()).toContain('watcher-silent')
  })
})

describe('what cannot be read, or cannot be so', () => {
  const lost = [
    ['no node at all', /\/nodes$/, { kind: 'status', status: 200, body: [] }, 'no-managers'],
    [
      'no task of services that have replicas',
      /\/tasks/,
      { kind: 'status', status: 200, body: [] },
      'tasks-missing',
    ],
    ['an error', /\/services$/, { kind: 'status', status: 500, body: { message: 'down' } }, undefined],
    ['a broken answer', /\/nodes$/, { kind: 'reset-in-body' }, undefined],
    ['another page than UCP’s', /\/tasks/, { kind: 'status', status: 200, body: { html: true } }, undefined],
  ] as const

  test.each(lost)('skips the look: %s', async (_, pathPattern, fault, reason) => {
    await world.serve('api', { replicas: 2, cpus: 1 })
    const watcher = world.watch()
    await world.tick(watcher)
    const decided = world.lines.filter(({ event }) => event === 'decision').length
    const handle = world.emulator.faults.add({ match: { method: 'GET', pathPattern }, fault })
    world.load = 95
    for (let look = 0; look < 8; look++) {
      await world.tick(watcher)
      world.pass(600)
    }
    expect(handle.hits()).toBeGreaterThan(7)
    expect(world.lines.filter(({ event }) => event === 'decision')).toHaveLength(decided)
    expect(await world.machines()).toEqual(first)
    expect(
      world.lines.find(({ event }) => event === 'not-believed' || event === 'look-failed'),
    ).toMatchObject(
      reason === undefined ? { event: 'look-failed', level: 'warning' } : { event: 'not-believed', reason },
    )
    handle.remove()
    await world.until(watcher, () => isAtWork(third))
  })

  test('counts nothing as gone when all nodes of a pool are', async () => {
    const watcher = world.watch()
    await world.tick(watcher)
    for (const { hostname } of await world.nodes()) await world.engine.removeNode(hostname)
    for (let look = 0; look < 10; look++) {
      await world.tick(watcher)
      world.pass(600)
    }
    expect(await world.machines()).toEqual(first)
    expect(world.made).toEqual([])
    expect(world.lines.filter(({ event }) => event === 'not-believed').at(-1)).toMatchObject({
      level: 'warning',
      reason: 'nodes-missing',
    })
  })

  test('counts nothing as gone when vCenter shows no VM', async () => {
    const watcher = world.watch()
    await world.tick(watcher)
    await world.moveAway()
    for (let look = 0; look < 10; look++) {
      await world.tick(watcher)
      world.pass(600)
    }
    expect(world.made).toEqual([])
    expect((await world.nodes()).map(({ availability }) => availability)).toEqual(['active', 'active'])
    expect(readLive(world.state, stack)?.pools.std).toEqual(first)
    expect(world.lines.filter(({ event }) => event === 'not-believed').at(-1)).toMatchObject({
      reason: 'machines-missing',
    })
  })

  test('calls a person once nothing was decided for a quarter of an hour, and takes it back', async () => {
    const called = () => world.lines.filter(({ event }) => event === 'person-called')
    const watcher = world.watch()
    await world.tick(watcher)
    const handle = world.emulator.faults.add({
      match: { method: 'GET', pathPattern: /\/services$/ },
      fault: { kind: 'status', status: 500, body: { message: 'down' } },
    })
    world.pass(840)
    await world.tick(watcher)
    expect(called()).toEqual([])
    for (let look = 0; look < 3; look++) {
      world.pass(60)
      await world.tick(watcher)
    }
    expect(called()).toHaveLength(1)
    expect(called()[0]).toMatchObject({ level: 'error' })
    expect(called()[0]?.message).toMatch(/^Nothing was decided for 15 min: .*500/)
    expect(world.metrics()).toContain('tenantry_cluster_person_called 1')
    handle.remove()
    await world.tick(watcher)
    expect(world.metrics()).toContain('tenantry_cluster_person_called 0')
    await world.moveAway()
    for (let look = 0; look < 2; look++) {
      world.pass(900)
      await world.tick(watcher)
    }
    expect(called()).toHaveLength(2)
    expect(called()[1]?.message).toContain('run `tenantry up` for the stack')
  })
})

describe('two watchers', () => {
  test('one leads and the other waits, and takes over once the first has ended', async () => {
    const lead = leadByLease(world.state, 'nonprod')
    const [one, two] = [world.watch({ lead }), world.watch({ lead })]
    await world.tick(one)
    await world.tick(two)
    expect([one, two].map((watcher) => watcher.health().leads)).toEqual([true, false])
    expect(world.lines.at(-1)).toMatchObject({ event: 'stands-by' })
    await one.end()
    await world.tick(two)
    expect(two.health().leads).toBe(true)
    await two.end()
  })
})

describe('a run of the engine that fails', () => {
  test('is told, tried again, and finished', async () => {
    const watcher = world.watch()
    world.load = 90
    world.runFails = new Fault('unavailable', 'the datastore is full')
    await world.until(watcher, () => world.lines.some(({ event }) => event === 'run-failed'))
    expect(world.lines.find(({ event }) => event === 'run-failed')?.message).toContain(
      'the datastore is full',
    )
    expect(readLive(world.state, stack)?.pools.std).toEqual([...first, third])
    world.runFails = undefined
    await world.until(watcher, () => isAtWork(third))
    await expectSettled([...first, third])
  })
})

/** What happens, and what is waited for, a look every so many seconds. */
interface Stage {
  readonly begins: () => Promise<void>
  readonly until: () => Promise<boolean>
  readonly looks: number
  readonly seconds: number
}

interface Story {
  readonly stages: readonly Stage[]
  /** How it ends, whatever came in between. */
  readonly ends: () => Promise<void>
}

const isWanted = async (): Promise<boolean> =>
  readLive(world.state, stack)?.pools.std?.includes(third) === true

/** Above a threshold until a VM is wanted, and below until its node is at work. */
const grows = (begins: () => Promise<unknown> = async () => undefined): readonly Stage[] => [
  {
    begins: async () => {
      await begins()
      world.load = 90
    },
    until: isWanted,
    looks: 10,
    seconds: 60,
  },
  {
    begins: async () => {
      world.load = 50
    },
    until: async () => (await isAtWork(third)) && world.lines.at(-1)?.reason === 'in-balance',
    looks: 30,
    seconds: 60,
  },
]

const isDrained = async (): Promise<boolean> =>
  (await world.nodes()).some(({ availability }) => availability === 'drain')

const stories: Readonly<Record<string, Story>> = {
  'grows, and shrinks again': {
    stages: [
      ...grows(() => world.serve('api', { replicas: 4, cpus: 1 })),
      {
        begins: async () => {
          world.load = 5
        },
        until: async () => (await world.machines()).length === 2,
        looks: 60,
        seconds: 300,
      },
    ],
    ends: async () => {
      await expectSettled(await world.machines())
      expect(await world.machines()).toHaveLength(2)
      expect(world.fewest).toBeGreaterThanOrEqual(2)
      expect(await world.running()).toHaveLength(4)
    },
  },
  'replaces a VM that never joins, and deletes it': {
    stages: [
      {
        begins: async () => {
          world.boots = (name) => name !== third
          world.load = 90
        },
        until: isWanted,
        looks: 10,
        seconds: 60,
      },
      {
        begins: async () => {
          world.load = 50
        },
        until: async () =>
          world.reasons().includes('join-timeout-again') && (await world.machines()).length === 2,
        looks: 60,
        seconds: 60,
      },
    ],
    ends: async () => {
      expect([[third, third], [third]]).toContainEqual(world.made)
      await expectSettled(first)
    },
  },
  'reaps a VM that nobody owns, one that is lost and the node it leaves': {
    stages: [
      ...grows(),
      {
        begins: () => world.lose(third),
        // A VM whose run was not over yet is one that did not join, and made anew.
        until: async () => {
          const nodes = await world.nodes()
          return (
            nodes.every(({ state }) => state === 'ready') && nodes.length === (await world.machines()).length
          )
        },
        looks: 40,
        seconds: 300,
      },
      {
        begins: () => {
          const stray = 'nonprod-std-04'
          return world.plant(stray, {
            'guestinfo.hostname': stray,
            'guestinfo.tenantry.cluster': 'nonprod',
          })
        },
        until: async () => !(await world.machines()).includes('nonprod-std-04'),
        looks: 40,
        seconds: 300,
      },
    ],
    ends: async () => {
      expect([
        [first, [third]],
        [
          [...first, third],
          [third, third],
        ],
      ]).toContainEqual([await world.machines(), world.made])
      await expectSettled(await world.machines())
    },
  },
  'gives a node back that is needed again': {
    stages: [
      ...grows(),
      {
        begins: async () => {
          world.load = 5
        },
        until: isDrained,
        looks: 60,
        seconds: 300,
      },
      {
        begins: async () => {
          world.load = 50
          await world.serve('large', { replicas: 3, cpus: 7 })
        },
        until: async () => (await world.running()).length === 3,
        looks: 30,
        seconds: 30,
      },
    ],
    ends: async () => {
      await expectSettled([...first, third])
      expect(world.made).toEqual([third])
      expect(await world.running()).toEqual([...first, third])
    },
  },
  'has a node made active whose own watcher is gone': {
    stages: [
      ...grows(),
      {
        begins: async () => {
          world.load = 50
          await world.byHand(third, {
            availability: 'pause',
            labels: { [nodeMarks.pausedAt]: '2026-11-23T00:00:00Z', [nodeMarks.pausedFor]: 'load 95 %' },
          })
          world.loads.set(third, -1)
        },
        until: () => isAtWork(third),
        looks: 40,
        seconds: 30,
      },
    ],
    ends: async () => {
      await expectSettled([...first, third])
      const labels = (await world.nodes()).flatMap(({ labels }) => Object.keys(labels))
      expect(labels).not.toContain(nodeMarks.pausedAt)
    },
  },
}

/** Lives through a story with something thrown at the effect of that number; how many effects there were. */
const liveThrough = async ({ stages, ends }: Story, at: number, thrown: () => Error): Promise<number> => {
  await world.reset()
  let effects = 0
  const before = (_: string, count: number): void => {
    effects = count + 1
    if (count === at) throw thrown()
  }
  let watcher = world.watch({ before })
  const look = async (seconds: number): Promise<void> => {
    try {
      await world.tick(watcher)
    } catch (error) {
      if (!(error instanceof Killed)) throw error
      watcher = world.watch()
    }
    world.pass(seconds)
  }
  for (const { begins, until, looks, seconds } of stages) {
    await begins()
    for (let count = 0; count < looks && !(await until()); count++) await look(seconds)
    if (!(await until())) expect.fail(`effect ${at}: ${world.told(12)}`)
  }
  for (let count = 0; count < 6; count++) await look(300)
  await ends()
  return effects
}

const incidents = [
  ['is killed: the next one finishes or undoes it', () => new Killed('killed')],
  ['has a call or a run fail: it goes on by itself', () => new Fault('unavailable', 'it does not answer')],
] as const

describe.each(Object.entries(stories))('a watcher that %s, and before and after any effect', (_, story) => {
  test.each(incidents)('%s', { timeout: 3_600_000 }, async (_, thrown) => {
    const effects = await liveThrough(story, Number.POSITIVE_INFINITY, thrown)
    expect(effects).toBeGreaterThan(5)
    for (let at = 0; at < effects; at++) await liveThrough(story, at, thrown)
  })
})
