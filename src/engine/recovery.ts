import { dropPendingCreates, type Interruption, interruptionsOf } from './interruptions.ts'
import type { StackEngine } from './stack-engine.ts'
import type { StackResult } from './stack-result.ts'

const changed = ({ resources }: StackResult) => resources.filter(({ change }) => change !== 'same')

/** What two runs did together, as the second found it. */
const together = (first: StackResult, second: StackResult): StackResult => {
  const resources = new Map(
    [...second.resources, ...changed(first), ...changed(second)].map((one) => [one.urn, one]),
  )
  const counts = { same: 0, create: 0, update: 0, replace: 0, delete: 0 }
  for (const { change, failed } of resources.values()) if (!failed) counts[change] += 1
  return {
    ...second,
    counts,
    resources: [...resources.values()].sort((a, b) => (a.urn < b.urn ? -1 : 1)),
    seconds: first.seconds + second.seconds,
  }
}

/**
 * Settles what an interrupted run left open, after a run on the same stack that succeeded.
 *
 * Creates were sent again and adopted what was there, so their entries are dropped. Of an update or a delete nobody knows
 * whether it took effect, so the world is read and made right once more.
 */
const settle = async (
  engine: StackEngine,
  first: StackResult,
  interruptions: readonly Interruption[],
): Promise<StackResult> => {
  const isOpen = interruptions.some(({ operation }) => operation !== 'creating')
  const result = isOpen ? together(first, await engine.run('up', { refresh: true })) : first
  if (result.outcome !== 'succeeded') return result
  const warnings = interruptions.some(({ operation }) => operation === 'creating')
    ? await dropPendingCreates(engine)
    : []
  const said = result.diagnostics.filter((one) => interruptionsOf([one]).length === 0)
  return { ...result, diagnostics: [...said, ...warnings] }
}

/** Makes the world like the desired state, and settles what was under way in a run that died. The caller holds the stack alone. */
export const bringUp = async (engine: StackEngine): Promise<StackResult> => {
  const result = await engine.run('up')
  const interruptions = interruptionsOf(result.diagnostics)
  if (result.outcome !== 'succeeded' || interruptions.length === 0) return result
  return settle(engine, result, interruptions)
}

/** Removes what the stack holds, but for what is retained. The caller holds the stack alone. */
export const tearDown = async (engine: StackEngine): Promise<StackResult> =>
  (await engine.unprotect()) ?? engine.run('destroy')
