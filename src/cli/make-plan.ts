import { compareText } from '../core/issue.ts'
import type { StackResult } from '../engine/stack-result.ts'
import type { StateStamp } from '../engine/state-stamp.ts'
import type { StackState } from '../model/desired-state.ts'
import type { Look } from '../plan/check-plan.ts'
import type { Plan, PlannedStack } from '../plan/plan-file.ts'
import { stateDigest } from '../plan/state-digest.ts'

/** What a preview against the world found, as a plan keeps it. Pure. */
export const lookOf = ({ live = {}, resources, plugins }: StackResult): Look => ({
  live,
  changes: resources
    .flatMap(({ name, change }) => (change === 'same' ? [] : [{ key: name, change }]))
    .sort((a, b) => compareText(a.key, b.key)),
  providers: [...plugins],
})

/** A stack that was previewed against the world, and the state that it was previewed on. */
export interface PreviewedStack {
  readonly desired: StackState
  readonly result: StackResult
  readonly stamp: StateStamp
}

const plannedStack = ({ desired, result, stamp }: PreviewedStack): PlannedStack => ({
  stack: desired.stack,
  desired: stateDigest(desired),
  state: stamp,
  ...lookOf(result),
})

/** The plan of what was previewed. Pure. */
export const makePlan = (
  previewed: readonly PreviewedStack[],
  made: Pick<Plan, 'commit' | 'versions'> & { readonly at: Date },
): Plan => ({
  madeAt: made.at.toISOString(),
  commit: made.commit,
  versions: made.versions,
  stacks: previewed.map(plannedStack).sort((a, b) => compareText(a.stack, b.stack)),
})
