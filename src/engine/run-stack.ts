import { Fault } from '../core/fault.ts'
import type { Environment } from './cache.ts'
import { checkoutRoot } from './checkout.ts'
import { type EngineEvent, parseEvent } from './engine-event.ts'
import { clearDeadLocks } from './engine-lock.ts'
import { type EngineExit, runEngine } from './engine-process.ts'
import { dropPendingCreates, type Interruption, interruptionsOf } from './interruptions.ts'
import { mendState } from './mend-state.ts'
import { projectName } from './project-name.ts'
import { takeLease } from './stack-lease.ts'
import { nameOfUrn, type StackOperation, type StackResult, stackResult } from './stack-result.ts'
import { forgetSalt, nameSecretsProvider } from './stack-settings.ts'
import { stateFolder } from './state-folder.ts'

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

/** A new stack is noticed by the engine's refusal: asking first would cost half a second at every run. */
const runOrMake = async (run: StackRun, operation: StackOperation): Promise<StackResult> => {
  const { isNew, ...first } = await withFreshSalt(run, () => attempt(run, operation))
  if (!isNew) return first
  const made = await withFreshSalt(run, () => makeStack(run, operation))
  if (made.outcome !== 'succeeded') return made
  const { isNew: _, ...second } = await attempt(run, operation)
  return second
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

const changed = ({ resources }: StackResult) => resources.filter(({ change }) => change !== 'same')

/** What two runs did together, as the second found it. */
const together = (first: StackResult, second: StackResult): StackResult => {
  const resources = new Map(
    [...second.resources, ...changed(first), ...changed(second)].map((one) => [one.urn, one]),
  )
  const counts = { same: 0, create: 0, update: 0, replace: 0, delete: 0 }
  for (const { change, failed } of resources.values()) if (!failed) counts[change] += 1
  return {
    ...second,
    counts,
    resources: [...resources.values()].sort((a, b) => (a.urn < b.urn ? -1 : 1)),
    seconds: first.seconds + second.seconds,
  }
}

/**
 * Settles what an interrupted run left open, after a run on the same stack that succeeded.
 *
 * Creates were sent again and adopted what was there, so their entries are dropped. Of an update or a delete nobody knows
 * whether it took effect, so the world is read and made right once more.
 */
const settle = async (
  run: StackRun,
  first: StackResult,
  interruptions: readonly Interruption[],
): Promise<StackResult> => {
  const isOpen = interruptions.some(({ operation }) => operation !== 'creating')
  const result = isOpen ? together(first, await attempt(run, 'up', ['--refresh'])) : first
  if (result.outcome !== 'succeeded') return result
  const warnings = interruptions.some(({ operation }) => operation === 'creating')
    ? await dropPendingCreates({ ...callOf(run), stack: run.stack })
    : []
  const said = result.diagnostics.filter((one) => interruptionsOf([one]).length === 0)
  return { ...result, diagnostics: [...said, ...warnings] }
}

/** What `up` would change. Makes the stack's empty state where it is new; changes nothing else. */
export const previewStack = (run: StackRun): Promise<StackResult> => runOrMake(run, 'preview')

/**
 * Makes the world like the desired state. Safe to run again after any interruption: on a file back end the lock of a dead
 * run is taken over, and what was under way is settled.
 *
 * @throws {Fault} `conflict` where somebody else is changing the stack, with who and since when.
 */
export const upStack = (run: StackRun): Promise<StackResult> =>
  alone(run, 'up', async () => {
    const result = await runOrMake(run, 'up')
    const interruptions = interruptionsOf(result.diagnostics)
    if (result.outcome !== 'succeeded' || interruptions.length === 0) return result
    return settle(run, result, interruptions)
  })

/**
 * Reads what is there into the state; fails where the stack does not exist.
 *
 * @throws {Fault} `conflict` as `upStack`.
 */
export const refreshStack = (run: StackRun): Promise<StackResult> =>
  alone(run, 'refresh', () => attempt(run, 'refresh'))

/**
 * Removes what the stack holds, but for what is retained: that stays in the world and leaves the state.
 *
 * The caller has asked the person; protection is taken off first.
 * @throws {Fault} `conflict` as `upStack`.
 */
export const destroyStack = (run: StackRun): Promise<StackResult> =>
  alone(run, 'destroy', async () => {
    const call = {
      ...callOf(run),
      arguments: ['state', 'unprotect', '--all', '--yes', '--stack', run.stack],
    }
    const exit = await runEngine(call)
    if (exit.exitCode !== 0)
      return stackResult({ ...exit, stack: run.stack, operation: 'destroy', events: [] })
    return attempt(run, 'destroy')
  })
