import { readdirSync } from 'node:fs'
import type { Fleet } from '../load/fleet.ts'
import type { StackState } from '../model/desired-state.ts'
import { type FleetChange, fleetChange } from '../plan/fleet-change.ts'
import { appliedAsIs, readApplied } from './applied.ts'
import { asMadeSelection, type Selection } from './select.ts'
import { type StrayStack, strayStacks } from './stray-stacks.ts'

/** What is about to be applied. */
export interface AppliedRequest {
  /** Of the records, as `appliedFolder` says. */
  readonly folder: string
  readonly fleet: Fleet
  /** The selected ones. */
  readonly stacks: readonly StackState[]
  readonly selection: Selection
}

/** What an apply would change, compared with what was applied last. */
export interface AppliedChange {
  readonly change: FleetChange
  /** Applied stacks of the selection that no file asks for. */
  readonly vanished: readonly StrayStack[]
}

const recordFile = /^([a-z][a-z0-9-]*\.[a-z][a-z0-9-]*)\.json$/

/** Names of the stacks that something is recorded of, sorted; none where the folder is not there. */
const recordedStacks = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder)
      .flatMap((name) => recordFile.exec(name)?.[1] ?? [])
      .sort()
  } catch {
    return []
  }
}

/** A recorded state whose resources are read when somebody looks at them: a fleet has thousands, most of them untouched. */
const untouched = (folder: string, stack: string): StackState => {
  const dot = stack.indexOf('.')
  const organization = stack.slice(dot + 1)
  let resources: StackState['resources'] | undefined
  return {
    stack,
    cluster: stack.slice(0, dot),
    organization: organization === 'platform' ? null : organization,
    get resources() {
      resources ??= readApplied(folder, stack)?.state.resources ?? []
      return resources
    },
  }
}

/**
 * What applying the selected stacks would change, compared with what was applied last. Stacks of no selection stand on both
 * sides as they are. Never throws for a record that is missing or broken: its stack counts as new.
 */
export const appliedChange = ({ folder, fleet, stacks, selection }: AppliedRequest): AppliedChange => {
  const desired = new Map(stacks.map((state) => [state.stack, state]))
  const existing = recordedStacks(folder)
  const vanished = strayStacks(fleet, existing, asMadeSelection(fleet, selection))
  const gone = new Set(vanished.map(({ stack }) => stack))
  const before: StackState[] = []
  const after: StackState[] = [...stacks]
  for (const stack of existing) {
    const state = desired.get(stack)
    const isSettled = state !== undefined && appliedAsIs(folder, state) !== undefined
    const recorded = isSettled ? state : readOrLeave(folder, stack, state !== undefined || gone.has(stack))
    if (recorded === undefined) continue
    before.push(recorded)
    if (state === undefined && !gone.has(stack)) after.push(recorded)
  }
  const stages = new Map(fleet.clusters.map(({ value }) => [value.cluster, value.stage] as const))
  return { change: fleetChange(before, after, stages), vanished }
}

const readOrLeave = (folder: string, stack: string, isTouched: boolean): StackState | undefined =>
  isTouched ? readApplied(folder, stack)?.state : untouched(folder, stack)
