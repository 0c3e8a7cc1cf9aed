import { availableParallelism } from 'node:os'
import limit from 'p-limit'
import { Fault } from '../core/fault.ts'
import type { StackRun } from './engine-attempt.ts'
import { destroyStack, previewStack, refreshStack, upStack } from './run-stack.ts'
import type { Diagnostic, StackOperation, StackResult } from './stack-result.ts'

export interface StacksRequest {
  readonly operation: StackOperation
  /** How many engines run at once; as many as there are CPUs otherwise. */
  readonly parallel?: number
  readonly onStart?: (stack: string) => void
  readonly onDone?: (result: StackResult) => void
  readonly signal?: AbortSignal
}

const operations: Readonly<Record<StackOperation, (run: StackRun) => Promise<StackResult>>> = {
  preview: previewStack,
  up: upStack,
  destroy: destroyStack,
  refresh: refreshStack,
}

const isPlatform = ({ stack }: StackRun): boolean => stack.endsWith('.platform')

/** What the clusters share stands before the tenants, and goes after them. */
const phasesOf = (runs: readonly StackRun[], operation: StackOperation): (readonly StackRun[])[] => {
  const shared = runs.filter(isPlatform)
  const tenants = runs.filter((run) => !isPlatform(run))
  return operation === 'destroy' ? [tenants, shared] : [shared, tenants]
}

const notRun = (run: StackRun, { operation }: StacksRequest, diagnostics: Diagnostic[]): StackResult => ({
  stack: run.stack,
  operation,
  outcome: diagnostics.length === 0 ? 'cancelled' : 'failed',
  counts: { same: 0, create: 0, update: 0, replace: 0, delete: 0 },
  resources: [],
  diagnostics,
  plugins: [],
  seconds: 0,
})

const diagnosticOf = (error: unknown): Diagnostic => {
  const hint = error instanceof Fault ? error.details.hint : undefined
  const message = error instanceof Error ? error.message : String(error)
  return { severity: 'error', message, ...(hint === undefined ? {} : { hint }) }
}

const runOne = async (run: StackRun, request: StacksRequest): Promise<StackResult> => {
  if (request.signal?.aborted) return notRun(run, request, [])
  request.onStart?.(run.stack)
  const { signal } = request
  const result = await operations[request.operation](signal === undefined ? run : { ...run, signal }).catch(
    (error: unknown) => notRun(run, request, [diagnosticOf(error)]),
  )
  request.onDone?.(result)
  return result
}

/**
 * Runs many stacks, several at once, platform stacks before tenants (after them when destroying).
 *
 * A stack that fails stops no other. One result a stack, in the order given. Never rejects.
 */
export const runStacks = async (
  runs: readonly StackRun[],
  request: StacksRequest,
): Promise<readonly StackResult[]> => {
  const bounded = limit(Math.max(1, request.parallel ?? availableParallelism()))
  const results = new Map<StackRun, StackResult>()
  for (const phase of phasesOf(runs, request.operation))
    await Promise.all(phase.map((run) => bounded(async () => results.set(run, await runOne(run, request)))))
  return runs.flatMap((run) => results.get(run) ?? [])
}
