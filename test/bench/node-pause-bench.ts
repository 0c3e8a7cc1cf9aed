import { findDockerd } from '../../src/lab/docker/dockerd.ts'
import { SwarmWorld } from '../integration/swarm-world.ts'
import { median } from './median.ts'

const rounds = 5
const workers = ['one', 'two', 'three'] as const

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

const until = async (world: SwarmWorld, hostname: string, availability: string): Promise<void> => {
  while ((await world.node(hostname)).availability !== availability) await wait(20)
}

/** Seconds from the start of a container that never rests until its node takes no new work; then until it is back. */
const round = async (
  world: SwarmWorld,
  hostname: string,
): Promise<{ readonly paused: number; readonly back: number }> => {
  const busyFrom = performance.now()
  const stop = await world.loadBeside(hostname)
  await until(world, hostname, 'pause')
  const paused = (performance.now() - busyFrom) / 1000
  const calmFrom = performance.now()
  await stop()
  await until(world, hostname, 'active')
  return { paused, back: (performance.now() - calmFrom) / 1000 }
}

const measure = async (world: SwarmWorld): Promise<void> => {
  const [first] = workers
  for (const watching of workers.map((hostname) => world.watch(hostname)))
    while (watching.said('started') === undefined) await wait(100)
  const times: { readonly paused: number; readonly back: number }[] = []
  for (let done = 0; done < rounds; done++) times.push(await round(world, first))
  const figure = (of: 'paused' | 'back') => median(times.map((one) => one[of])).toFixed(1)
  console.log(
    `node watcher on real engines, ${rounds} rounds: load to pause ${figure('paused')} s, rest to active ${figure('back')} s; of each, 5 s are the window and up to 2 s its samples`,
  )
}

/** The node watcher on a real swarm of a manager and three workers; nothing where no engine can be run. */
export const benchNodePause = async (): Promise<void> => {
  const found = await findDockerd()
  if (found.tools === undefined) {
    console.log(`node watcher on real engines: not measured, ${found.reason}`)
    return
  }
  const world = await SwarmWorld.open(found.tools, workers)
  try {
    await measure(world)
  } finally {
    await world.close()
  }
}
