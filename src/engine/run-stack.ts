import { resolve } from 'node:path'
import { Fault } from '../core/fault.ts'
import {
  type AttemptsPlace,
  doubtfulOf,
  forgetAttempts,
  hasAttempts,
  missingIn,
  recordAttempt,
  recordDoubtful,
  withAttempts,
} from './attempts.ts'
import type { Environment } from './cache.ts'
import { checkoutRoot } from './checkout.ts'
import { type EngineEvent, parseEvent } from './engine-event.ts'
import { type EngineExit, runEngine } from './engine-process.ts'
import { type HeldStack, holdStack } from './hold-stack.ts'
import { projectName } from './project-name.ts'
import { inspectState } from './recover-state.ts'
import { bringUp, tearDown } from './recovery.ts'
import type { StackEngine } from './stack-engine.ts'
import type { StackPlace } from './stack-place.ts'
import {
  changedProviders,
  type Diagnostic,
  nameOfUrn,
  type StackOperation,
  type StackResult,
  stackResult,
} from './stack-result.ts'
import { forgetSalt, nameSecretsProvider } from './stack-settings.ts'
import { stateFolder } from './state-folder.ts'
import { exportState, importState, providersIn } from './state-transfer.ts'
import { watchForStuck } from './stuck-engine.ts'

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

interface Attempt extends StackResult {
  /** There is no such stack yet. */
  readonly isNew: boolean
  /** URNs of providers whose configuration is another since. */
  readonly changedProviders: readonly string[]
}

const attempt = async (
  run: StackRun,
  operation: StackOperation,
  options: readonly string[] = [],
): Promise<Attempt> => {
  const provider = providerOf(run)
  if (provider !== undefined) await nameSecretsProvider(callOf(run).project, run.stack, provider)
  const events: EngineEvent[] = []
  const stuck = watchForStuck()
  const onLine = (line: string): void => {
    const event = parseEvent(line)
    if (event === undefined) return
    events.push(event)
    stuck.saw(event)
    const progress = progressOf(run, operation, event)
    if (progress !== undefined) run.onProgress?.(progress)
  }
  const exit = await runEngine({
    ...callOf(run),
    signal: run.signal === undefined ? stuck.signal : AbortSignal.any([run.signal, stuck.signal]),
    arguments: [...argumentsOf[operation], ...options, '--json', '--stack', run.stack],
    onLine,
  }).finally(stuck.end)
  const cancelled = run.signal?.aborted === true
  return {
    ...stackResult({ ...exit, cancelled, stack: run.stack, operation, events }),
    isNew: isMissing(exit),
    changedProviders: changedProviders(events),
  }
}

const resultOf = ({ isNew: _, changedProviders: __, ...result }: Attempt): StackResult => result

const targeting = (urns: readonly string[]): readonly string[] => urns.flatMap((urn) => ['--target', urn])

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
const runOrMake = async (
  run: StackRun,
  operation: StackOperation,
  options: readonly string[],
  make: () => Promise<StackResult>,
): Promise<StackResult> => {
  const {
    isNew,
    changedProviders: _,
    ...first
  } = await withFreshSalt(run, () => attempt(run, operation, options))
  if (!isNew) return first
  const made = await make()
  if (made.outcome !== 'succeeded') return made
  return resultOf(await attempt(run, operation, options))
}

const unprotect = async (run: StackRun): Promise<StackResult | undefined> => {
  const exit = await runEngine({
    ...callOf(run),
    arguments: ['state', 'unprotect', '--all', '--yes', '--stack', run.stack],
  })
  if (exit.exitCode === 0) return undefined
  return stackResult({ ...exit, stack: run.stack, operation: 'destroy', events: [] })
}

/** Undefined for back ends other than files, which guard their stacks themselves. */
const placeOf = async (run: StackRun): Promise<StackPlace | undefined> => {
  const folder = stateFolder(run.environment)
  if (folder === undefined) return undefined
  const { project } = callOf(run)
  // A relative one counts from where the engine runs.
  return { folder: resolve(project, folder), project: await projectName(project), stack: run.stack }
}

