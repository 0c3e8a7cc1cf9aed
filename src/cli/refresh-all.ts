import { runStacks } from '../engine/run-stacks.ts'
import type { StackResult } from '../engine/stack-result.ts'
import { appliedFolder, keepApplied, readApplied, unsettleApplied } from './applied.ts'
import { handChanges, readLine } from './hand-changes.ts'
import { knownDrift, mergeDrift, rememberDrift } from './known-drift.ts'
import type { Terminal } from './terminal.ts'

export interface RefreshAllRequest {
  /** The checkout with the Pulumi project. */
  readonly project: string
  readonly terminal: Terminal
  /** By name; each has a state. */
  readonly stacks: readonly string[]
  /** Folder of the engine. */
  readonly engine: string
  readonly environment: NodeJS.ProcessEnv
  readonly parallel: number
  readonly signal?: AbortSignal
}

export interface RefreshAllReport {
  readonly results: readonly StackResult[]
  readonly seconds: number
}

const isAsApplied = (result: StackResult): boolean =>
  result.outcome === 'succeeded' && handChanges(result).length === 0

/**
 * Reads what is there into the states of stacks, several at once.
 *
 * A stack that is not as applied is no longer recorded as applied, so that the next `up` runs it; so is one whose reading
 * failed or was killed, because nobody knows what its state has forgotten. Rejects only for faults of this machine.
 */
export const refreshAll = async (request: RefreshAllRequest): Promise<RefreshAllReport> => {
  const started = performance.now()
  const { terminal, environment, engine, project, signal } = request
  const folder = appliedFolder(environment)
  const records = new Map(
    request.stacks.map((stack) => [stack, folder === undefined ? undefined : readApplied(folder, stack)]),
  )
  for (const stack of request.stacks) if (folder !== undefined) await unsettleApplied(folder, stack)
  const kept: Promise<void>[] = []
  const keep = (result: StackResult): void => {
    const { stack } = result
    const drift = mergeDrift(knownDrift(environment, stack), handChanges(result))
    kept.push(rememberDrift(environment, stack, drift))
    const record = records.get(result.stack)
    if (folder !== undefined && record !== undefined && isAsApplied(result))
      kept.push(keepApplied(folder, record))
  }
  const results = await runStacks(
    request.stacks.map((stack) => ({ stack, engine, environment, project })),
    {
      operation: 'refresh',
      parallel: request.parallel,
      onStart: (stack) => terminal.status(`reading ${stack} …`),
      onDone: (result) => {
        terminal.note(readLine(terminal, result))
        keep(result)
      },
      ...(signal === undefined ? {} : { signal }),
    },
  )
  await Promise.all(kept)
  terminal.status('')
  return { results, seconds: (performance.now() - started) / 1000 }
}
