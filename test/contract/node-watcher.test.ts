import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { nodeMarks } from '../../src/core/node-marks.ts'
import { WatchWorld } from './node-watcher-world.ts'

let world: WatchWorld

beforeAll(async () => {
  world = await WatchWorld.open()
})
afterAll(() => world.close())
beforeEach(() => world.clear())

const update = { method: 'POST', pathPattern: /\/nodes\/[^/]+\/update/ }
const outOfSequence = {
  kind: 'status',
  status: 500,
  body: { message: 'rpc error: update out of sequence' },
} as const
const marksOf = (labels: Readonly<Record<string, string>>) =>
  Object.keys(labels).filter((label) => label.startsWith('tenantry.watch.'))

/** A host that has been busy for its window, a little before it is paused. */
const almost = 60
const decisions = ['decision', 'announced', 'paused', 'resumed', 'withdrawn', 'tidied']

describe('a busy host', () => {
  test('has its node paused in its window and made active again by itself, with nothing else of it changed', async () => {
    const [name = ''] = await world.joined()
    const before = await world.node(name)
    const watched = world.watch(name)
    watched.load = 95
    await watched.pass(almost)
    expect((await world.node(name)).availability).toBe('active')
    await watched.pass(5)
    const paused = await world.node(name)
    expect(paused.availability).toBe('pause')
    expect(paused.labels).toMatchObject({ ...before.labels, zone: 'east' })
    expect(paused.labels[nodeMarks.pausedFor]).toBe('load 95 %, memory 20 % for 60 s')
    expect(paused.labels[nodeMarks.turn]).toBeUndefined()
    expect({ ...paused.spec, Availability: 'active', Labels: before.labels }).toEqual(before.spec)
    expect(watched.metric('tenantry_node_breach_to_pause_seconds')).toBe(60)

    watched.load = 77
    await watched.pass(600)
    expect((await world.node(name)).availability).toBe('pause')
    watched.load = 10
    await watched.pass(120)
    expect((await world.node(name)).availability).toBe('pause')
    await watched.pass(5)
    const back = await world.node(name)
    expect(back.spec).toEqual(before.spec)
    expect(watched.events(...decisions)).toEqual([
      'nothing: standing-unknown',
      'nothing: not-busy-long-enough',
      'nothing: standing-unknown',
      'pause: overloaded',
      'announced',
      'paused',
      'nothing: between-thresholds',
      'nothing: not-calm-long-enough',
      'resume: recovered',
      'resumed',
    ])
  })

  test('tells why it did nothing, with the figures it saw', async () => {
    const [name = ''] = await world.joined(1)
    const watched = world.watch(name)
    watched.load = 95
    await watched.pass(120)
    expect((await world.node(name)).availability).toBe('active')
    expect(watched.lines.find(({ reason }) => reason === 'last-active-node')).toMatchObject({
      level: 'info',
      event: 'decision',
      action: 'nothing',
      node: name,
      loadPercent: 95,
      collectionNodes: 1,
      collectionUnusable: 0,
    })
  })

  test('that is a manager is never paused', async () => {
    await world.joined(3)
    const manager = await world.node('manager')
    await world.byHand('manager', { labels: {} })
    const watched = world.watch('manager')
    watched.load = 95
    await watched.pass(120)
    expect((await world.node('manager')).availability).toBe(manager.availability)
    expect(watched.events('announced', 'paused')).toEqual([])
  })

  test('is left alone while its samples are missing', async () => {
    const [name = ''] = await world.joined()
    const watched = world.watch(name)
    watched.load = 95
    await watched.pass(almost)
    watched.broken = true
    await watched.pass(300)
    expect((await world.node(name)).availability).toBe('active')
    expect(watched.watcher.health()).toMatchObject({ isWell: false })
    watched.broken = false
    await watched.pass(almost)
    expect((await world.node(name)).availability).toBe('active')
    await watched.pass(5)
    expect((await world.node(name)).availability).toBe('pause')
  })
})

