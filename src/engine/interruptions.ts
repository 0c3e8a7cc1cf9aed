import { isProviderType } from './provider-type.ts'
import type { StackEngine } from './stack-engine.ts'
import { type Diagnostic, nameOfUrn, type StackResult } from './stack-result.ts'

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

interface PendingResource {
  readonly urn: string
  readonly type: string
  readonly custom?: boolean
}

interface Deployment {
  readonly resources?: readonly { readonly urn: string }[]
  readonly pending_operations?: readonly {
    readonly type: string
    readonly resource: PendingResource
  }[]
}

/** What a state says of creates. */
export interface KnownCreates {
  /** URNs in it. */
  readonly present: ReadonlySet<string>
  /** URNs of creates that were cut off and may have made something. */
  readonly pending: readonly string[]
  /** Whether anything at all was: components, providers and the stack itself too, of which nothing can stand in the world. */
  readonly isInterrupted: boolean
}

/** Whether its create can have made anything. */
const mayStand = ({ custom, type }: PendingResource): boolean => custom !== false && !isProviderType(type)

/** Reads an exported state. Pure. */
export const createsIn = (state: string): KnownCreates => {
  const { deployment } = JSON.parse(state) as { readonly deployment: Deployment }
  const { resources = [], pending_operations: operations = [] } = deployment
  return {
    present: new Set(resources.map(({ urn }) => urn)),
    pending: operations
      .filter(({ type, resource }) => type === 'creating' && mayStand(resource))
      .map(({ resource }) => resource.urn),
    isInterrupted: operations.some(({ type }) => type === 'creating'),
  }
}

const about = (urn: string, message: string, hint: string): Diagnostic => ({
  severity: 'warning',
  message: `A run that was cut off had begun to create ${nameOfUrn(urn)}, which is wanted no longer. ${message}`,
  resource: nameOfUrn(urn),
  hint,
})

/** Nobody knows what was wanted of it: the run that began it was a plain `pulumi`, or its record is gone. */
const leftBehind = (stack: string, urn: string, reason: string | undefined): Diagnostic =>
  about(
    urn,
    `It may exist${reason === undefined ? '.' : `: it could not be looked for (${reason}).`}`,
    `Look for it and remove it; then \`pulumi refresh --stack ${stack} --clear-pending-creates\` forgets it.`,
  )

const refused = (urn: string, reason: string): Diagnostic =>
  about(
    urn,
    `It was looked for and could not be taken over: ${reason}`,
    'If it exists and is yours, remove it.',
  )

const removed = (urn: string): Diagnostic =>
  about(urn, 'It was looked for and is gone.', 'Nothing is to be done.')

const reasonOf = (results: readonly StackResult[], urn: string): string | undefined =>
  results
    .flatMap(({ diagnostics }) => diagnostics)
    .find(({ severity, resource }) => severity === 'error' && resource === nameOfUrn(urn))?.message

/** Why a run came to nothing at all. */
const generalReason = (results: readonly StackResult[]): string | undefined =>
  results
    .flatMap(({ diagnostics }) => diagnostics)
    .find(({ severity, resource }) => severity === 'error' && resource === undefined)?.message

/** What became of creates that were adopted so that they could be removed. */
export interface Adoption {
  /** In the state now. */
  readonly adopted: readonly string[]
  /** Could not be taken over: foreign, or refused otherwise. Told once. */
  readonly refused: readonly string[]
  /** Nobody remembers what was wanted of them. */
  readonly unknown: readonly string[]
  readonly warnings: readonly Diagnostic[]
}

/** Nothing was to be adopted. */
export const noAdoption: Adoption = { adopted: [], refused: [], unknown: [], warnings: [] }

/** Takes what creates of runs before may have made into the state, where it can be removed. */
export const adoptCreates = async (engine: StackEngine, urns: readonly string[]): Promise<Adoption> => {
  if (urns.length === 0) return noAdoption
  const results = await engine.adopt(urns)
  const { present } = createsIn(await engine.exportState())
  const adopted = urns.filter((urn) => present.has(urn))
  const missing = urns.filter((urn) => !present.has(urn))
  const failed = missing.filter((urn) => reasonOf(results, urn) !== undefined)
  const unknown = missing.filter((urn) => !failed.includes(urn))
  return {
    adopted,
    refused: failed,
    unknown,
    warnings: [
      ...adopted.map(removed),
      ...failed.map((urn) => refused(urn, reasonOf(results, urn) ?? '')),
      ...unknown.map((urn) => leftBehind(engine.stack, urn, generalReason(results))),
    ],
  }
}
