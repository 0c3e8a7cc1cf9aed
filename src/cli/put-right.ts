import { waveSettings } from '../fleet/settings.ts'
import type { Fleet } from '../load/fleet.ts'
import type { StackState } from '../model/desired-state.ts'
import { liftedBy } from '../plan/valve.ts'
import { appliedFolder } from './applied.ts'
import { holdReason, isAsFilesSay, type WithheldStack } from './held-stacks.ts'
import type { RunAllRequest } from './run-all.ts'
import { type RunWavesReport, runWaves, type WaveRunner } from './run-waves.ts'
import { valveInput } from './valve-input.ts'

/** Which drifted stacks are put right. */
export interface Repair {
  readonly due: readonly StackState[]
  readonly withheld: readonly WithheldStack[]
}

export interface RepairRequest {
  readonly fleet: Fleet
  /** What the files ask for now, of every stack. */
  readonly desired: readonly StackState[]
  /** Stacks that were changed by hand, by name. */
  readonly drifted: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  readonly now: Date
}

/**
 * To put right is to bring back what was applied: files that say something else by now are for `up`, which has a preview and an
 * approval before it.
 */
const isUnapplied = ({ environment }: RepairRequest, state: StackState): boolean =>
  appliedFolder(environment) !== undefined && !isAsFilesSay(environment, state)

/** What is frozen nobody changes, not even back, unless an override says so. */
const isFrozen = ({ fleet, now }: RepairRequest, state: StackState): boolean =>
  state.lifecycle === 'frozen' && !liftedBy(valveInput(fleet, now))('frozen', state)

const reasonFor = (request: RepairRequest, state: StackState | undefined): string | undefined => {
  if (state === undefined) return 'no file asks for it any more'
  if (isFrozen(request, state)) return 'frozen: nothing of it changes but by an override'
  return (
    holdReason(request.fleet, state, request.now) ??
    (isUnapplied(request, state)
      ? 'its files ask for something that was not applied yet: see `tenantry preview`'
      : undefined)
  )
}

/** Tells apart which drifted stacks are put right, and which are left as they are. Reads what was applied; changes nothing. */
export const repairOf = (request: RepairRequest): Repair => {
  const states = new Map(request.desired.map((state) => [state.stack, state]))
  const due: StackState[] = []
  const withheld: WithheldStack[] = []
  for (const stack of request.drifted) {
    const state = states.get(stack)
    const reason = reasonFor(request, state)
    if (state !== undefined && reason === undefined) due.push(state)
    else withheld.push({ stack, reason: reason ?? '' })
  }
  return { due, withheld }
}

/** Applies again what was applied before, platforms first, nonprod before prod, in waves where it is much. */
export const putRight = (
  fleet: Fleet,
  request: Omit<RunAllRequest, 'operation' | 'full'>,
  run: WaveRunner,
): Promise<RunWavesReport> =>
  runWaves(
    {
      ...request,
      full: true,
      keepGoing: false,
      stages: new Map(fleet.clusters.map(({ value }) => [value.cluster, value.stage] as const)),
      settings: waveSettings(fleet.settings?.value),
    },
    run,
  )
