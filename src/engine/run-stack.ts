import type { Environment } from './cache.ts'
import { checkoutRoot } from './checkout.ts'
import { type EngineEvent, parseEvent } from './engine-event.ts'
import { type EngineExit, runEngine } from './engine-process.ts'
import { nameOfUrn, type StackOperation, type StackResult, stackResult } from './stack-result.ts'
import { forgetSalt } from './stack-settings.ts'

/** A resource that the engine has just finished with. */
export interface StackProgress {
  readonly stack: string
  readonly operation: StackOperation
  readonly type: string
  readonly name: string
  /** The engine's word, e.g. `create`. */
  readonly step: string
  readonly failed: boolean
}

/** One run on one stack. */
export interface StackRun {
  readonly stack: string
  /** Folder of the engine, of `ensureEngine`. */
  readonly engine: string
  /** State back end, passphrase, TENANTRY_CONNECTIONS and all else that the engine and the program read. */
  readonly environment: Environment
  /** File with the compiled state of this stack, so that the program need not compile again. */
  readonly desired?: string
  /** For a stack that is new: `passphrase` or e.g. `hashivault://key`; TENANTRY_SECRETS_PROVIDER of the environment otherwise. */
  readonly secretsProvider?: string
  /** Folder of the Pulumi project; the checkout otherwise. */
  readonly project?: string
  readonly onProgress?: (progress: StackProgress) => void
  /** Lets the engine finish what is under way, then end. */
  readonly signal?: AbortSignal
}

const callOf = (run: StackRun) => ({
  engine: run.engine,
  project: run.project ?? checkoutRoot(),
  environment: {
    ...run.environment,
    ...(run.desired === undefined ? {} : { TENANTRY_DESIRED: run.desired }),
  },
  ...(run.signal === undefined ? {} : { signal: run.signal }),
})

const progressOf = (
  run: StackRun,
  operation: StackOperation,
  event: EngineEvent,
): StackProgress | undefined => {
  const step = (event.resOpFailedEvent ?? event.resOutputsEvent)?.metadata
  if (step === undefined || step.op === 'same') return undefined
  return {
    stack: run.stack,
    operation,
    type: step.type,
    name: nameOfUrn(step.urn),
    step: step.op,
    failed: event.resOpFailedEvent !== undefined,
  }
}

/** A resource that fails stops those that stand on it, and no others. */
const argumentsOf: Readonly<Record<StackOperation, readonly string[]>> = {
  preview: ['preview'],
  up: ['up', '--yes', '--skip-preview', '--continue-on-error'],
  destroy: ['destroy', '--yes', '--skip-preview', '--continue-on-error'],
  refresh: ['refresh', '--yes', '--skip-preview'],
}

const attempt = async (
  run: StackRun,
  operation: StackOperation,
): Promise<StackResult & { isNew: boolean }> => {
  const events: EngineEvent[] = []
  const onLine = (line: string): void => {
    const event = parseEvent(line)
    if (event === undefined) return
    events.push(event)
    const progress = progressOf(run, operation, event)
    if (progress !== undefined) run.onProgress?.(progress)
  }
  const exit = await runEngine({
    ...callOf(run),
    arguments: [...argumentsOf[operation], '--json', '--stack', run.stack],
    onLine,
  })
  return { ...stackResult({ ...exit, stack: run.stack, operation, events }), isNew: isMissing(exit) }
}

const isMissing = ({ exitCode, errors }: EngineExit): boolean =>
  exitCode !== 0 && errors.some((line) => line.includes('no stack named'))

const makeStack = async (run: StackRun, operation: StackOperation): Promise<StackResult> => {
  const provider = run.secretsProvider ?? run.environment.TENANTRY_SECRETS_PROVIDER
  const exit = await runEngine({
    ...callOf(run),
    arguments: [
      ...['stack', 'init', run.stack, '--no-select'],
      ...(provider ? ['--secrets-provider', provider] : []),
    ],
  })
  return stackResult({ ...exit, stack: run.stack, operation, events: [] })
}

const hasWrongSalt = ({ outcome, diagnostics }: StackResult): boolean =>
  outcome === 'failed' && diagnostics.some(({ message }) => message.includes('incorrect passphrase'))

/** A stale salt looks like a wrong passphrase; without the file a wrong passphrase still is one. */
const withFreshSalt = async <Result extends StackResult>(
  run: StackRun,
  act: () => Promise<Result>,
): Promise<Result> => {
  const result = await act()
  const stale = hasWrongSalt(result) && (await forgetSalt(callOf(run).project, run.stack))
  return stale ? act() : result
}

/** A new stack is noticed by the engine's refusal: asking first would cost half a second at every run. */
const runOrMake = async (run: StackRun, operation: StackOperation): Promise<StackResult> => {
  const { isNew, ...first } = await withFreshSalt(run, () => attempt(run, operation))
  if (!isNew) return first
  const made = await withFreshSalt(run, () => makeStack(run, operation))
  if (made.outcome !== 'succeeded') return made
  const { isNew: _, ...second } = await attempt(run, operation)
  return second
}

/** What `up` would change. Makes the stack's empty state where it is new; changes nothing else. */
export const previewStack = (run: StackRun): Promise<StackResult> => runOrMake(run, 'preview')

/** Makes the world like the desired state. Safe to run again after any interruption. */
export const upStack = (run: StackRun): Promise<StackResult> => runOrMake(run, 'up')

/** Reads what is there into the state; fails where the stack does not exist. */
export const refreshStack = (run: StackRun): Promise<StackResult> => attempt(run, 'refresh')

/**
 * Removes what the stack holds, but for what is retained: that stays in the world and leaves the state.
 *
 * The caller has asked the person; protection is taken off first.
 */
export const destroyStack = async (run: StackRun): Promise<StackResult> => {
  const call = { ...callOf(run), arguments: ['state', 'unprotect', '--all', '--yes', '--stack', run.stack] }
  const exit = await runEngine(call)
  if (exit.exitCode !== 0) return stackResult({ ...exit, stack: run.stack, operation: 'destroy', events: [] })
  return attempt(run, 'destroy')
}
