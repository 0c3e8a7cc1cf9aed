import pLimit from 'p-limit'
import { type Clock, waitFor } from '../clients/clock.ts'
import type { Docker } from '../clients/docker.ts'
import type { ContainerUsage, Service, Task } from '../clients/docker-objects.ts'
import type { Amounts } from '../compile/reservation.ts'
import { Fault, isFault } from '../core/fault.ts'

/** The part of the engine that is asked. */
export type UsageReads = Pick<Docker, 'endpoint' | 'services' | 'tasks' | 'containerUsage'>

/** How long to look, in milliseconds: for all tasks to run, for them to calm down after their start, and at what they use. */
export interface MeasureTimes {
  readonly startMilliseconds: number
  readonly settleMilliseconds: number
  readonly windowMilliseconds: number
}

/** What the services of a stack needed, by their names in the compose file, and those of which nothing is known, with the reason. */
export interface StackNeed {
  readonly needs: ReadonlyMap<string, Amounts>
  readonly unknown: readonly { readonly service: string; readonly why: string }[]
}

interface Work {
  readonly docker: UsageReads
  readonly clock: Clock
  readonly signal?: AbortSignal
}

/** Source: `docker stack deploy`, which puts it on all that it makes. */
const stackLabel = 'com.docker.stack.namespace'

const stepMilliseconds = 2_000
const callsAtOnce = 8

/** What a container used over a window: the mean of its CPU time, and the most memory. */
export const needOf = (looks: readonly ContainerUsage[]): Amounts | undefined => {
  const [first] = looks
  const last = looks.at(-1)
  const milliseconds = (last?.readAtMilliseconds ?? 0) - (first?.readAtMilliseconds ?? 0)
  if (first === undefined || last === undefined || milliseconds <= 0) return undefined
  return {
    cpuMillis: Math.max(0, (last.cpuNanoseconds - first.cpuNanoseconds) / milliseconds / 1000),
    memoryBytes: Math.max(...looks.map(({ memoryBytes }) => memoryBytes)),
  }
}

const cpuStep = 10
const memoryStep = 2 ** 20

const roundedUp = (amount: number, step: number): number => Math.max(1, Math.ceil(amount / step)) * step

/** The most that one of its containers needed, rounded up to 10m and 1Mi; undefined where none was seen twice. Never throws. */
export const largestNeed = (containers: readonly (readonly ContainerUsage[])[]): Amounts | undefined => {
  const needs = containers.map(needOf).filter((one) => one !== undefined)
  if (needs.length === 0) return undefined
  return {
    cpuMillis: roundedUp(Math.max(...needs.map(({ cpuMillis }) => cpuMillis)), cpuStep),
    memoryBytes: roundedUp(Math.max(...needs.map(({ memoryBytes }) => memoryBytes)), memoryStep),
  }
}

const nameOf = ({ Spec }: Service, stack: string): string => {
  const name = Spec.Name ?? ''
  return name.startsWith(`${stack}_`) ? name.slice(stack.length + 1) : name
}

const servicesOf = async ({ docker }: Work, stack: string): Promise<readonly Service[]> => {
  const listed = await docker.services({ label: [`${stackLabel}=${stack}`] })
  const services = listed.filter(({ Spec }) => Spec.Labels?.[stackLabel] === stack)
  if (services.length > 0) return services
  throw new Fault('not-found', `No service of a stack '${stack}' is seen at ${docker.endpoint}.`, {
    details: {
      endpoint: docker.endpoint,
      hint: `Deploy it first (docker stack deploy), or look with an account that may view it: docker stack ls.`,
    },
  })
}

const isRunning = ({ DesiredState, Status }: Task): boolean =>
  DesiredState === 'running' && Status.State === 'running'

/** How many tasks a service should have running; undefined of one whose tasks end by themselves. */
const wantedOf = ({ Spec }: Service, tasks: readonly Task[]): number | undefined => {
  if (Spec.Mode?.Global !== undefined && Spec.Mode.Global !== null)
    return tasks.filter(({ DesiredState }) => DesiredState === 'running').length
  const replicated = Spec.Mode?.Replicated
  return replicated === undefined || replicated === null ? undefined : (replicated.Replicas ?? 1)
}

interface Started {
  readonly service: Service
  readonly wanted: number | undefined
  readonly tasks: readonly Task[]
}

const lookAt = async ({ docker }: Work, services: readonly Service[]): Promise<readonly Started[]> => {
  const tasks = await docker.tasks({ service: services.map(({ ID }) => ID) })
  return services.map((service) => {
    const own = tasks.filter(({ ServiceID }) => ServiceID === service.ID)
    return { service, wanted: wantedOf(service, own), tasks: own }
  })
}