/** A run under a lease: in a back end of its own, cancelled where the lease is lost. */
const heldRun = (run: StackRun, { environment, signal }: HeldStack): StackRun => ({
  ...run,
  environment: { ...run.environment, ...environment },
  signal: run.signal === undefined ? signal : AbortSignal.any([run.signal, signal]),
})

const withError = (result: StackResult, error: unknown): StackResult => {
  if (!(error instanceof Fault) || error.code === 'lease-lost') throw error
  const { hint, resource } = error.details
  const said: Diagnostic = {
    severity: 'error',
    message: error.message,
    ...(hint === undefined ? {} : { hint }),
    ...(resource === undefined ? {} : { resource }),
  }
  return { ...result, outcome: 'failed', diagnostics: [...result.diagnostics, said] }
}

/** One run at a time on a stack of a file back end, which is taken over from a dead one and put in order. */
const alone = async (
  run: StackRun,
  operation: StackOperation,
  act: (run: StackRun, known: Recollection) => Promise<StackResult>,
): Promise<StackResult> => {
  const place = await placeOf(run)
  if (place === undefined) return act(run, { attempts: undefined, isOlder: false })
  const held = await holdStack({ place, operation })
  let result: StackResult
  try {
    result = await act(heldRun(run, held), { attempts: place, isOlder: held.isOlder })
  } catch (error) {
    await held.release()
    throw error
  }
  const said = { ...result, diagnostics: [...held.warnings, ...result.diagnostics] }
  return held.release().then(
    () => said,
    (error: unknown) => withError(said, error),
  )
}

/** What the recovery of a stack may have to know of the runs before. */
interface Recollection {
  /** Where it is kept; none for back ends other than files. */
  readonly attempts: AttemptsPlace | undefined
  /** Whether the state was put back from an older copy, so that the world has to be read first. */
  readonly isOlder: boolean
}

const failedCreates = ({ resources }: StackResult): readonly string[] =>
  resources.filter(({ change, failed }) => failed && change === 'create').map(({ urn }) => urn)

const up = async (
  run: StackRun,
  { attempts }: Recollection,
  options: readonly string[],
): Promise<StackResult> => {
  if (attempts !== undefined && run.desired !== undefined) await recordAttempt(attempts, run.desired)
  const result = await runOrMake(run, 'up', options, () => withFreshSalt(run, () => makeStack(run, 'up')))
  if (attempts !== undefined) await recordDoubtful(attempts, failedCreates(result))
  return result
}

const stateOf = (run: StackRun) => ({ ...callOf(run), stack: run.stack })

/** With their providers, so that these log in as of today. */
const adopt = async (run: StackRun, { attempts }: Recollection, urns: readonly string[]) => {
  if (attempts === undefined) return []
  const providers = providersIn(await exportState(stateOf(run)))
  return withAttempts(attempts, urns, async ({ desired, urns: targets }) =>
    resultOf(await attempt({ ...run, desired }, 'up', targeting([...providers, ...targets]))),
  )
}

/** Whether the program knows other credentials than the state, which has the new ones afterwards. */
const renewProviders = async (run: StackRun): Promise<boolean> => {
  const targets = providersIn(await exportState(stateOf(run)).catch(() => '{}'))
  if (targets.length === 0) return false
  const { outcome, changedProviders: renewed } = await attempt(run, 'up', targeting(targets))
  return outcome === 'succeeded' && renewed.length > 0
}

/** What reads or deletes before the program speaks logs in with the state's credentials, which may have expired since. */
const withFreshLogin = async (run: StackRun, act: () => Promise<StackResult>): Promise<StackResult> => {
  const result = await act()
  return result.outcome === 'failed' && (await renewProviders(run)) ? act() : result
}

