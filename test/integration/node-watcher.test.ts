import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isPausedByWatcher, nodeMarks } from '../../src/core/node-marks.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { findDockerd } from '../../src/lab/docker/dockerd.ts'
import { missingPart } from '../missing-part.ts'
import { hasDockerCommand } from './docker-users.ts'
import { SwarmWorld } from './swarm-world.ts'
import type { WatchProcess } from './watch-process.ts'

/** For a swarm and processes on a machine that is busy with other things; nothing here is about how long it takes. */
const patience = { timeout: 300_000, interval: 100 }
const limits = { timeout: 1_200_000 }

const { tools } = await findDockerd()
if (tools === undefined) missingPart('docker', 'the node watcher on real Docker Engines')

const hasDocker = await hasDockerCommand()

const workers = ['one', 'two', 'three'] as const
type Worker = (typeof workers)[number]
const deeds = ['announced', 'withdrawn', 'paused', 'resumed', 'tidied']

/** A label a day of somebody who takes note of every check for two years, and one that is as long as a sentence. */
const diary = Object.fromEntries(
  Array.from({ length: 730 }, (_, day) => [
    `audit.${new Date(Date.UTC(2024, 10, 23 + day)).toISOString().slice(0, 10)}`,
    'checked',
  ]),
)

const isTheirs = ([label]: readonly [string, string]): boolean => !label.startsWith('tenantry.watch.')
const theirsOf = (labels: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(labels).filter(isTheirs))
const marksOf = (labels: Readonly<Record<string, string>>) =>
  Object.keys(labels).filter((label) => label.startsWith('tenantry.watch.'))

