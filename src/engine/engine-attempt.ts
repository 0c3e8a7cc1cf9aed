import { resolve } from 'node:path'
import type { Patience } from './await-lease.ts'
import type { Environment } from './cache.ts'
import { checkoutRoot } from './checkout.ts'
import { type EngineEvent, parseEvent } from './engine-event.ts'
import { type EngineExit, runEngine } from './engine-process.ts'
import { type LanguageServer, serveProgram } from './language/language-server.ts'
import { liveDigests } from './live-digests.ts'
import {
  breaksState,
  changedProviders,
  failedCreate,
  nameOfUrn,
  refusesState,
  type StackOperation,
  type StackResult,
  stackResult,
} from './stack-result.ts'
import { forgetSalt, nameSecretsProvider } from './stack-settings.ts'
import { repairState } from './state-transfer.ts'
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

/** What a program learns of the run that it is for. */
export interface GivenProgram {
  readonly stack: string
  /** The engine's, with TENANTRY_DESIRED. */
  readonly environment: Environment
  /** Where the engine runs, absolute. */
  readonly folder: string
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
  /** Registers the stack's resources, in this process; a language host runs the project's program otherwise. */
  readonly program?: (given: GivenProgram) => Promise<void>
  /** The same preview, which runs already; of `preview`. Ends with the signal. */
  readonly begun?: (signal: AbortSignal | undefined) => Promise<StackResult>
  readonly onProgress?: (progress: StackProgress) => void
  /** Called with the URN of a create as it fails. */
  readonly onFailedCreate?: (urn: string) => void
  /** Lets the engine finish what is under way, then end. */
  readonly signal?: AbortSignal
  /** Reads the world before anything else, so that the run is against what is there. Of `preview` and `up`. */
  readonly refresh?: boolean
  /**
   * Called by `up` when nobody else can change the stack and nothing was changed yet; what it throws ends the run. `look`
   * previews against the world as it is now.
   */
  readonly approve?: (look: () => Promise<StackResult>) => Promise<void>
  /** For somebody who holds the stack; whoever has none stops with that name. */
  readonly patience?: Patience
  /** Limits `up` to resources of these names (`vm/nonprod-std-04`), whatever else differs; all where absent. */
  readonly only?: readonly string[]
}

export const callOf = (run: StackRun) => ({
  engine: run.engine,
  project: run.project ?? checkoutRoot(),
  environment: {
    ...run.environment,
    ...(run.desired === undefined ? {} : { TENANTRY_DESIRED: run.desired }),
  },
  ...(run.signal === undefined ? {} : { signal: run.signal }),
})

export const stateOf = (run: StackRun) => ({ ...callOf(run), stack: run.stack })

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

/** Makes a run compare with the world as it is, not with what the state says of it. */
export const readWorldFirst = '--refresh'

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
  /** Whether the engine wrote one that it refuses, or refused one. */
  readonly state: 'sound' | 'broken' | 'refused'
}

/** Undefined where a language host is to run the project's program. */
const programServer = async (run: StackRun): Promise<LanguageServer | undefined> => {
  const { program, stack } = run
  if (program === undefined) return undefined
  const { environment, project } = callOf(run)
  return serveProgram(stack, () => program({ stack, environment, folder: resolve(project) }))
}

/** One run of the engine, and one more where it refused the state it had written. The state is in order afterwards. */
export const attempt = async (
  run: StackRun,
  operation: StackOperation,
  options: readonly string[] = [],
): Promise<Attempt> => {
  const first = await attemptOnce(run, operation, options)
  const repaired = first.state !== 'sound' && (await repairState(stateOf(run)))
  return repaired && first.state === 'refused' ? attemptOnce(run, operation, options) : first
}

const attemptOnce = async (
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
    const failed = failedCreate(event)
    if (failed !== undefined) run.onFailedCreate?.(failed)
    const progress = progressOf(run, operation, event)
    if (progress !== undefined) run.onProgress?.(progress)
  }
  const server = await programServer(run)
  const exit = await runEngine({
    ...callOf(run),
    signal: run.signal === undefined ? stuck.signal : AbortSignal.any([run.signal, stuck.signal]),
    arguments: [
      ...argumentsOf[operation],
      ...options,
      ...['--json', '--stack', run.stack],
      ...(server === undefined ? [] : ['--client', server.address]),
    ],
    onLine,
  }).finally(() => {
    stuck.end()
    server?.stop()
  })
  const cancelled = run.signal?.aborted === true
  const isLook = operation === 'preview' && options.includes(readWorldFirst)
  return {
    ...stackResult({ ...exit, cancelled, stack: run.stack, operation, events }),
    ...(isLook ? { live: liveDigests(events) } : {}),
    isNew: isMissing(exit),
    changedProviders: changedProviders(events),
    state: stateAfter(events, exit),
  }
}

const stateAfter = (events: readonly EngineEvent[], { errors }: EngineExit): Attempt['state'] => {
  if (refusesState(errors)) return 'refused'
  return breaksState(events, errors) ? 'broken' : 'sound'
}

/** What a caller is told of an attempt. */
export const resultOf = ({ isNew: _, changedProviders: __, state: ___, ...result }: Attempt): StackResult =>
  result

export const targeting = (urns: readonly string[]): readonly string[] =>
  urns.flatMap((urn) => ['--target', urn])

/** What limits a run to some resources: a name ends its URN, whatever it stands under (`**` is the engine's wildcard). */
export const limiting = ({ only }: Pick<StackRun, 'only'>): readonly string[] =>
  targeting((only ?? []).map((name) => `**::${name}`))

const isMissing = ({ exitCode, errors }: EngineExit): boolean =>
  exitCode !== 0 && errors.some((line) => line.includes('no stack named'))

/** Makes a stack’s empty state. */
export const makeStack = async (run: StackRun, operation: StackOperation): Promise<StackResult> => {
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
export const withFreshSalt = async <Result extends StackResult>(
  run: StackRun,
  act: () => Promise<Result>,
): Promise<Result> => {
  const result = await act()
  const stale = hasWrongSalt(result) && (await forgetSalt(callOf(run).project, run.stack))
  return stale ? act() : result
}

/** A new stack is noticed by the engine's refusal: asking first would cost half a second at every run. */
export const runOrMake = async (
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

/** Takes the protection off everything in the state; undefined, or why it could not. */
export const unprotect = async (run: StackRun): Promise<StackResult | undefined> => {
  const exit = await runEngine({
    ...callOf(run),
    arguments: ['state', 'unprotect', '--all', '--yes', '--stack', run.stack],
  })
  if (exit.exitCode === 0) return undefined
  return stackResult({ ...exit, stack: run.stack, operation: 'destroy', events: [] })
}
