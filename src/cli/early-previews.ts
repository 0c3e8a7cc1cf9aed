import { sameValue } from '../core/same-value.ts'
import { findEngine } from '../engine/engine.ts'
import { previewStack } from '../engine/run-stack.ts'
import type { StackResult } from '../engine/stack-result.ts'
import type { StackState } from '../model/desired-state.ts'
import type { CommandContext } from './command-context.ts'
import { earlyStates } from './early-states.ts'
import { runEnvironment } from './environment.ts'
import type { FoundBase } from './find-since.ts'
import { programOf } from './inline-program.ts'
import type { ParticularRun } from './run-all.ts'
import type { Selection } from './select.ts'

/** Previews that run while the files are still checked. */
export interface EarlyPreviews {
  /** The one of exactly this state, taken over; nothing where none runs. */
  readonly take: (state: StackState) => Pick<ParticularRun, 'begun'>
  /** Ends all that were not taken. Never rejects. */
  readonly end: () => Promise<void>
}

export interface EarlyRequest {
  readonly context: CommandContext
  readonly found: FoundBase
  readonly selection: Selection
  readonly parallel: number
}

/** One that runs. */
export interface EarlyPreview {
  readonly state: StackState
  readonly result: Promise<StackResult>
  readonly cancel: AbortController
}

type Place = Pick<Parameters<typeof previewStack>[0], 'engine' | 'environment' | 'project'>

const begin = (state: StackState, place: Place): EarlyPreview => {
  const cancel = new AbortController()
  const { stack } = state
  const result = previewStack({ ...place, stack, program: programOf(state), signal: cancel.signal })
  // Told to whoever takes it.
  result.catch(() => undefined)
  return { state, result, cancel }
}

const takenOver =
  ({ result, cancel }: EarlyPreview) =>
  (signal: AbortSignal | undefined): Promise<StackResult> => {
    const stop = (): void => cancel.abort()
    if (signal?.aborted === true) stop()
    signal?.addEventListener('abort', stop, { once: true })
    return result
  }

/** Those that were begun, until each is taken or ended. */
export const earlyPreviews = (begun: readonly EarlyPreview[]): EarlyPreviews => {
  const left = new Set(begun)
  return {
    take: (state) => {
      const same = [...left].find((one) => one.state.stack === state.stack && sameValue(one.state, state))
      if (same === undefined) return {}
      left.delete(same)
      return { begun: takenOver(same) }
    },
    end: async () => {
      for (const { cancel } of left) cancel.abort()
      await Promise.allSettled([...left].map(({ result }) => result))
    },
  }
}

/** Where an engine can be had at once; undefined where it cannot, which is told to whoever needs it. */
const placeOf = async ({ project, terminal }: CommandContext): Promise<Place | undefined> => {
  const silent = { ...terminal, note: () => undefined }
  const environment = await runEnvironment(project, silent).catch(() => undefined)
  if (environment === undefined) return undefined
  const engine = await findEngine(environment)
  return engine === undefined ? undefined : { engine: engine.directory, environment, project }
}

const states = ({ context, found, selection }: EarlyRequest): readonly StackState[] => {
  try {
    return found.program === undefined ? earlyStates(context.root, found.changedFiles, selection) : []
  } catch {
    return [] // What is wrong is found again, and told, when all files are read.
  }
}

/**
 * Begins the previews of the stacks that a change of tenants' files will most likely turn out to touch, so that the engines start
 * while every file is still read, compiled and checked. A preview changes nothing; one counts only where the state that the whole
 * fleet comes to is the one that it was begun for, and is ended otherwise.
 *
 * Resolves once they run, to none where the change is not of that kind or no engine is at hand.
 */
export const beginPreviews = async (request: EarlyRequest): Promise<EarlyPreviews> => {
  const likely = states(request)
  if (likely.length === 0 || likely.length > request.parallel) return earlyPreviews([])
  const place = await placeOf(request.context)
  return earlyPreviews(place === undefined ? [] : likely.map((state) => begin(state, place)))
}
