import { canonicalJson } from '../core/canonical.ts'
import type { Fleet } from '../load/fleet.ts'
import type { StackState } from '../model/desired-state.ts'
import { holdOn } from '../plan/holds.ts'
import { organizationMadeAs } from '../tenant/former-name.ts'
import { appliedFolder, readApplied } from './applied.ts'

/** A stack that is left as it is, and why. */
export interface WithheldStack {
  readonly stack: string
  readonly reason: string
}

/** Why a stack is on hold, in words; undefined where it is not. Pure. */
export const holdReason = (
  { tenants, holds }: Pick<Fleet, 'tenants' | 'holds'>,
  state: Pick<StackState, 'organization' | 'cluster'>,
  now: Date,
): string | undefined => {
  const renamed = new Map(
    tenants.map(({ value }) => [organizationMadeAs(value), value.organization] as const),
  )
  const hold = holdOn(state, { holds, renamed, now })
  if (hold === undefined) return undefined
  const { owner, reason, expires } = hold.value
  return `on hold until ${expires} by ${owner} (${hold.file}): ${reason}`
}

/** Whether the files still say what was applied: nothing but drift is left to do. Unknown for back ends other than files. */
export const isAsFilesSay = (environment: NodeJS.ProcessEnv, state: StackState): boolean => {
  const folder = appliedFolder(environment)
  const record = folder === undefined ? undefined : readApplied(folder, state.stack)
  return record !== undefined && canonicalJson(record.state) === canonicalJson(state)
}

export interface HeldRequest {
  readonly fleet: Fleet
  readonly stacks: readonly StackState[]
  readonly environment: NodeJS.ProcessEnv
  readonly now: Date
}

/**
 * Tells the stacks apart that a run of the whole fleet leaves as they are: on hold, with files that say what was applied, so that
 * a run would do nothing but put their drift right. Reads what was applied; changes nothing.
 */
export const apartFromHeld = ({
  fleet,
  stacks,
  environment,
  now,
}: HeldRequest): { readonly free: readonly StackState[]; readonly held: readonly WithheldStack[] } => {
  if (fleet.holds.length === 0) return { free: stacks, held: [] }
  const held: WithheldStack[] = []
  const free = stacks.filter((state) => {
    const reason = holdReason(fleet, state, now)
    if (reason === undefined || !isAsFilesSay(environment, state)) return true
    held.push({ stack: state.stack, reason })
    return false
  })
  return { free, held }
}

/** One line for a stack that is left as it is. Pure. */
export const heldLine = ({ stack, reason }: WithheldStack): string =>
  `Left as it is: ${stack}, ${reason.replace(/\.$/, '')}.`
