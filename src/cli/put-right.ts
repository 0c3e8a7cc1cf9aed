import { canonicalJson } from '../core/canonical.ts'
import { waveSettings } from '../fleet/settings.ts'
import type { Fleet } from '../load/fleet.ts'
import type { StackState } from '../model/desired-state.ts'
import { holdOn } from '../plan/holds.ts'
import { liftedBy } from '../plan/valve.ts'
import { organizationMadeAs } from '../tenant/former-name.ts'
import { appliedFolder, readApplied } from './applied.ts'
import type { RunAllRequest } from './run-all.ts'
import { type RunWavesReport, runWaves, type WaveRunner } from './run-waves.ts'
import { valveInput } from './valve-input.ts'

/** A drifted stack that is left as it is, and why. */
export interface WithheldStack {
  readonly stack: string
  readonly reason: string
}

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

const heldBack = ({ fleet, now }: RepairRequest, state: StackState): string | undefined => {
  const renamed = new Map(
    fleet.tenants.map(({ value }) => [organizationMadeAs(value), value.organization] as const),
  )
  const hold = holdOn(state, { holds: fleet.holds, renamed, now })
  if (hold === undefined) return undefined
  const { owner, reason, expires } = hold.value
  return `on hold until ${expires} by ${owner} (${hold.file}): ${reason}`
}

/**
 * To put right is to bring back what was applied: files that say something else by now are for `up`, which has a preview and an
 * approval before it.
 */
const isUnapplied = ({ environment }: RepairRequest, state: StackState): boolean => {
  const folder = appliedFolder(environment)
  if (folder === undefined) return false
  const record = readApplied(folder, state.stack)
  return record === undefined || canonicalJson(record.state) !== canonicalJson(state)
}

/** What is frozen nobody changes, not even back, unless an override says so. */
const isFrozen = ({ fleet, now }: RepairRequest, state: StackState): boolean =>
  state.lifecycle === 'frozen' && !liftedBy(valveInput(fleet, now))('frozen', state)

const reasonFor = (request: RepairRequest, state: StackState | undefined): string | undefined => {
  if (state === undefined) return 'no file asks for it any more'
  if (isFrozen(request, state)) return 'frozen: nothing of it changes but by an override'
  return (
    heldBack(request, state) ??
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
