import type { StackEngine } from './stack-engine.ts'
import { type Diagnostic, nameOfUrn } from './stack-result.ts'

/** What a run that died had begun and not ended. */
export interface Interruption {
  readonly urn: string
  /** The engine's word: `creating`, `updating`, `deleting`, … */
  readonly operation: string
}

const entry = /^ *\* (urn:\S+), interrupted while (\w+)$/gm

/** What the engine warned of. Source: `printPendingOperationsWarning` of 3.245.0. Pure. */
export const interruptionsOf = (diagnostics: readonly Diagnostic[]): readonly Interruption[] =>
  diagnostics.flatMap(({ message }) =>
    [...message.matchAll(entry)].map(([, urn = '', operation = '']) => ({ urn, operation })),
  )

interface Deployment {
  readonly resources?: readonly { readonly urn: string }[]
  readonly pending_operations?: readonly { readonly resource: { readonly urn: string } }[]
}

/** What was begun, and is not in the state after a run that succeeded: the files want it no longer. */
const unwanted = ({ resources = [], pending_operations: pending = [] }: Deployment): readonly string[] => {
  const known = new Set(resources.map(({ urn }) => urn))
  return pending.map(({ resource }) => resource.urn).filter((urn) => !known.has(urn))
}

const leftBehind = (stack: string, urn: string): Diagnostic => ({
  severity: 'warning',
  message: `A run that was interrupted had begun to create ${nameOfUrn(urn)}, which the files want no longer. It may exist.`,
  resource: nameOfUrn(urn),
  hint: `Look for it and remove it; then \`pulumi refresh --stack ${stack} --clear-pending-creates\` forgets it.`,
})

/**
 * Drops a stack's pending creates after a run that succeeded: each was sent again, found what was there, and stands in the
 * state. Where one does not stand in it, none is dropped and the answer warns of it.
 *
 * @throws {Fault} `unavailable` when the state cannot be read or written.
 */
export const dropPendingCreates = async (engine: StackEngine): Promise<readonly Diagnostic[]> => {
  const state = await engine.exportState()
  const { deployment } = JSON.parse(state) as { readonly deployment: Deployment }
  const left = unwanted(deployment)
  if (left.length > 0) return left.map((urn) => leftBehind(engine.stack, urn))
  await engine.importState(state)
  return []
}
