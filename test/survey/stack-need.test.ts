import { expect, test } from 'vitest'
import type { Clock } from '../../src/clients/clock.ts'
import type { ContainerUsage, Service, Task } from '../../src/clients/docker-objects.ts'
import { Fault } from '../../src/core/fault.ts'
import { largestNeed, measureStack, needOf, type UsageReads } from '../../src/survey/stack-need.ts'

const mebibyte = 2 ** 20

const usage = (seconds: number, cpuSeconds: number, mebibytes: number): ContainerUsage => ({
  readAtMilliseconds: seconds * 1000,
  cpuNanoseconds: cpuSeconds * 1e9,
  memoryBytes: mebibytes * mebibyte,
})

const dated = { Version: { Index: 1 }, CreatedAt: '', UpdatedAt: '' }

const service = (
  ID: string,
  name: string,
  mode: Service['Spec']['Mode'] = { Replicated: { Replicas: 1 } },
) => ({
  ...dated,
  ID,
  Spec: { Name: name, Labels: { 'com.docker.stack.namespace': 'shop' }, TaskTemplate: {}, Mode: mode },
})

const task = (ServiceID: string, container: string, state = 'running', Err?: string): Task => ({
  ...dated,
  ID: `t-${container}`,
  Spec: {},
  ServiceID,
  DesiredState: 'running',
  Status: {
    Timestamp: '2026-01-01T00:00:00Z',
    State: state,
    ContainerStatus: { ContainerID: container },
    ...(Err === undefined ? {} : { Err }),
  },
})

/** A clock that waits for nothing, and what it was asked to wait. */
const quickClock = (): Clock & { readonly waited: number[] } => {
  let now = 0
  const waited: number[] = []
  return {
    waited,
    now: () => now,
    wait: async (milliseconds) => {
      waited.push(milliseconds)
      now += milliseconds
    },
  }
}

interface World {
  readonly services: readonly Service[]
  readonly tasks: (look: number) => readonly Task[]
  readonly usage?: (container: string, look: number) => ContainerUsage | undefined
}

const world = ({ services, tasks, usage: of = () => undefined }: World): UsageReads => {
  let looks = 0
  return {
    endpoint: 'https://ucp.example',
    services: async () => [...services],
    tasks: async () => {
      looks += 1
      return [...tasks(looks)]
    },
    containerUsage: async (container) => of(container, looks),
  }
}

const times = { startMilliseconds: 10_000, settleMilliseconds: 30_000, windowMilliseconds: 10_000 }

test('a container needs its mean of CPU and its most memory', () => {
  const looks = [usage(0, 100, 50), usage(5, 103, 80), usage(10, 104, 60)]
  expect(needOf(looks)).toEqual({ cpuMillis: 400, memoryBytes: 80 * mebibyte })
  expect(needOf(looks.slice(0, 1))).toBeUndefined()
  expect(needOf([])).toBeUndefined()
})

test('a container whose counter went back needs no CPU less than none', () => {
  expect(needOf([usage(0, 9, 1), usage(1, 0, 1)])?.cpuMillis).toBe(0)
})

test('of several containers the most counts, rounded up to what a file can say', () => {
  const busy = [usage(0, 0, 10), usage(10, 1.234, 10)]
  const large = [usage(0, 0, 10), { ...usage(10, 0, 0), memoryBytes: 99 * mebibyte + 1 }]
  expect(largestNeed([busy, large, [usage(0, 0, 500)]])).toEqual({
    cpuMillis: 130,
    memoryBytes: 100 * mebibyte,
  })
  expect(largestNeed([[usage(0, 0, 0), usage(10, 0, 0)]])).toEqual({ cpuMillis: 10, memoryBytes: mebibyte })
  expect(largestNeed([[usage(0, 0, 500)]])).toBeUndefined()
})

test('a stack is measured once it runs and has calmed down', async () => {
  const clock = quickClock()
  const docker = world({
    services: [service('a', 'shop_web'), service('b', 'shop_jobs', { Global: {} })],
    tasks: (look) => (look < 3 ? [task('a', 'c1', 'preparing')] : [task('a', 'c1'), task('b', 'c2')]),
    usage: (container, look) => usage(look, container === 'c1' ? look / 10 : 0, 64),
  })
  const { needs, unknown } = await measureStack({ docker, clock }, 'shop', times)
  expect([...needs]).toEqual([
    ['jobs', { cpuMillis: 10, memoryBytes: 64 * mebibyte }],
    ['web', { cpuMillis: 100, memoryBytes: 64 * mebibyte }],
  ])
  expect(unknown).toEqual([])
  expect(clock.waited).toContain(30_000)
  expect(clock.now()).toBe(4_000 + 30_000 + 10_000)
})

test('a container that goes or comes within the window is borne', async () => {
  const docker = world({
    services: [service('a', 'shop_web')],
    tasks: (look) => [task('a', look < 4 ? 'old' : 'new')],
    usage: (container, look) => {
      if (container === 'new') return usage(look, look, 10)
      if (look === 3) throw new Fault('not-found', 'gone')
      return usage(look, 0, 300)
    },
  })
  const { needs } = await measureStack({ docker, clock: quickClock() }, 'shop', times)
  expect(needs.get('web')).toEqual({ cpuMillis: 1000, memoryBytes: 10 * mebibyte })
})

test('what cannot be measured is told with its reason', async () => {
  const docker = world({
    services: [
      service('a', 'shop_off', { Replicated: { Replicas: 0 } }),
      service('b', 'shop_job', { ReplicatedJob: {} }),
      service('c', 'shop_short'),
    ],
    tasks: (look) => [task('c', `c${look}`)],
    usage: (_, look) => usage(look, 0, 1),
  })
  const { needs, unknown } = await measureStack({ docker, clock: quickClock() }, 'shop', times)
  expect([...needs]).toEqual([])
  expect(unknown).toEqual([
    { service: 'job', why: 'no container of it ran' },
    { service: 'off', why: 'it has no replicas' },
    { service: 'short', why: 'no container of it lasted for two looks' },
  ])
})

test('a stack that does not run whole is not measured', async () => {
  const docker = world({
    services: [service('a', 'shop_web', { Replicated: { Replicas: 2 } }), service('b', 'shop_db')],
    tasks: () => [task('a', 'c1'), task('a', 'c2', 'pending', 'no suitable node'), task('b', 'c3')],
  })
  await expect(measureStack({ docker, clock: quickClock() }, 'shop', times)).rejects.toMatchObject({
    code: 'timeout',
    message: "Stack 'shop' does not run whole: web: 1 of 2 tasks (no suitable node).",
  })
})

test('a stack that nobody sees is a fault with the way out', async () => {
  const other = { ...service('a', 'x_web'), Spec: { ...service('a', 'x').Spec, Labels: {} } }
  await expect(
    measureStack(
      { docker: world({ services: [other], tasks: () => [] }), clock: quickClock() },
      'shop',
      times,
    ),
  ).rejects.toMatchObject({
    code: 'not-found',
    details: { hint: expect.stringContaining('docker stack ls') },
  })
})

test('a cluster that fails while it is looked at fails the measuring', async () => {
  const docker = world({
    services: [service('a', 'shop_web')],
    tasks: () => [task('a', 'c1')],
    usage: () => {
      throw new Fault('unavailable', 'down')
    },
  })
  await expect(measureStack({ docker, clock: quickClock() }, 'shop', times)).rejects.toMatchObject({
    code: 'unavailable',
  })
})
