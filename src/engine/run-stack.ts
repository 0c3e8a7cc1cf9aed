import { resolve } from 'node:path'
import { Fault } from '../core/fault.ts'
import {
  type AttemptsPlace,
  doubtfulOf,
  doubtfulRecorder,
  forgetAttempts,
  hasAttempts,
  missingIn,
  recordAttempt,
  withAttempts,
} from './attempts.ts'
import {
  attempt,
  callOf,
  limiting,
  makeStack,
  readWorldFirst,
  resultOf,
  runOrMake,
  type StackRun,
  stateOf,
  targeting,
  unprotect,
  withFreshSalt,
} from './engine-attempt.ts'
import { type HeldStack, holdStack } from './hold-stack.ts'
import { previewNewStack } from './preview-new-stack.ts'
import { projectName } from './project-name.ts'
import { inspectState } from './recover-state.ts'
import { bringUp, tearDown } from './recovery.ts'
import type { StackEngine } from './stack-engine.ts'
import type { StackPlace } from './stack-place.ts'
import type { Diagnostic, StackOperation, StackResult } from './stack-result.ts'
import { stateFolder } from './state-folder.ts'
import { exportState, importState, providersIn } from './state-transfer.ts'

/** Undefined for back ends other than files, which guard their stacks themselves. */
const placeOf = async (run: StackRun): Promise<StackPlace | undefined> => {
  const folder = stateFolder(run.environment)
  if (folder === undefined) return undefined
  const { project } = callOf(run)
  // A relative one counts from where the engine runs.
  return { folder: resolve(project, folder), project: await projectName(project), stack: run.stack }
}

const patienceOf = ({ patience, signal }: StackRun) => ({
  ...(patience === undefined ? {} : { patience }),
  ...(signal === undefined ? {} : { signal }),
})

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
  const held = await holdStack({ place, operation, ...patienceOf(run) })
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
  /** Whether the world has to be read first: the state was put back from an older copy, or the caller wants it. */
  readonly isOlder: boolean
}

const up = async (
  run: StackRun,
  { attempts }: Recollection,
  options: readonly string[],
): Promise<StackResult> => {
  const make = () => withFreshSalt(run, () => makeStack(run, 'up'))
  if (attempts === undefined) return runOrMake(run, 'up', options, make)
  if (run.desired !== undefined) await recordAttempt(attempts, run.desired)
  const recorder = doubtfulRecorder(attempts)
  const result = await runOrMake({ ...run, onFailedCreate: recorder.failed }, 'up', options, make)
  await recorder.done()
  return result
}

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
      const options = [
        ...(refresh && operation !== 'refresh' ? [readWorldFirst] : []),
        ...(operation === 'up' ? limiting(run) : []),
      ]
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
const makeAlone = async (run: StackRun): Promise<StackResult> => {
  const made = await alone(run, 'up', (held) => withFreshSalt(held, () => makeStack(held, 'up')))
  const isThere = made.diagnostics.some(({ message }) => /already exists/.test(message))
  return isThere ? { ...made, outcome: 'succeeded', diagnostics: [] } : made
}

/**
 * Makes a stack's empty state, so that the plain CLI finds it; one that is there is left as it is.
 *
 * @throws {Fault} `unavailable` when the state back end refuses it; as `upStack` else.
 */
export const initStack = async (run: StackRun): Promise<void> => {
  const { outcome, diagnostics } = await makeAlone(run)
  if (outcome === 'succeeded') return
  const reason = diagnostics.map(({ message }) => message).join(' ')
  throw new Fault('unavailable', `The stack ${run.stack} cannot be made: ${reason}`, {
    details: { resource: run.stack, hint: 'Check PULUMI_BACKEND_URL and who may write there.' },
  })
}

/**
 * What `up` would change. Changes nothing, and needs to write nothing: neither on a cluster nor to the state.
 *
 * @throws {Fault} `conflict` where the state is damaged or gone, which `up` mends.
 */
export const previewStack = async (run: StackRun): Promise<StackResult> => {
  if (run.begun !== undefined) return run.begun(run.signal)
  const place = await placeOf(run)
  if (place !== undefined) await inspectState(place)
  const options = run.refresh === true ? [readWorldFirst] : []
  const { isNew, ...found } = await withFreshSalt(run, () => attempt(run, 'preview', options))
  return isNew ? previewNewStack(run, options) : resultOf({ ...found, isNew })
}

/** A preview of a stack that this process holds. */
const look = (run: StackRun): Promise<StackResult> =>
  runOrMake(run, 'preview', [readWorldFirst], () => makeStack(run, 'preview'))

/**
 * Makes the world like the desired state. Safe to run again after any interruption: on a file back end the stack is taken over
 * from a dead run, a damaged state is recovered, and what was under way is settled.
 *
 * @throws {Fault} `conflict` where somebody else is changing the stack, with who and since when, or its state is beyond
 * recovery; `lease-lost` where another run took the stack over; `unavailable` where the state's folder cannot be used.
 */
export const upStack = (run: StackRun): Promise<StackResult> =>
  alone(run, 'up', async (held, known) => {
    await run.approve?.(() => look(held))
    const isOlder = known.isOlder || run.refresh === true
    return bringUp(commandLine(held, { ...known, isOlder }))
  })

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
