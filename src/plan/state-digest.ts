import { digest } from '../core/canonical.ts'
import type { StackState } from '../model/desired-state.ts'

/**
 * Digest of what one stack should hold: 64 hex digits, equal for equal states however their fields are ordered. What
 * applies the state is no part of it: two sides of a change are compared by what they ask for. Never throws.
 */
export const stateDigest = (state: StackState): string => digest(state)
