import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StackRun } from '../engine/engine-attempt.ts'
import { runStacks } from '../engine/run-stacks.ts'
import type { StackResult } from '../engine/stack-result.ts'
import { fileFault } from '../engine/state-fault.ts'
import { stateFolder } from '../engine/state-folder.ts'
import type { StackState } from '../model/desired-state.ts'
import type { AccessSentence } from '../plan/access-summary.ts'
import { appliedAsIs, appliedFolder, readApplied, recordApplied, unsettleApplied } from './applied.ts'
import { forgetBegun } from './begun-plans.ts'
import { keepDeparted } from './departed.ts'
import { inlineProgram } from './inline-program.ts'
import { forgetDrift } from './known-drift.ts'
import { withLivePools } from './live-machines.ts'
import { accessOfRun } from './run-access.ts'
import { type SkippedStack, stackLine } from './run-report.ts'
import type { Terminal } from './terminal.ts'

export interface RunAllRequest {
  /** The checkout with the Pulumi project. */
  readonly project: string
  readonly terminal: Terminal
  readonly operation: 'preview' | 'up'
  readonly stacks: readonly StackState[]
  /** Folder of the engine. */
  readonly engine: string
  readonly environment: NodeJS.ProcessEnv
  readonly parallel: number
  /** Runs also what is as applied before. */
  readonly full: boolean
  readonly signal?: AbortSignal
  /** What is particular to the run of one stack. */
  readonly particular?: (state: StackState) => ParticularRun
}

/** What a plan or a person asks of the run of one stack. */
export type ParticularRun = Pick<StackRun, 'approve' | 'begun' | 'patience' | 'refresh'>

export interface RunAllReport {
  readonly results: readonly StackResult[]
  /** Who gains and who loses what, by stack; compared with what was applied last. */
  readonly access: Readonly<Record<string, readonly AccessSentence[]>>
  readonly skipped: readonly SkippedStack[]
  readonly seconds: number
}

const writeDesired = async (project: string, state: StackState): Promise<string> => {
  const folder = join(project, '.tenantry', 'desired')
  const file = join(folder, `${state.stack}.json`)
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(file, JSON.stringify(state))
  } catch (error) {
    throw fileFault(error, `The working folder for ${state.stack}`, folder)
  }
  return file
}

const watch = ({ terminal, operation }: RunAllRequest, total: number) => {
  const running = new Map<string, string>()
  let done = 0
  const draw = () => {
    const now = [...running].map(([stack, at]) => (at === '' ? stack : `${stack}: ${at}`)).join(' · ')
    terminal.status(`${done}/${total} stacks · ${operation} · ${now}`)
  }
  return {
    started: (stack: string) => {
      running.set(stack, '')
      if (!terminal.live) terminal.note(`${operation} ${stack} …`)
      draw()
    },
    progressed: (stack: string, step: string) => {
      running.set(stack, step)
      draw()
    },
    ended: (result: StackResult) => {
      running.delete(result.stack)
      done += 1
      terminal.note(stackLine(terminal, result))
      draw()
    },
  }
}

const remember = async (
  { environment }: RunAllRequest,
  state: StackState,
  result: StackResult,
): Promise<void> => {
  const folder = appliedFolder(environment)
  await keepDeparted(environment, state, result)
  if (folder === undefined || result.operation !== 'up' || result.outcome !== 'succeeded') return
  await recordApplied(folder, state)
  await forgetBegun(stateFolder(environment) ?? '', state.stack)
  await forgetDrift(environment, state.stack)
}

/** What was applied to a stack before, and a plan that was begun on it, count no longer once another run begins. */
const unsettle = async ({ environment, operation }: RunAllRequest, { stack, approve }: StackRun) => {
  const folder = appliedFolder(environment)
  if (folder === undefined || operation !== 'up') return
  await unsettleApplied(folder, stack)
  if (approve === undefined) await forgetBegun(stateFolder(environment) ?? '', stack)
}

/** Stacks by whether the engine has to run for them. */
export interface DueStacks {
  readonly due: readonly StackState[]
  /** As applied before. */
  readonly skipped: readonly SkippedStack[]
}

/** Tells the stacks apart whose desired state is the one applied last; with `full` all are due. In their order. */
export const dueStacks = ({
  environment,
  full,
  stacks,
}: Pick<RunAllRequest, 'environment' | 'full' | 'stacks'>): DueStacks => {
  const folder = appliedFolder(environment)
  if (full || folder === undefined) return { due: stacks, skipped: [] }
  const due: StackState[] = []
  const skipped: SkippedStack[] = []
  for (const state of stacks) {
    const record = appliedAsIs(folder, state)
    if (record === undefined) due.push(state)
    else skipped.push({ stack: state.stack, appliedAt: record.appliedAt })
  }
  return { due, skipped }
}

/** The states that are recorded as applied; read before a run forgets them. */
const recordedStates = (
  folder: string | undefined,
  states: readonly StackState[],
): ReadonlyMap<string, StackState> =>
  new Map(
    states.flatMap(({ stack }) => {
      const record = folder === undefined ? undefined : readApplied(folder, stack)
      return record === undefined ? [] : [[stack, record.state] as const]
    }),
  )

type Observer = ReturnType<typeof watch>

const makeRun = async (request: RunAllRequest, state: StackState, observer: Observer): Promise<StackRun> => {
  const particular = request.particular?.(state)
  const run: StackRun = {
    ...particular,
    stack: state.stack,
    engine: request.engine,
    environment: request.environment,
    project: request.project,
    desired: await writeDesired(request.project, state),
    program: inlineProgram,
    onProgress: ({ stack, step, name }) => observer.progressed(stack, `${step} ${name}`),
  }
  await unsettle(request, run)
  return { ...run, approve: withLivePools(request.environment, state, run.approve) }
}

/** Runs them, and keeps of each what was applied as soon as it has ended: a run that dies later has not to do it again. */
const runEach = async (
  request: RunAllRequest,
  states: ReadonlyMap<string, StackState>,
): Promise<readonly StackResult[]> => {
  const observer = watch(request, states.size)
  const runs: StackRun[] = []
  for (const state of states.values()) runs.push(await makeRun(request, state, observer))
  const kept: Promise<void>[] = []
  const ended = (result: StackResult): void => {
    observer.ended(result)
    const state = states.get(result.stack)
    const keeping = state === undefined ? Promise.resolve() : remember(request, state, result)
    keeping.catch(() => undefined) // It rejects below, once nothing runs any more.
    kept.push(keeping)
  }
  const { operation, parallel, signal } = request
  const results = await runStacks(runs, {
    operation,
    parallel,
    onStart: observer.started,
    onDone: ended,
    ...(signal === undefined ? {} : { signal }),
  })
  await Promise.all(kept)
  return results
}

/**
 * Previews or applies stacks, several at once; leaves alone those whose desired state is as applied before.
 *
 * A stack that fails stops no other. Results in the order of the stacks. Rejects only for faults of this machine.
 */
export const runAll = async (request: RunAllRequest): Promise<RunAllReport> => {
  const started = performance.now()
  const { due, skipped } = dueStacks(request)
  const states = new Map(due.map((state) => [state.stack, state]))
  const before = recordedStates(appliedFolder(request.environment), due)
  const results = await runEach(request, states)
  request.terminal.status('')
  const access = accessOfRun(before, states, results)
  return { results, skipped, access, seconds: (performance.now() - started) / 1000 }
}
