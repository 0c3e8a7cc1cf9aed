import { type Amounts, reserve } from '../compile/reservation.ts'
import type { ServiceNeeds } from '../watch/cluster/figures.ts'
import {
  containerAt,
  endContainer,
  makeContainer,
  type SimContainer,
  type SimService,
  setExtra,
  takeOff,
} from './containers.ts'
import { later, type Rehearsal } from './rehearsal.ts'
import { place } from './scheduler.ts'
import type { SimNode } from './sim-node.ts'
import type { LoadClass } from './workload.ts'

const daySeconds = 86_400

/** Services that jobs of one kind are spread over, so that they differ in size. Source: our choice. */
const jobSizes = 64

const scaled = ({ cpuMillis, memoryBytes }: Amounts, by: number): Amounts => ({
  cpuMillis: Math.ceil(cpuMillis * by),
  memoryBytes: Math.ceil(memoryBytes * by),
})

const makeService = (run: Rehearsal, at: number, kind: LoadClass): SimService => {
  const services = run.services[at] ?? []
  const scale = run.randoms.sizes.around(kind.spread)
  const reserved = reserve(run.settings.policy, scaled(kind.limits, scale), scaled(kind.floor, scale))
  const needs: ServiceNeeds = {
    id: `${kind.name}-${services.length + 1}`,
    reserved,
    mustFinish: kind.jobSeconds !== undefined,
    ...(kind.maxPerNode === undefined ? {} : { maxPerNode: kind.maxPerNode }),
  }
  const made: SimService = { place: at, needs, scale, containers: [] }
  services.push(made)
  return made
}

/** Places a container, or lets it wait. */
const start = (run: Rehearsal, container: SimContainer): void => {
  if (!place(run.table, container, run)) run.pending.push(container)
}

const end = (run: Rehearsal, container: SimContainer): void => {
  if (container.isGone) return
  endContainer(run.table, container)
  run.hasNewRoom = true
}

/** Moves everything off a node that is drained, down or leaving; jobs on it are lost. */
export const displace = (run: Rehearsal, node: SimNode): number => {
  const moved = [...node.containers].map((number) => containerAt(run.table, number))
  for (const container of moved) takeOff(run.table, container)
  for (const container of moved) {
    if (container.service.needs.mustFinish === true) {
      run.totals.lostJobs += 1
      end(run, container)
    } else start(run, container)
  }
  return moved.length
}

const addOne = (run: Rehearsal, at: number, kind: LoadClass): void => {
  const last = run.services[at]?.at(-1)
  const service =
    last !== undefined && last.containers.length < kind.replicas ? last : makeService(run, at, kind)
  start(run, makeContainer(run.table, service))
}

const removeOne = (run: Rehearsal, at: number): void => {
  const services = run.services[at] ?? []
  const service = services.at(-1)
  const number = service?.containers.at(-1)
  if (service === undefined || number === undefined) return
  end(run, containerAt(run.table, number))
  if (service.containers.length === 0) services.pop()
}

const followCount = (run: Rehearsal, at: number, kind: LoadClass): void => {
  const wanted = Math.round(run.levels.containers[at] ?? 0)
  for (; (run.running[at] ?? 0) < wanted; run.running[at] = (run.running[at] ?? 0) + 1) addOne(run, at, kind)
  for (; (run.running[at] ?? 0) > wanted; run.running[at] = (run.running[at] ?? 0) - 1) removeOne(run, at)
}

/** A job's time begins when it is placed, so one that waits is done later. */
const startJob = (
  run: Rehearsal,
  service: SimService,
  { second, seconds }: { second: number; seconds: number },
): void => {
  const container = makeContainer(run.table, service)
  start(run, container)
  const finish = (at: number): void =>
    later(run, at, () => {
      if (container.isGone) return
      if (container.node !== undefined) end(run, container)
      else finish(at + run.scenario.stepSeconds)
    })
  finish(second + Math.max(run.scenario.stepSeconds, seconds))
}

const beginJobs = (
  run: Rehearsal,
  at: number,
  kind: LoadClass & { jobSeconds: number },
  second: number,
): void => {
  const { jobs } = run.randoms
  const perStep = ((run.levels.containers[at] ?? 0) * run.scenario.stepSeconds) / daySeconds
  const services = run.services[at] ?? []
  while (services.length < jobSizes) makeService(run, at, kind)
  for (let left = jobs.poisson(perStep); left > 0; left--) {
    const service = services[Math.floor(jobs.next() * jobSizes)]
    const seconds = kind.jobSeconds * jobs.around(0.5)
    if (service !== undefined) startJob(run, service, { second, seconds })
  }
}

/** A deployment starts every container of a service anew, which is how new nodes get their part. */
const deploy = (run: Rehearsal, at: number, kind: LoadClass): void => {
  const { deploys } = run.randoms
  const services = run.services[at] ?? []
  const perStep = (kind.deploysPerDay * run.scenario.stepSeconds) / daySeconds
  for (let left = deploys.poisson(perStep); left > 0; left--) {
    const service = services[Math.floor(deploys.next() * services.length)]
    for (const number of service?.containers ?? []) {
      const container = containerAt(run.table, number)
      if (container.node === undefined) continue
      takeOff(run.table, container)
      run.hasNewRoom = true
      start(run, container)
    }
  }
}

const burst = (run: Rehearsal, at: number, kind: LoadClass, second: number): void => {
  if (kind.bursts === undefined) return
  const { bursts } = run.randoms
  const { perContainerDay, factor, memoryFactor, seconds } = kind.bursts
  const perStep = ((run.running[at] ?? 0) * perContainerDay * run.scenario.stepSeconds) / daySeconds
  const services = run.services[at] ?? []
  for (let left = bursts.poisson(perStep); left > 0; left--) {
    const service = services[Math.floor(bursts.next() * services.length)]
    const number = service?.containers[Math.floor(bursts.next() * service.containers.length)]
    if (number === undefined) continue
    const container = containerAt(run.table, number)
    setExtra(run.table, container, factor - 1, memoryFactor - 1)
    later(run, second + seconds, () => {
      if (!container.isGone) setExtra(run.table, container, 0, 0)
    })
  }
}

/** Containers come, go, are deployed anew and have their bursts, as the load of this step says. */
export const stepContainers = (run: Rehearsal, second: number): void => {
  for (const [at, kind] of run.workload.classes.entries()) {
    const { jobSeconds } = kind
    if (jobSeconds !== undefined) beginJobs(run, at, { ...kind, jobSeconds }, second)
    else followCount(run, at, kind)
    deploy(run, at, kind)
    burst(run, at, kind, second)
  }
}

/** Services as the load of the first moment says. */
export const beginContainers = (run: Rehearsal): void => {
  for (const [at, kind] of run.workload.classes.entries())
    if (kind.jobSeconds === undefined) followCount(run, at, kind)
}

/** Tries again what waits, where there may be room that there was not before; of what is alike, one failure is enough. */
export const retryPending = (run: Rehearsal): void => {
  if (run.pending.length === 0 || !run.hasNewRoom) return
  run.hasNewRoom = false
  const failed = new Set<ServiceNeeds>()
  const still: SimContainer[] = []
  for (const container of run.pending) {
    if (container.isGone || container.node !== undefined) continue
    const { needs } = container.service
    if (!failed.has(needs) && place(run.table, container, run)) continue
    failed.add(needs)
    still.push(container)
  }
  run.pending = still
}