describe.runIf(tools)('the node watcher on real Docker Engines that form a swarm', limits, () => {
  let world: SwarmWorld
  const watching = new Map<Worker, WatchProcess>()

  beforeAll(async () => {
    if (tools === undefined) return
    world = await SwarmWorld.open(tools, workers)
    for (const worker of workers) watching.set(worker, world.watch(worker))
  })
  afterAll(() => world?.close())

  const watcherOf = (worker: Worker): WatchProcess => {
    const found = watching.get(worker)
    if (found === undefined) throw new Error(`nobody watches ${worker}`)
    return found
  }

  const restart = async (worker: Worker): Promise<WatchProcess> => {
    await watcherOf(worker).kill()
    const next = world.watch(worker)
    watching.set(worker, next)
    return next
  }

  const availability = async (worker: Worker): Promise<string> => (await world.node(worker)).availability
  const availabilities = () => Promise.all(workers.map(availability))
  const until = (worker: Worker, wanted: string) =>
    expect.poll(() => availability(worker), patience).toBe(wanted)
  const untilPlaced = (service: string, places: readonly string[]) =>
    expect.poll(() => world.placesOf(service), patience).toEqual(places)

  const withoutLoad = async (worker: Worker): Promise<void> => {
    await world.removeService(`load-${worker}`)
  }

  test('runs as a process for each host, and leaves a swarm without load as it is', async () => {
    for (const worker of workers) {
      const watcher = watcherOf(worker)
      await expect.poll(() => watcher.events('decision'), patience).toContain('nothing: calm')
    }
    expect(await availabilities()).toEqual(['active', 'active', 'active'])
  })

  test('load of a real program pauses the one right node in its window, nothing is placed there, and it returns by itself', async () => {
    await world.byHand('two', { labels: { ...diary, rack: 'b-7' } })
    const before = await world.node('two')
    await world.loadOn('two')
    await untilPlaced('load-two', ['two'])
    await until('two', 'pause')
    expect(await availabilities()).toEqual(['active', 'pause', 'active'])
    const paused = await world.node('two')
    expect(isPausedByWatcher(paused)).toBe(true)
    expect(theirsOf(paused.labels)).toEqual(before.labels)
    expect(watcherOf('two').said('paused')).toMatchObject({ node: 'two', poolNodes: 3, poolUnusable: 0 })
    // Its whole window, and the figure that it was.
    expect(Number(watcherOf('two').said('paused')?.aboveSeconds)).toBeGreaterThanOrEqual(5)
    expect(Number(watcherOf('two').said('paused')?.loadPercent)).toBeGreaterThan(80)

    await world.createService('anywhere', { replicas: 8, constraints: ['node.role==worker'] })
    await untilPlaced('anywhere', ['one', 'one', 'one', 'one', 'three', 'three', 'three', 'three'])
    await world.createService('there', { constraints: ['node.hostname==two'] })
    await expect
      .poll(() => world.placesOf('there'), patience)
      .toEqual([expect.stringMatching(/^pending: no suitable node/)])
    // What ran there stays.
    expect(await world.placesOf('load-two')).toEqual(['two'])

    await withoutLoad('two')
    await until('two', 'active')
    await untilPlaced('there', ['two'])
    const back = await world.node('two')
    expect(back.labels).toEqual(before.labels)
    expect({ ...back.spec, Labels: {} }).toEqual({ ...before.spec, Labels: {} })
    expect(watcherOf('two').events(...deeds)).toEqual(['announced', 'paused', 'resumed'])
    for (const other of ['one', 'three'] as const) expect(watcherOf(other).events(...deeds)).toEqual([])
    for (const service of ['anywhere', 'there']) await world.removeService(service)
  })

  test.each(['drain', 'pause'])(
    'a node with a person’s %s stays as they left it, busy and calm',
    async (theirs) => {
      await world.byHand('one', { availability: theirs })
      const before = await world.node('one')
      const watcher = await restart('one')
      const reason = theirs === 'drain' ? 'nothing: drained-by-others' : 'nothing: paused-by-others'
      await expect.poll(() => watcher.events('decision'), patience).toContain(reason)
      // Twice the windows of a breach and of a calm.
      const lasts = (figure: string) =>
        expect.poll(() => watcher.metric(`tenantry_node_${figure}_seconds`), patience).toBeGreaterThan(10)
      const stop = await world.loadBeside('one')
      await lasts('above')
      expect(await world.node('one')).toEqual(before)
      await stop()
      await lasts('below')
      expect(await world.node('one')).toEqual(before)
      expect(watcher.events(...deeds)).toEqual([])
      await world.byHand('one', { availability: 'active' })
    },
  )

  test.each(['started', 'announced', 'paused'])(
    'a watcher that is killed at “%s” of a busy host is finished by the next one, which no label is lost to',
    async (event) => {
      await world.byHand('three', { labels: diary })
      const before = await world.node('three')
      const killed = await restart('three')
      killed.killAt(event)
      await world.loadOn('three')
      await killed.ended()
      const next = await restart('three')
      await until('three', 'pause')
      expect(theirsOf((await world.node('three')).labels)).toEqual(before.labels)
      await withoutLoad('three')
      await until('three', 'active')
      await expect.poll(async () => marksOf((await world.node('three')).labels), patience).toEqual([])
      expect((await world.node('three')).labels).toEqual(before.labels)
      expect(next.isOn).toBe(true)
      expect(await availabilities()).toEqual(['active', 'active', 'active'])
    },
  )

  test('a watcher that is killed while its node is paused, and as it is made active, leaves it to the next one', async () => {
    const before = await world.node('three')
    const first = await restart('three')
    await world.loadOn('three')
    await until('three', 'pause')
    await first.kill()
    await withoutLoad('three')
    const second = await restart('three')
    second.killAt('resumed')
    await second.ended()
    const third = await restart('three')
    await expect.poll(() => third.events('decision'), patience).toContain('nothing: calm')
    expect(await world.node('three')).toMatchObject({ availability: 'active', labels: before.labels })
    expect(third.events(...deeds)).toEqual([])
  })

  test.runIf(hasDocker)(
    'the shipped stack is one that a real swarm takes: a task on every worker of the offer, and on no other node',
    async () => {
      const text = ['secret', 'create', 'watch-std-password', world.caFile]
      expect(await world.docker(text)).toMatchObject({ code: 0 })
      const stack = [
        'stack',
        'deploy',
        '--resolve-image=never',
        '-c',
        join(checkoutRoot(), 'deploy/watch/stack.yml'),
        'watch-std',
      ]
      const deployed = await world.docker(stack, {
        OFFER: 'std',
        ACCOUNT: 'svc-watch-std',
        CLUSTER: 'nonprod',
        COLLECTION: '/Run/Std',
        IMAGE: 'web:1',
        UCP_CA_FILE: world.caFile,
      })
      expect(deployed, deployed.err).toMatchObject({ code: 0 })
      await expect.poll(() => world.hostsOf('watch-std_node-watcher'), patience).toEqual([...workers].sort())
      expect(await world.docker(['stack', 'rm', 'watch-std'])).toMatchObject({ code: 0 })
    },
  )

  test('a host whose watcher announced and died is not counted as paused for ever', async () => {
    await watcherOf('one').kill()
    await world.byHand('one', { labels: { [nodeMarks.turn]: '2026-11-23T06:00:00.000Z' } })
    const next = await restart('one')
    await expect.poll(async () => marksOf((await world.node('one')).labels), patience).toEqual([])
    await expect.poll(() => next.events(...deeds), patience).toEqual(['tidied'])
  })
})