const isUp = ({ wanted, tasks }: Started): boolean =>
  wanted === undefined || tasks.filter(isRunning).length >= wanted

/** What the newest task that does not run says of itself. */
const reasonOf = (tasks: readonly Task[]): string => {
  const [newest] = tasks
    .filter((task) => !isRunning(task))
    .sort((a, b) => b.Status.Timestamp.localeCompare(a.Status.Timestamp))
  return newest?.Status.Err ?? newest?.Status.Message ?? 'no task yet'
}

const notUp = ({ docker }: Work, stack: string, started: readonly Started[]): Fault => {
  const waiting = started.filter((one) => !isUp(one))
  const lines = waiting.map(
    (one) =>
      `${nameOf(one.service, stack)}: ${one.tasks.filter(isRunning).length} of ${one.wanted} tasks (${reasonOf(one.tasks)})`,
  )
  return new Fault('timeout', `Stack '${stack}' does not run whole: ${lines.join('; ')}.`, {
    details: {
      endpoint: docker.endpoint,
      hint: 'Nothing was measured. See to it that all of its tasks run, or give it longer with --wait.',
    },
  })
}

const started = async (work: Work, stack: string, milliseconds: number): Promise<readonly Service[]> => {
  const services = await servicesOf(work, stack)
  let last: readonly Started[] = []
  const look = async () => {
    last = await lookAt(work, services)
    return last.every(isUp) ? services : undefined
  }
  const found = await waitFor(look, {
    ...work,
    patience: { totalMilliseconds: milliseconds, stepMilliseconds },
  })
  if (found === undefined) throw notUp(work, stack, last)
  return found
}

/** What was seen of each container, by service and container. */
type Seen = Map<string, Map<string, ContainerUsage[]>>

/** One that is gone by now, or whose node does not answer, is looked at again next time. */
const usageOf = async ({ docker }: Work, container: string): Promise<ContainerUsage | undefined> => {
  try {
    return await docker.containerUsage(container)
  } catch (error) {
    if (isFault(error, 'not-found') || isFault(error, 'conflict')) return undefined
    throw error
  }
}

const lookOnce = async (work: Work, services: readonly Service[], seen: Seen): Promise<void> => {
  const limit = pLimit(callsAtOnce)
  const looked = await lookAt(work, services)
  const containers = looked.flatMap(({ service, tasks }) =>
    tasks.filter(isRunning).map((task) => ({ service, id: task.Status.ContainerStatus?.ContainerID ?? '' })),
  )
  await Promise.all(
    containers.map(({ service, id }) =>
      limit(async () => {
        const usage = id === '' ? undefined : await usageOf(work, id)
        if (usage === undefined) return
        const own = seen.get(service.ID) ?? new Map<string, ContainerUsage[]>()
        seen.set(service.ID, own.set(id, [...(own.get(id) ?? []), usage]))
      }),
    ),
  )
}

const whyUnknown = ({ Spec }: Service, wasSeen: boolean): string => {
  if (Spec.Mode?.Replicated?.Replicas === 0) return 'it has no replicas'
  return wasSeen ? 'no container of it lasted for two looks' : 'no container of it ran'
}

const summedUp = (services: readonly Service[], stack: string, seen: Seen): StackNeed => {
  const all = services
    .map((service) => ({ service, name: nameOf(service, stack), own: seen.get(service.ID) }))
    .map((one) => ({ ...one, need: largestNeed([...(one.own?.values() ?? [])]) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  return {
    needs: new Map(all.flatMap(({ name, need }) => (need === undefined ? [] : [[name, need] as const]))),
    unknown: all
      .filter(({ need }) => need === undefined)
      .map(({ name, service, own }) => ({ service: name, why: whyUnknown(service, own !== undefined) })),
  }
}

/**
 * What each service of a stack that runs needs: waits until its tasks run and have calmed down, then looks at their containers for
 * a window. Of a service the container that needs most counts, with its mean of CPU and its most memory, without what the kernel
 * caches of files. Changes nothing.
 * @throws {Fault} `not-found` where no such stack is seen, `timeout` where it does not run whole, `cancelled`, and whatever a call throws.
 */
export const measureStack = async (work: Work, stack: string, times: MeasureTimes): Promise<StackNeed> => {
  const services = await started(work, stack, times.startMilliseconds)
  await work.clock.wait(times.settleMilliseconds, work.signal)
  const seen: Seen = new Map()
  const end = work.clock.now() + times.windowMilliseconds
  await lookOnce(work, services, seen)
  do {
    await work.clock.wait(Math.max(1, Math.min(stepMilliseconds, end - work.clock.now())), work.signal)
    await lookOnce(work, services, seen)
  } while (work.clock.now() < end)
  return summedUp(services, stack, seen)
}