describe('a person’s node', () => {
  test.each(['pause', 'drain'])('stays as it is after a %s, busy or calm', async (availability) => {
    const [name = ''] = await world.joined()
    await world.byHand(name, { availability })
    const before = await world.node(name)
    const watched = world.watch(name)
    for (const load of [95, 10]) {
      watched.load = load
      await watched.pass(300)
    }
    expect(await world.node(name)).toEqual(before)
  })

  test('stays drained that was paused by its watcher before, also through a new process and a pause by hand', async () => {
    const [name = ''] = await world.joined()
    const first = world.watch(name)
    first.load = 95
    await first.pass(65)
    await world.byHand(name, { availability: 'drain' })
    const drained = await world.node(name)
    const second = world.watch(name)
    await second.pass(300)
    expect(await world.node(name)).toEqual(drained)
    await world.byHand(name, { availability: 'pause' })
    await second.pass(300)
    expect((await world.node(name)).availability).toBe('pause')
    expect(second.events('resumed')).toEqual([])
  })

  test('that is held is neither paused nor made active', async () => {
    const [name = ''] = await world.joined()
    const watched = world.watch(name)
    watched.load = 95
    await world.byHand(name, { labels: { [nodeMarks.hold]: 'INC-4711' } })
    await watched.pass(120)
    expect((await world.node(name)).availability).toBe('active')
    await world.byHand(name, { labels: { [nodeMarks.hold]: undefined } })
    await watched.pass(120)
    expect((await world.node(name)).availability).toBe('pause')
    await world.byHand(name, { labels: { [nodeMarks.hold]: 'INC-4711' } })
    watched.load = 10
    await watched.pass(300)
    expect((await world.node(name)).availability).toBe('pause')
    await world.byHand(name, { labels: { [nodeMarks.hold]: undefined } })
    await watched.pass(60)
    expect((await world.node(name)).availability).toBe('active')
  })

  test('that they made active again gets a whole window before it is paused anew, without old marks', async () => {
    const [name = ''] = await world.joined()
    const watched = world.watch(name)
    watched.load = 95
    await watched.pass(65)
    await world.byHand(name, { availability: 'active' })
    await watched.pass(30)
    const theirs = await world.node(name)
    expect(theirs.availability).toBe('active')
    expect(marksOf(theirs.labels)).toEqual([])
    await watched.pass(65)
    expect((await world.node(name)).availability).toBe('pause')
  })

  test.each([
    ['before it is announced', 0],
    ['between the announcement and the pause', 1],
  ])('stays drained that they drained %s, at the very moment of the write', async (_name, nth) => {
    const [name = ''] = await world.joined()
    const watched = world.watch(name, {
      meddle: async (count) => {
        if (count === nth) await world.byHand(name, { availability: 'drain', labels: { theirs: 'yes' } })
      },
    })
    watched.load = 95
    await watched.pass(300)
    const { availability, labels } = await world.node(name)
    expect([availability, labels.theirs, labels[nodeMarks.pausedAt]]).toEqual(['drain', 'yes', undefined])
  })

  test('stays drained that they drained at the moment it was to be made active', async () => {
    const [name = ''] = await world.joined()
    const watched = world.watch(name, {
      meddle: async (count) => {
        if (count === 2) await world.byHand(name, { availability: 'drain' })
      },
    })
    watched.load = 95
    await watched.pass(65)
    expect((await world.node(name)).availability).toBe('pause')
    watched.load = 10
    await watched.pass(300)
    expect((await world.node(name)).availability).toBe('drain')
  })
})

describe('a new process', () => {
  test('makes a node active again that the one before paused', async () => {
    const [name = ''] = await world.joined()
    const first = world.watch(name)
    first.load = 95
    await first.pass(65)
    const second = world.watch(name)
    await second.pass(130)
    const back = await world.node(name)
    expect([back.availability, marksOf(back.labels)]).toEqual(['active', []])
  })

  test.each([0, 1, 2])('finishes or undoes what one began that was killed at its change %i', async (nth) => {
    const [name = ''] = await world.joined()
    let isDead = false
    const killed = world.watch(name, {
      meddle: async (count) => {
        if (count !== nth && !isDead) return
        isDead = true
        await new Promise(() => {})
      },
    })
    killed.load = 95
    const dying = async () => {
      await killed.pass(65)
      killed.load = 10
      await killed.pass(130)
    }
    void dying()
    await expect.poll(() => isDead, { timeout: 20_000 }).toBe(true)
    const next = world.watch(name)
    next.load = 95
    await next.pass(100)
    expect((await world.node(name)).availability).toBe('pause')
    next.load = 10
    await next.pass(130)
    const back = await world.node(name)
    expect([back.availability, marksOf(back.labels)]).toEqual(['active', []])
  })

  test.each([
    ['active', true],
    ['pause', false],
  ])(
    'that ends in order leaves the node %s where it resumes at the end: %s',
    async (availability, resumes) => {
      const [name = ''] = await world.joined()
      const watched = world.watch(name)
      watched.load = 95
      await watched.pass(65)
      watched.stopping.abort()
      await watched.watcher.end({ resumes })
      expect((await world.node(name)).availability).toBe(availability)
    },
  )

  test('finds a host that joined the swarm again', async () => {
    const [name = ''] = await world.joined()
    const watched = world.watch(name)
    await watched.pass(30)
    await world.joined(1, [name])
    watched.load = 95
    await watched.pass(120)
    expect((await world.node(name)).availability).toBe('pause')
  })
})

