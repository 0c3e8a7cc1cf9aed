import type { StackResult } from '../engine/stack-result.ts'
import type { WaveSettings } from '../fleet/settings.ts'
import type { StackState } from '../model/desired-state.ts'
import type { ClusterStages } from '../plan/fleet-change.ts'
import { type Wave, wavesOf } from '../plan/waves.ts'
import { dueStacks, type RunAllReport, type RunAllRequest } from './run-all.ts'
import { plural, type Terminal } from './terminal.ts'

export interface RunWavesRequest extends Omit<RunAllRequest, 'operation'> {
  readonly stages: ClusterStages
  readonly settings: WaveSettings
  /** Begins the next wave also where a stack of the one before failed. */
  readonly keepGoing: boolean
}

/** How one wave ended. */
export interface WaveOutcome {
  readonly name: string
  readonly stacks: readonly string[]
  /** `not begun`: a wave before it failed, or the run was interrupted. */
  readonly outcome: 'succeeded' | 'failed' | 'not begun'
  /** Stacks of it that failed or were cancelled. */
  readonly failed: readonly string[]
}

/** What a run in waves came to: as a run of all stacks, and wave by wave. */
export interface RunWavesReport extends RunAllReport {
  readonly waves: readonly WaveOutcome[]
}

/** Runs the stacks of one wave; `runAll` but in tests. */
export type WaveRunner = (request: RunAllRequest) => Promise<RunAllReport>

const failedOf = (results: readonly StackResult[]): readonly string[] =>
  results.filter(({ outcome }) => outcome !== 'succeeded').map(({ stack }) => stack)

const namesOf = ({ stacks }: Wave<StackState>): readonly string[] => stacks.map(({ stack }) => stack)

const outcomeOf = (wave: Wave<StackState>, results: readonly StackResult[]): WaveOutcome => {
  const failed = failedOf(results)
  return {
    name: wave.name,
    stacks: namesOf(wave),
    outcome: failed.length === 0 ? 'succeeded' : 'failed',
    failed,
  }
}

const notBegun = (wave: Wave<StackState>): WaveOutcome => ({
  name: wave.name,
  stacks: namesOf(wave),
  outcome: 'not begun',
  failed: [],
})

const merged = (reports: readonly RunAllReport[]): Omit<RunAllReport, 'seconds' | 'skipped'> => ({
  results: reports.flatMap(({ results }) => results),
  access: Object.assign({}, ...reports.map(({ access }) => access)),
})

interface RunOfWaves {
  readonly reports: readonly RunAllReport[]
  readonly outcomes: readonly WaveOutcome[]
}

/** One after the other, until one failed or the run was interrupted. */
const inOrder = async (
  waves: readonly Wave<StackState>[],
  { keepGoing, signal }: Pick<RunWavesRequest, 'keepGoing' | 'signal'>,
  runOne: (wave: Wave<StackState>) => Promise<RunAllReport>,
): Promise<RunOfWaves> => {
  const reports: RunAllReport[] = []
  const outcomes: WaveOutcome[] = []
  for (const wave of waves) {
    const isStopped = !keepGoing && outcomes.some(({ outcome }) => outcome !== 'succeeded')
    if (isStopped || signal?.aborted === true) {
      outcomes.push(notBegun(wave))
      continue
    }
    const report = await runOne(wave)
    reports.push(report)
    outcomes.push(outcomeOf(wave, report.results))
  }
  return { reports, outcomes }
}

const announce = ({ note, color }: Terminal, { name, stacks }: Wave<StackState>): void =>
  note(color.bold(`${name}: ${plural(stacks.length, 'stack')}`))

/**
 * Applies stacks wave by wave: platforms before tenants, nonprod before prod, a change of many tenants to ever more of them.
 *
 * Within a wave a stack that fails stops no other; a wave with one that failed ends the run, unless it is to keep going. What is
 * as applied before is left alone and in no wave, so that a run after one that stopped goes on with what is left.
 */
export const runWaves = async (
  { stages, settings, keepGoing, ...request }: RunWavesRequest,
  run: WaveRunner,
): Promise<RunWavesReport> => {
  const started = performance.now()
  const { due, skipped } = dueStacks(request)
  const waves = wavesOf(due, stages, settings)
  const { reports, outcomes } = await inOrder(waves, { ...request, keepGoing }, (wave) => {
    if (waves.length > 1) announce(request.terminal, wave)
    return run({ ...request, operation: 'up', stacks: wave.stacks, full: true })
  })
  const seconds = (performance.now() - started) / 1000
  return { ...merged(reports), skipped, seconds, waves: outcomes }
}

/** What a person must know of waves that were stopped; nothing where none was. Pure. */
export const stoppedLines = (waves: readonly WaveOutcome[]): readonly string[] => {
  const waiting = waves.filter(({ outcome }) => outcome === 'not begun')
  const first = waves.find(({ outcome }) => outcome === 'failed')
  const count = waiting.reduce((sum, { stacks }) => sum + stacks.length, 0)
  if (count === 0) return []
  const why =
    first === undefined
      ? 'the run was interrupted'
      : `the wave ${first.name} failed (${first.failed.join(', ')})`
  return [
    `Not begun, since ${why}: ${plural(count, 'stack')} of ${waiting.map(({ name }) => name).join(', ')}.`,
    'Run this again once that is put right: it goes on with what is left.',
  ]
}
