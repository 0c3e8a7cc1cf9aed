import { Fault } from '../core/fault.ts'
import type { StackRun } from '../engine/engine-attempt.ts'
import type { StackResult } from '../engine/stack-result.ts'
import { type StampRequest, stateStamp } from '../engine/state-stamp.ts'
import { stateMoved, worldMoved } from '../plan/check-plan.ts'
import type { PlannedStack } from '../plan/plan-file.ts'
import { isBegun, markBegun } from './begun-plans.ts'
import { lookOf } from './make-plan.ts'

/** One stack of a plan that is about to be applied. */
export interface Approval {
  readonly planned: PlannedStack
  /** What the plan is known by, to tell when it was begun before. */
  readonly plan: string
  /** Where that is kept; undefined for back ends other than files, which cannot resume a plan. */
  readonly folder: string | undefined
  readonly place: Omit<StampRequest, 'stack'>
}

const refusal = (stack: string, moved: readonly string[]): Fault =>
  new Fault(
    'conflict',
    `${stack} is not as it was approved: ${moved.join('; ')}. Nothing of it was changed.`,
    {
      details: {
        resource: stack,
        hint: 'Make the plan again with `tenantry preview --plan FILE`, look at what moved, and have it approved again.',
      },
    },
  )

const failure = (stack: string, { diagnostics }: StackResult): Fault => {
  const said = diagnostics.filter(({ severity }) => severity === 'error')
  const words = said.map(({ resource, message }) => (resource ? `${resource}: ${message}` : message))
  return new Fault(
    'conflict',
    `${stack} cannot be compared with what was approved: ${words.join(' ') || 'the preview did not end'}. Nothing of it was changed.`,
    { details: { resource: stack, hint: said[0]?.hint ?? 'Run this again.' } },
  )
}

/**
 * What is asked of a stack that a plan is applied to, once nobody else can change it: that its state and the world are those
 * of the plan. Where this very plan was begun on it before and cut off, that what is left to do is a part of it.
 *
 * The function throws {Fault} `conflict` that says what moved.
 */
export const approvalOf =
  ({ planned, plan, folder, place }: Approval): NonNullable<StackRun['approve']> =>
  async (look) => {
    const { stack } = planned
    const resumed = folder !== undefined && (await isBegun(folder, stack, plan))
    const state = resumed ? undefined : stateMoved(planned, await stateStamp({ ...place, stack }))
    if (state !== undefined) throw refusal(stack, [state])
    const result = await look()
    if (result.outcome !== 'succeeded') throw failure(stack, result)
    const moved = worldMoved(planned, lookOf(result), resumed)
    if (moved.length > 0) throw refusal(stack, moved)
    if (folder !== undefined) await markBegun(folder, stack, plan)
  }
