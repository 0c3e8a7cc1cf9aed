import { join } from 'node:path'
import type { Fault } from '../core/fault.ts'
import { formatLease, leaseVariable } from '../core/lease-reference.ts'
import { awaitLease, type Patience } from './await-lease.ts'
import type { Environment } from './cache.ts'
import { endEarlier } from './end-earlier.ts'
import { type HeldLock, takeEngineLock } from './engine-lock.ts'
import type { Lease } from './lease-file.ts'
import { enterBackEnd, leaveBackEnd, type RunOnStack } from './own-back-end.ts'
import { isSamePlace, ownPlace } from './place.ts'
import { type Recovery, recoverState } from './recover-state.ts'
import type { HeldLease } from './stack-lease.ts'
import { type StackPlace, stateNames, statesOf } from './stack-place.ts'
import { readCopy } from './state-copy.ts'
import { stateFault } from './state-fault.ts'

export interface HoldRequest {
  readonly place: StackPlace
  readonly operation: string
  readonly limitMilliseconds?: number
  /** For a living holder. */
  readonly patience?: Patience
  /** Ends the waiting. */
  readonly signal?: AbortSignal
}

/** A stack of a file back end that this process alone may change. */
export interface HeldStack extends Recovery {
  /** For the engines that it starts: where the state is, and under which lease they work. */
  readonly environment: Environment
  /** Aborts when the lease is lost. */
  readonly signal: AbortSignal
  /** Puts the state back into its place and lets others at the stack. @throws {Fault} `lease-lost`, `unavailable`. */
  readonly release: () => Promise<void>
}

const fenceProcesses = async (earlier: Lease | undefined): Promise<void> => {
  if (earlier !== undefined && isSamePlace(earlier.place, await ownPlace())) await endEarlier(earlier)
}

/** Resources in the state that is left; undefined where it cannot be told. */
const resourcesIn = async (place: StackPlace): Promise<number | undefined> => {
  for (const name of stateNames(place.stack)) {
    const copy = await readCopy(join(statesOf(place), name)).catch(() => undefined)
    if (copy !== undefined && copy.verdict !== 'damaged') return copy.resources
  }
  return undefined
}

const runOf = ({ place }: HoldRequest, { token, by, verify }: HeldLease): RunOnStack => ({
  ...place,
  token,
  by,
  verify,
})

interface Entered extends Recovery {
  readonly lock: HeldLock
  readonly folder: string
}

const enter = async (request: HoldRequest, lease: HeldLease): Promise<Entered> => {
  await fenceProcesses(lease.takenFrom)
  const lock = await takeEngineLock(request.place, lease.token)
  try {
    const { folder } = await enterBackEnd(runOf(request, lease))
    const recovery = await recoverState({ place: { ...request.place, folder }, past: request.place })
    return { ...recovery, lock, folder }
  } catch (error) {
    await lock.release()
    throw error
  }
}

const leave = async (request: HoldRequest, lease: HeldLease, { lock, folder }: Entered): Promise<void> => {
  try {
    await leaveBackEnd(runOf(request, lease), await resourcesIn({ ...request.place, folder }))
  } finally {
    await lock.release()
    await lease.release()
  }
}

/**
 * Takes a stack of a file back end for one run: its lease, over from a holder that is dead or fenced off with all its
 * processes; the engine's lock; a back end of the run's own; and a state that the engine can go on with.
 *
 * @throws {Fault} `conflict` where somebody alive holds it, or its state is beyond recovery; `unavailable` where the folder
 * cannot be used. Each with what to do.
 */
export const holdStack = async (request: HoldRequest): Promise<HeldStack> => {
  const { place, operation, limitMilliseconds, patience, signal } = request
  const { folder, stack } = place
  const loss = new AbortController()
  try {
    const lease = await awaitLease({
      folder,
      stack,
      operation,
      onLoss: (fault: Fault) => loss.abort(fault),
      ...(limitMilliseconds === undefined ? {} : { limitMilliseconds }),
      ...(patience === undefined ? {} : { patience }),
      ...(signal === undefined ? {} : { signal }),
    })
    const entered = await enter(request, lease).catch(async (error: unknown) => {
      await lease.release()
      throw error
    })
    const { warnings, isOlder } = entered
    return {
      warnings,
      isOlder,
      environment: {
        PULUMI_BACKEND_URL: `file://${entered.folder}`,
        [leaseVariable]: formatLease(lease),
      },
      signal: loss.signal,
      release: () =>
        leave(request, lease, entered).catch((error: unknown) => {
          throw loss.signal.aborted ? loss.signal.reason : stateFault(error, stack, folder)
        }),
    }
  } catch (error) {
    throw stateFault(error, stack, folder)
  }
}
