import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../core/fault.ts'
import { type EngineCall, runEngine } from './engine-process.ts'
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

export interface PendingCreates extends Omit<EngineCall, 'arguments' | 'onLine' | 'signal'> {
  readonly stack: string
}

interface Deployment {
  readonly resources?: readonly { readonly urn: string }[]
  readonly pending_operations?: readonly { readonly resource: { readonly urn: string } }[]
}

const runState = async (
  { stack, ...call }: PendingCreates,
  action: readonly string[],
): Promise<readonly string[]> => {
  const exit = await runEngine({ ...call, arguments: ['stack', ...action, '--stack', stack] })
  if (exit.exitCode === 0) return exit.output
  throw new Fault('unavailable', `The state of ${stack} cannot be settled: ${exit.errors.join(' ')}`, {
    details: { resource: stack, hint: 'Run `up` again. Check PULUMI_BACKEND_URL and who may write it.' },
  })
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

/** Importing a state drops what is pending in it. Secrets stay encrypted in the file, which only its owner can read. */
const importAgain = async (pending: PendingCreates, state: string): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-state-'))
  try {
    const file = join(folder, 'state.json')
    await writeFile(file, state, { mode: 0o600 })
    await runState(pending, ['import', '--file', file])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Drops a stack's pending creates after a run that succeeded: each was sent again, found what was there, and stands in the
 * state. Where one does not stand in it, none is dropped and the answer warns of it.
 *
 * @throws {Fault} `unavailable` when the state cannot be read or written.
 */
export const dropPendingCreates = async (pending: PendingCreates): Promise<readonly Diagnostic[]> => {
  const state = (await runState(pending, ['export'])).join('\n')
  const { deployment } = JSON.parse(state) as { readonly deployment: Deployment }
  const left = unwanted(deployment)
  if (left.length > 0) return left.map((urn) => leftBehind(pending.stack, urn))
  await importAgain(pending, state)
  return []
}
