import { runStacks } from '../engine/run-stacks.ts'
import type { StackResult } from '../engine/stack-result.ts'
import { type AppliedRecord, appliedFolder, keepApplied, readApplied, unsettleApplied } from './applied.ts'
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

interface Keeper {
  readonly keep: (result: StackResult) => void
  /** Rejects where something could not be kept. */
  readonly kept: () => Promise<unknown>
}

/**
 * What is kept of a reading: a stack that is as applied is recorded as applied again; what is otherwise is known until it is put
 * right. Called while other stacks are read, so that nothing rejects before `kept`.
 */
const keeperOf = (environment: NodeJS.ProcessEnv, records: ReadonlyMap<string, AppliedRecord>): Keeper => {
  const folder = appliedFolder(environment)
  const all: Promise<void>[] = []
  const later = (keeping: Promise<void>): void => {
    keeping.catch(() => undefined)
    all.push(keeping)
  }
  return {
    keep: (result) => {
      const { stack } = result
      const drift = mergeDrift(knownDrift(environment, stack), handChanges(result))
      later(rememberDrift(environment, stack, drift))
      const record = records.get(stack)
      if (folder !== undefined && record !== undefined && isAsApplied(result))
        later(keepApplied(folder, record))
    },
    kept: () => Promise.all(all),
  }
}

/** The records of stacks that have one, which count no longer from now on. */
const unsettleAll = async (
  environment: NodeJS.ProcessEnv,
  stacks: readonly string[],
): Promise<ReadonlyMap<string, AppliedRecord>> => {
  const folder = appliedFolder(environment)
  const records = new Map<string, AppliedRecord>()
  if (folder === undefined) return records
  for (const stack of stacks) {
    const record = readApplied(folder, stack)
    if (record !== undefined) records.set(stack, record)
    await unsettleApplied(folder, stack)
  }
  return records
}

/**
 * Reads what is there into the states of stacks, several at once.
 *
 * A stack that is not as applied is no longer recorded as applied, so that the next `up` runs it; so is one whose reading
 * failed or was killed, because nobody knows what its state has forgotten. Rejects only for faults of this machine.
 */
export const refreshAll = async (request: RefreshAllRequest): Promise<RefreshAllReport> => {
  const started = performance.now()
  const { terminal, environment, engine, project, signal, parallel, stacks } = request
  const { keep, kept } = keeperOf(environment, await unsettleAll(environment, stacks))
  const runs = stacks.map((stack) => ({ stack, engine, environment, project }))
  const results = await runStacks(runs, {
    operation: 'refresh',
    parallel,
    onStart: (stack) => terminal.status(`reading ${stack} …`),
    onDone: (result) => {
      terminal.note(readLine(terminal, result))
      keep(result)
    },
    ...(signal === undefined ? {} : { signal }),
  })
  await kept()
  terminal.status('')
  return { results, seconds: (performance.now() - started) / 1000 }
}