describe('UCP', () => {
  test('that says “out of sequence” is asked again, and no label is lost', async () => {
    const [name = ''] = await world.joined()
    const fault = world.emulator.faults.add({ match: update, fault: outOfSequence, times: 3 })
    const watched = world.watch(name)
    watched.load = 95
    await watched.pass(65)
    expect(fault.hits()).toBe(3)
    const { availability, labels } = await world.node(name)
    expect([availability, labels.zone]).toEqual(['pause', 'east'])
  })

  test('whose answer is lost is asked what came of it', async () => {
    const [name = ''] = await world.joined()
    world.emulator.faults.add({ match: update, fault: { kind: 'reset-after' } })
    const watched = world.watch(name)
    watched.load = 95
    await watched.pass(65)
    expect(watched.events('announced', 'paused')).toEqual(['announced', 'paused'])
    watched.load = 10
    await watched.pass(130)
    expect((await world.node(name)).availability).toBe('active')
  })

  test('that is down is told of once and asked again ever more rarely, while the host is sampled on', async () => {
    const [name = ''] = await world.joined()
    const watched = world.watch(name)
    await watched.pass(5)
    const fault = world.emulator.faults.add({ match: {}, fault: { kind: 'status', status: 503 } })
    watched.load = 95
    await watched.pass(3600)
    expect(watched.events('ucp-failed', 'ucp-reached')).toEqual(['ucp-failed'])
    expect(watched.lines.find(({ event }) => event === 'ucp-failed')).toMatchObject({
      level: 'warning',
      code: 'unavailable',
      status: 503,
      hint: expect.stringContaining('UCP'),
    })
    // 5, 10, 20 … 300 seconds, and every 300 after; two calls each.
    expect(fault.hits()).toBeGreaterThan(20)
    expect(fault.hits()).toBeLessThan(50)
    expect(watched.metric('tenantry_node_ucp_up')).toBe(0)
    expect(watched.metric('tenantry_node_samples_total{outcome="sound"}')).toBe(721)
    expect(watched.watcher.health()).toMatchObject({ isWell: true, availability: null })
    fault.remove()
    await watched.pass(310)
    expect(watched.events('ucp-failed', 'ucp-reached')).toEqual(['ucp-failed', 'ucp-reached'])
    expect((await world.node(name)).availability).toBe('pause')
  })

  test('that cannot be reached at all is told of, and nothing is decided without it', async () => {
    const watched = world.watch('std-x', { endpoint: 'https://127.0.0.1:1' })
    watched.load = 95
    await watched.pass(300)
    expect(watched.lines.find(({ event }) => event === 'ucp-failed')).toMatchObject({ code: 'unreachable' })
    expect(watched.events('decision')).toEqual(['nothing: standing-unknown'])
  })

  test('that refuses the login is asked again with the password as it is by then', async () => {
    const [name = ''] = await world.joined()
    let password = 'an-old-password'
    const watched = world.watch(name, { password: () => password })
    await watched.pass(30)
    expect(watched.lines.find(({ event }) => event === 'ucp-failed')).toMatchObject({
      code: 'unauthenticated',
    })
    expect(JSON.stringify(watched.lines)).not.toContain(password)
    password = 'a-watcher-has-a-password'
    await watched.pass(60)
    expect(watched.events('ucp-reached')).toEqual(['ucp-reached'])
  })

  test('that shows the watcher no such node is told of with the way out', async () => {
    const watched = world.watch('std-unknown')
    await watched.pass(5)
    expect(watched.lines.find(({ event }) => event === 'ucp-failed')).toMatchObject({
      code: 'not-found',
      hint: expect.stringContaining('--node'),
    })
  })
})

