import type { ResourceResult, StackResult } from '../engine/stack-result.ts'
import type { StackState } from '../model/desired-state.ts'
import { type AccessSentence, accessSentences } from '../plan/access-summary.ts'

/** What stood before a run that nothing was recorded of: all but what the engine made, or would make. */
const standingBefore = (state: StackState, result: StackResult): StackState => {
  const made = new Set(
    result.resources
      .filter(({ change }) => change === 'create' || change === 'replace')
      .map(({ name }) => name),
  )
  return { ...state, resources: state.resources.filter(({ key }) => !made.has(key)) }
}

const isLostGrant = ({ type, change }: ResourceResult): boolean =>
  type === 'ucp:index:Grant' && (change === 'delete' || change === 'replace')

const unrecorded: AccessSentence = {
  text: 'What the deleted grants held is not recorded, because the last run of this stack did not finish: see them above.',
  dangerous: false,
}

/** What changes for people, by stack; nothing of a run that came to no resource. */
export const accessOfRun = (
  before: ReadonlyMap<string, StackState>,
  states: ReadonlyMap<string, StackState>,
  results: readonly StackResult[],
): Record<string, readonly AccessSentence[]> => {
  const access: Record<string, readonly AccessSentence[]> = {}
  for (const result of results) {
    const state = states.get(result.stack)
    if (state === undefined || result.resources.length === 0) continue
    const recorded = before.get(result.stack)
    const sentences =
      recorded === undefined && result.resources.some(isLostGrant)
        ? [unrecorded]
        : accessSentences(recorded ?? standingBefore(state, result), state)
    if (sentences.length > 0) access[result.stack] = sentences
  }
  return access
}