/** The CLI as the engine of one stack. */
const commandLine = (run: StackRun, known: Recollection): StackEngine => {
  const state = stateOf(run)
  const { attempts, isOlder } = known
  return {
    stack: run.stack,
    run: (operation, { refresh = isOlder } = {}) => {
      const options = refresh && operation !== 'refresh' ? ['--refresh'] : []
      const once = (): Promise<StackResult> =>
        operation === 'up'
          ? up(run, known, options)
          : withFreshSalt(run, async () => resultOf(await attempt(run, operation, options)))
      return operation === 'up' && !refresh ? once() : withFreshLogin(run, once)
    },
    exportState: () => exportState(state),
    importState: (text) => importState(state, text),
    doubtful: async () => (attempts === undefined ? [] : doubtfulOf(attempts)),
    isUnsettled: async () => attempts !== undefined && hasAttempts(attempts),
    unwanted: async (urns) => (run.desired === undefined ? [] : missingIn(run.desired, urns)),
    adopt: (urns) => adopt(run, known, urns),
    settled: async () => (attempts === undefined ? undefined : forgetAttempts(attempts)),
    unprotect: () => unprotect(run),
  }
}

/** Under the lease, so that it comes in nobody's way, and never where a stack has lost its state. */
const makeAlone = async (run: StackRun, operation: StackOperation): Promise<StackResult> => {
  const made = await alone(run, operation, (held) => withFreshSalt(held, () => makeStack(held, operation)))
  const isThere = made.diagnostics.some(({ message }) => /already exists/.test(message))
  return isThere ? { ...made, outcome: 'succeeded', diagnostics: [] } : made
}

/**
 * Makes a stack's empty state, so that the plain CLI finds it; one that is there is left as it is.
 *
 * @throws {Fault} `unavailable` when the state back end refuses it; as `upStack` else.
 */
export const initStack = async (run: StackRun): Promise<void> => {
  const { outcome, diagnostics } = await makeAlone(run, 'up')
  if (outcome === 'succeeded') return
  const reason = diagnostics.map(({ message }) => message).join(' ')
  throw new Fault('unavailable', `The stack ${run.stack} cannot be made: ${reason}`, {
    details: { resource: run.stack, hint: 'Check PULUMI_BACKEND_URL and who may write there.' },
  })
}

/**
 * What `up` would change. Makes the stack's empty state where it is new; changes nothing else.
 *
 * @throws {Fault} `conflict` where the state is damaged or gone, which `up` mends; where the stack is new, as `upStack`.
 */
export const previewStack = async (run: StackRun): Promise<StackResult> => {
  const place = await placeOf(run)
  if (place !== undefined) await inspectState(place)
  return runOrMake(run, 'preview', [], () => makeAlone(run, 'preview'))
}

/**
 * Makes the world like the desired state. Safe to run again after any interruption: on a file back end the stack is taken over
 * from a dead run, a damaged state is recovered, and what was under way is settled.
 *
 * @throws {Fault} `conflict` where somebody else is changing the stack, with who and since when, or its state is beyond
 * recovery; `lease-lost` where another run took the stack over; `unavailable` where the state's folder cannot be used.
 */
export const upStack = (run: StackRun): Promise<StackResult> =>
  alone(run, 'up', (held, known) => bringUp(commandLine(held, known)))

/**
 * Reads what is there into the state; fails where the stack does not exist.
 *
 * @throws {Fault} `conflict` as `upStack`.
 */
export const refreshStack = (run: StackRun): Promise<StackResult> =>
  alone(run, 'refresh', (held, known) => commandLine(held, known).run('refresh'))

/**
 * Removes what the stack holds, but for what is retained: that stays in the world and leaves the state.
 *
 * The caller has asked the person; protection is taken off first.
 * @throws {Fault} `conflict` as `upStack`.
 */
export const destroyStack = (run: StackRun): Promise<StackResult> =>
  alone(run, 'destroy', (held, known) => tearDown(commandLine(held, known)))
