import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StackRun } from '../engine/engine-attempt.ts'
import { runStacks } from '../engine/run-stacks.ts'
import type { StackResult } from '../engine/stack-result.ts'
import { fileFault } from '../engine/state-fault.ts'
import type { StackState } from '../model/desired-state.ts'
import type { AccessSentence } from '../plan/access-summary.ts'
import { appliedAsIs, appliedFolder, readApplied, recordApplied, unsettleApplied } from './applied.ts'
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
}

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
  folder: string | undefined,
  state: StackState,
  result: StackResult,
): Promise<void> => {
  if (folder === undefined || result.operation !== 'up' || result.outcome !== 'succeeded') return
  await recordApplied(folder, state)
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

/**
 * Previews or applies stacks, several at once; leaves alone those whose desired state is as applied before.
 *
 * A stack that fails stops no other. Results in the order of the stacks. Rejects only for faults of this machine.
 */
export const runAll = async (request: RunAllRequest): Promise<RunAllReport> => {
  const started = performance.now()
  const folder = appliedFolder(request.environment)
  const skipped: SkippedStack[] = []
  const due: StackState[] = []
  for (const state of request.stacks) {
    const record = request.full || folder === undefined ? undefined : appliedAsIs(folder, state)
    if (record === undefined) due.push(state)
    else skipped.push({ stack: state.stack, appliedAt: record.appliedAt })
  }
  const states = new Map(due.map((state) => [state.stack, state]))
  const before = recordedStates(folder, due)
  const observer = watch(request, due.length)
  const runs: StackRun[] = []
  for (const state of due) {
    if (folder !== undefined && request.operation === 'up') await unsettleApplied(folder, state.stack)
    runs.push({
      stack: state.stack,
      engine: request.engine,
      environment: request.environment,
      project: request.project,
      desired: await writeDesired(request.project, state),
      onProgress: ({ stack, step, name }) => observer.progressed(stack, `${step} ${name}`),
    })
  }
  const results = await runStacks(runs, {
    operation: request.operation,
    parallel: request.parallel,
    onStart: observer.started,
    onDone: observer.ended,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  })
  for (const result of results) {
    const state = states.get(result.stack)
    if (state !== undefined) await remember(folder, state, result)
  }
  request.terminal.status('')
  const access = accessOfRun(before, states, results)
  return { results, skipped, access, seconds: (performance.now() - started) / 1000 }
}
