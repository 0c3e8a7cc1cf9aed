import { Fault } from '../core/fault.ts'
import type { Environment } from './cache.ts'
import { checkoutRoot } from './checkout.ts'
import { type EngineEvent, parseEvent } from './engine-event.ts'
import { clearDeadLocks } from './engine-lock.ts'
import { type EngineExit, runEngine } from './engine-process.ts'
import { mendState } from './mend-state.ts'
import { projectName } from './project-name.ts'
import { bringUp, tearDown } from './recovery.ts'
import type { StackEngine } from './stack-engine.ts'
import { takeLease } from './stack-lease.ts'
import { nameOfUrn, type StackOperation, type StackResult, stackResult } from './stack-result.ts'
import { forgetSalt, nameSecretsProvider } from './stack-settings.ts'
import { stateFolder } from './state-folder.ts'
import { exportState, importState } from './state-transfer.ts'

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

/** What encrypts the state's secrets, where it is another than the passphrase. */
const providerOf = (run: StackRun): string | undefined => {
  const named = run.secretsProvider ?? run.environment.TENANTRY_SECRETS_PROVIDER
  return named === undefined || named === '' || named === 'passphrase' ? undefined : named
}

const attempt = async (
  run: StackRun,
  operation: StackOperation,
  options: readonly string[] = [],
): Promise<StackResult & { isNew: boolean }> => {
  const provider = providerOf(run)
  if (provider !== undefined) await nameSecretsProvider(callOf(run).project, run.stack, provider)
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
    arguments: [...argumentsOf[operation], ...options, '--json', '--stack', run.stack],
    onLine,
  })
  return { ...stackResult({ ...exit, stack: run.stack, operation, events }), isNew: isMissing(exit) }
}

const isMissing = ({ exitCode, errors }: EngineExit): boolean =>
  exitCode !== 0 && errors.some((line) => line.includes('no stack named'))

const makeStack = async (run: StackRun, operation: StackOperation): Promise<StackResult> => {
  const provider = providerOf(run)
  const exit = await runEngine({
    ...callOf(run),
    arguments: [
      ...['stack', 'init', run.stack, '--no-select'],
      ...(provider ? ['--secrets-provider', provider] : []),
    ],
  })
  return stackResult({ ...exit, stack: run.stack, operation, events: [] })
}

/**
 * Makes a stack's empty state, so that the plain CLI finds it; one that is there is left as it is.
 *
 * @throws {Fault} `unavailable` when the state back end refuses it.
 */
export const initStack = async (run: StackRun): Promise<void> => {
  const { outcome, diagnostics } = await makeStack(run, 'up')
  const reason = diagnostics.map(({ message }) => message).join(' ')
  if (outcome === 'succeeded' || /already exists/.test(reason)) return
  throw new Fault('unavailable', `The stack ${run.stack} cannot be made: ${reason}`, {
    details: { resource: run.stack, hint: 'Check PULUMI_BACKEND_URL and who may write there.' },
  })
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

/** What makes a stack that is new; the others fail. */
const makes: ReadonlySet<StackOperation> = new Set<StackOperation>(['preview', 'up'])

/** A new stack is noticed by the engine's refusal: asking first would cost half a second at every run. */
const runOrMake = async (
  run: StackRun,
  operation: StackOperation,
  options: readonly string[],
): Promise<StackResult> => {
  const { isNew, ...first } = await withFreshSalt(run, () => attempt(run, operation, options))
  if (!isNew) return first
  const made = await withFreshSalt(run, () => makeStack(run, operation))
  if (made.outcome !== 'succeeded') return made
  const { isNew: _, ...second } = await attempt(run, operation, options)
  return second
}

const unprotect = async (run: StackRun): Promise<StackResult | undefined> => {
  const exit = await runEngine({
    ...callOf(run),
    arguments: ['state', 'unprotect', '--all', '--yes', '--stack', run.stack],
  })
  if (exit.exitCode === 0) return undefined
  return stackResult({ ...exit, stack: run.stack, operation: 'destroy', events: [] })
}

/** One run at a time on a stack of a file back end; what a dead one left locked is freed. */
const alone = async (
  run: StackRun,
  operation: StackOperation,
  act: () => Promise<StackResult>,
): Promise<StackResult> => {
  const folder = stateFolder(run.environment)
  if (folder === undefined) return act()
  const { stack } = run
  const lease = await takeLease({ folder, stack, operation })
  try {
    const locked = { folder, project: await projectName(callOf(run).project), stack }
    await clearDeadLocks(locked, lease.takenOver)
    await mendState(locked)
    return await act()
  } finally {
    await lease.release()
  }
}

/** The CLI as the engine of one stack. */
const commandLine = (run: StackRun): StackEngine => {
  const state = { ...callOf(run), stack: run.stack }
  return {
    stack: run.stack,
    run: (operation, { refresh = false } = {}) => {
      const options = refresh ? ['--refresh'] : []
      return makes.has(operation) ? runOrMake(run, operation, options) : attempt(run, operation, options)
    },
    exportState: () => exportState(state),
    importState: (text) => importState(state, text),
    unprotect: () => unprotect(run),
  }
}

/** What `up` would change. Makes the stack's empty state where it is new; changes nothing else. */
export const previewStack = (run: StackRun): Promise<StackResult> => commandLine(run).run('preview')

/**
 * Makes the world like the desired state. Safe to run again after any interruption: on a file back end the lock of a dead
 * run is taken over, and what was under way is settled.
 *
 * @throws {Fault} `conflict` where somebody else is changing the stack, with who and since when.
 */
export const upStack = (run: StackRun): Promise<StackResult> =>
  alone(run, 'up', () => bringUp(commandLine(run)))

/**
 * Reads what is there into the state; fails where the stack does not exist.
 *
 * @throws {Fault} `conflict` as `upStack`.
 */
export const refreshStack = (run: StackRun): Promise<StackResult> =>
  alone(run, 'refresh', () => commandLine(run).run('refresh'))

/**
 * Removes what the stack holds, but for what is retained: that stays in the world and leaves the state.
 *
 * The caller has asked the person; protection is taken off first.
 * @throws {Fault} `conflict` as `upStack`.
 */
export const destroyStack = (run: StackRun): Promise<StackResult> =>
  alone(run, 'destroy', () => tearDown(commandLine(run)))
