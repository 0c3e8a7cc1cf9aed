import type { PoolDecision } from '../watch/cluster/decision.ts'
import { type Recorder, type Recording, recorder } from './record.ts'
import { endDue, openRehearsal, type Rehearsal, type Totals } from './rehearsal.ts'
import { stepClusterWatcher } from './run-cluster.ts'
import { retryPending, stepContainers } from './run-containers.ts'
import { type StepLoad, stepLoad } from './run-load.ts'
import { beginMachines, planHostLosses } from './run-machines.ts'
import { lastSampleAt, stepNodeWatchers } from './run-nodes.ts'
import type { Scenario, Settings } from './scenario.ts'
import type { Workload } from './workload.ts'

/** Something the cluster watcher did, for whoever reads along. */
export interface Deed {
  readonly second: number
  readonly kind: PoolDecision['action']['kind']
  readonly sentence: string
}

/** A run that is over. */
export interface Rehearsed {
  readonly totals: Totals
  readonly recording: Recording
  /** The first thousand and the last thousand at most. */
  readonly deeds: readonly Deed[]
}

const keptDeeds = 1000

const count = (run: Rehearsal, { usable, hurt }: StepLoad, hours: number): void => {
  const { totals, machines, settings, pending } = run
  const unplaced = pending.length
  totals.machineHours += machines.size * hours
  totals.cost += machines.size * hours * settings.costPerHour
  totals.usableHours += usable * hours
  totals.hurtHours += hurt * hours
  totals.unplacedHours += unplaced * hours
  totals.mostUnplaced = Math.max(totals.mostUnplaced, unplaced)
  totals.mostMachines = Math.max(totals.mostMachines, machines.size)
  totals.fewestMachines = Math.min(totals.fewestMachines, machines.size)
}

const record = (run: Rehearsal, into: Recorder, { second, load }: { second: number; load: StepLoad }): void =>
  into.add(second, {
    nodes: load.usable,
    pausedPercent: load.usable === 0 ? 0 : (load.paused / load.usable) * 100,
    loadPercent: load.loadPercent,
    memoryPercent: load.memoryPercent,
    unplaced: run.pending.length,
    hurt: load.hurt,
    costPerHour: run.machines.size * run.settings.costPerHour,
  })

/** Whether the cluster watcher looks at the end of a step: at every one that is longer than its own time. */
const isTick = ({ settings, scenario }: Rehearsal, to: number): boolean =>
  to % settings.pool.watch.tickSeconds < scenario.stepSeconds

/** One step of simulated time: what comes and goes, what nodes carry, what both watchers make of it. */
const step = (run: Rehearsal, from: number): StepLoad => {
  const to = from + run.scenario.stepSeconds
  run.workload.at(from, run.levels)
  endDue(run, from)
  stepContainers(run, from)
  retryPending(run)
  const load = stepLoad(run, lastSampleAt(to, run.settings.node.sampleSeconds))
  stepNodeWatchers(run, from, to)
  retryPending(run)
  if (isTick(run, to)) stepClusterWatcher(run, to)
  return load
}

const keep = (deeds: Deed[], run: Rehearsal, second: number): void => {
  const { decision } = run
  if (decision === undefined || decision.action.kind === 'nothing') return
  deeds.push({ second, kind: decision.action.kind, sentence: decision.reason.sentence })
  if (deeds.length > 2 * keptDeeds) deeds.splice(keptDeeds, 1)
}

/**
 * Runs a scenario under one set of settings with a simulated clock, scheduler and cluster; the decisions are those of the two watchers. The same
 * seed gives the same run. Never throws for what the schema lets through.
 */
export const rehearse = (scenario: Scenario, settings: Settings, workload: Workload): Rehearsed => {
  const run = openRehearsal(scenario, settings, workload)
  const into = recorder(scenario.seconds, scenario.stepSeconds)
  const deeds: Deed[] = []
  beginMachines(run)
  planHostLosses(run)
  for (let second = 0; second < scenario.seconds; second += scenario.stepSeconds) {
    const load = step(run, second)
    count(run, load, scenario.stepSeconds / 3600)
    record(run, into, { second, load })
    keep(deeds, run, second)
    run.decision = undefined
  }
  return { totals: run.totals, recording: into.end(), deeds }
}
