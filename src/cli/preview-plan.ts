import { rm } from 'node:fs/promises'
import type { Engine } from '../engine/engine.ts'
import type { StackResult } from '../engine/stack-result.ts'
import { type StateStamp, stateStamp } from '../engine/state-stamp.ts'
import type { StackState } from '../model/desired-state.ts'
import type { PlanKey } from '../plan/plan-key.ts'
import type { CommandContext } from './command-context.ts'
import { exitCode } from './exit-code.ts'
import { commitOf } from './head-commit.ts'
import { reportIssues } from './load-or-report.ts'
import { makePlan, type PreviewedStack } from './make-plan.ts'
import { planKey, writePlan } from './plan-io.ts'
import { versionsOf } from './plan-versions.ts'
import { platformFirst } from './platform-first.ts'
import { dueStacks, type RunAllReport, type RunAllRequest, runAll } from './run-all.ts'
import { plural } from './terminal.ts'

export interface PlannedPreview {
  /** Where the plan goes. */
  readonly file: string
  readonly engine: Engine
  readonly request: Omit<RunAllRequest, 'operation'>
  readonly json: boolean
}

type Stamps = ReadonlyMap<string, StateStamp>

const stampsOf = async (
  { engine, request: { environment, project } }: PlannedPreview,
  stacks: readonly StackState[],
): Promise<Stamps> => {
  const stamps = new Map<string, StateStamp>()
  for (const { stack } of stacks)
    stamps.set(stack, await stateStamp({ stack, environment, project, engine: engine.directory }))
  return stamps
}

const isSame = (a: StateStamp | undefined, b: StateStamp | undefined): boolean =>
  a?.digest === b?.digest && a?.serial === b?.serial

interface Gathered {
  readonly previewed: readonly PreviewedStack[]
  /** Why there is no plan, in sentences. */
  readonly missing: readonly string[]
}

const gather = (
  due: readonly StackState[],
  results: readonly StackResult[],
  { before, after }: { readonly before: Stamps; readonly after: Stamps },
): Gathered => {
  const byStack = new Map(results.map((result) => [result.stack, result]))
  const missing: string[] = []
  const previewed = due.flatMap((desired) => {
    const result = byStack.get(desired.stack)
    const stamp = after.get(desired.stack)
    if (result?.outcome !== 'succeeded' || stamp === undefined)
      missing.push(`${desired.stack} could not be previewed`)
    else if (!isSame(before.get(desired.stack), stamp))
      missing.push(`the state of ${desired.stack} was written while it was previewed`)
    else return [{ desired, result, stamp }]
    return []
  })
  return { previewed, missing }
}

/** Previews against the world, and notes the states before and after it. */
const look = async (
  preview: PlannedPreview,
  due: readonly StackState[],
): Promise<Gathered & { readonly report: RunAllReport }> => {
  const before = await stampsOf(preview, due)
  const report = await runAll({
    ...preview.request,
    operation: 'preview',
    stacks: due,
    full: true,
    particular: () => ({ refresh: true }),
  })
  return { report, ...gather(due, report.results, { before, after: await stampsOf(preview, due) }) }
}

const keep = async (
  context: CommandContext,
  { file, engine, json }: PlannedPreview,
  previewed: readonly PreviewedStack[],
  key: PlanKey | undefined,
): Promise<void> => {
  const { root, project, terminal } = context
  const versions = versionsOf({ root, project, engine: engine.version })
  const plan = makePlan(previewed, { commit: await commitOf(root), versions, at: new Date() })
  const written = await writePlan(file, plan, key)
  if (!written.ok) reportIssues(context, written.issues, new Map(), json)
  else
    terminal.note(
      `${file}: the plan of ${plural(previewed.length, 'stack')}, ${key === undefined ? 'not signed (TENANTRY_PLAN_KEY is not set)' : `signed with ${key.algorithm}`}.`,
    )
}

/**
 * Previews stacks against the world as it is and writes down what was seen and what would be done, as a plan that
 * `up --plan` applies exactly so. Where a stack could not be previewed there is no plan, which is said, and
 * no older file of that name either. Undefined after printing why the key is unusable and setting the exit code.
 *
 * @throws {Fault} where a state cannot be read, or the plan cannot be written.
 */
export const previewPlan = async (
  context: CommandContext,
  preview: PlannedPreview,
): Promise<RunAllReport | undefined> => {
  const key = planKey(process.env)
  if (!key.ok) {
    reportIssues(context, key.issues, new Map(), preview.json)
    return undefined
  }
  await rm(preview.file, { force: true })
  const { due, skipped } = dueStacks(preview.request)
  const { report, previewed, missing } = await look(preview, due)
  if (missing.length === 0) await keep(context, preview, previewed, key.value)
  else {
    for (const line of [`No plan was written: ${missing.join('; ')}.`, ...platformFirst(report.results)])
      context.terminal.note(line)
    context.finish(exitCode.fault)
  }
  return { ...report, skipped, results: report.results.map(({ live: _, ...result }) => result) }
}