describe('many busy hosts at once', () => {
  test('leave one of them active, whoever of them is last', async () => {
    const names = await world.joined(4)
    const all = names.map((name) => world.watch(name))
    for (const one of all) one.load = 95
    await Promise.all(all.map((one) => one.pass(600)))
    const states = await Promise.all(names.map(async (name) => (await world.node(name)).availability))
    expect(states.filter((state) => state === 'active')).toHaveLength(1)
    for (const one of all) one.load = 10
    await Promise.all(all.map((one) => one.pass(200)))
    for (const name of names) {
      const { availability, labels } = await world.node(name)
      expect([availability, marksOf(labels)]).toEqual(['active', []])
    }
  })

  test('never are fewer than may be, at any moment', async () => {
    const names = await world.joined(5)
    const seen: number[] = []
    const all = names.map((name) =>
      world.watch(name, {
        meddle: async () => {
          const nodes = (await world.engine.nodes()).filter(({ Spec }) => Spec.Role === 'worker')
          seen.push(nodes.filter(({ Spec }) => Spec.Availability !== 'active').length)
        },
      }),
    )
    for (const one of all) one.load = 95
    await Promise.all(all.map((one) => one.pass(300)))
    // 80 percent of 5.
    expect(Math.max(...seen)).toBeLessThanOrEqual(4)
    expect(
      (await Promise.all(names.map((name) => world.node(name)))).filter(
        (node) => node.availability === 'pause',
      ),
    ).toHaveLength(4)
  })

  /** Two hosts, the one before the other by its node's id. */
  const pair = async (): Promise<readonly [string, string]> => {
    const [a = '', b = ''] = await world.joined(2)
    return (await world.node(a)).id < (await world.node(b)).id ? [a, b] : [b, a]
  }

  test('wait for those that announced themselves too, and go on when they withdraw', async () => {
    const [first, second] = await pair()
    const watched = world.watch(first, {
      meddle: async (count) => {
        if (count === 0) await world.byHand(second, { labels: { [nodeMarks.turn]: 'theirs' } })
      },
      onEvent: ({ event }) => {
        if (event === 'announced') void world.byHand(second, { labels: { [nodeMarks.turn]: undefined } })
      },
    })
    watched.load = 95
    await watched.pass(300)
    expect(watched.events('announced').length).toBeGreaterThan(0)
    expect((await world.node(first)).availability).toBe('pause')
  })

  test.each(['announced', 'decision'])(
    'take their announcement back when they are stopped after “%s”',
    async (moment) => {
      const [first, second] = await pair()
      const watched = world.watch(first, {
        meddle: async (count) => {
          if (count > 0) return
          await world.byHand(second, { labels: { [nodeMarks.turn]: 'theirs' } })
          if (moment === 'decision') watched.stopping.abort()
        },
        onEvent: ({ event }) => {
          if (event === moment && moment === 'announced') watched.stopping.abort()
        },
      })
      watched.load = 95
      await watched.pass(70)
      expect(watched.stopping.signal.aborted).toBe(true)
      expect(watched.events('paused')).toEqual([])
      expect(marksOf((await world.node(first)).labels)).toEqual([])
    },
  )
})

describe('the watcher’s account', () => {
  test('may see and update the nodes of its collection, and nothing else', async () => {
    const [name = ''] = await world.joined()
    const other = 'edge-1'
    await world.engine.joinNode({ hostname: other, cpus: 4, memoryBytes: 8e9 })
    await world.drive.create('ucp:index:NodePlacement', { hostname: other, collection: '/Run/Edge' })
    const watched = world.watch(name)
    expect((await watched.session.peers()).map(({ hostname }) => hostname)).not.toContain(other)
    const elsewhere = world.watch(other)
    elsewhere.load = 95
    await elsewhere.pass(65)
    expect(elsewhere.events('announced')).toEqual([])
    expect((await world.node(other)).availability).toBe('active')
  })
})
