import { join } from 'node:path'
import { type Engine, ensureEngine } from '../../engine/engine.ts'
import type { StackResult } from '../../engine/stack-result.ts'
import type { Fleet } from '../../load/fleet.ts'
import { runEnvironment } from '../environment.ts'
import { exitCode } from '../exit-code.ts'
import { abortOnInterrupt } from '../interrupt.ts'
import { previewPlan } from '../preview-plan.ts'
import { reportError } from '../report-error.ts'
import { type RunAllRequest, runAll } from '../run-all.ts'
import { appendForForge } from './artifacts.ts'
import type { CiSession } from './ci-session.ts'
import { isOfStage, stages } from './plan-stages.ts'
import type { PreviewSubject } from './preview-subject.ts'

/** What the engine said, or why it could not be asked. */
export interface EnginePreviews {
  /** Undefined: no engine ran. */
  readonly runs?: readonly StackResult[]
  /** With the connections, where there are any. */
  readonly environment?: NodeJS.ProcessEnv
  /** Why not, for a reader: a fault's own words, which may hold foreign names. */
  readonly why?: string
}

export interface PreviewsRequest {
  readonly subject: PreviewSubject
  readonly parallel: number
  /** Writes plan-<stage>.json for each stage, which `ci apply` carries out. */
  readonly plans: boolean
}

/**
 * A plan for each stage: plan-nonprod.json, plan-prod.json. How many stacks each holds is told to later jobs, so that nobody is
 * asked to approve nothing.
 */
const planned = async (
  { context, folder, place }: CiSession,
  fleet: Fleet,
  engine: Engine,
  request: Omit<RunAllRequest, 'operation'>,
): Promise<readonly StackResult[]> => {
  const results: StackResult[] = []
  for (const stage of stages) {
    const isHere = isOfStage(fleet, stage)
    const file = join(folder, `plan-${stage}.json`)
    const own = { ...request, stacks: request.stacks.filter(({ stack }) => isHere(stack)) }
    const report = await previewPlan(context, { file, engine, request: own, json: false })
    const found = report?.results ?? []
    if (place.outputFile !== undefined) await appendForForge(place.outputFile, `${stage}=${found.length}`)
    results.push(...found)
  }
  return results
}

const previews = async (
  session: CiSession,
  { subject, parallel, plans }: PreviewsRequest,
  environment: NodeJS.ProcessEnv,
): Promise<readonly StackResult[]> => {
  const { project, terminal } = session.context
  const { stacks } = subject
  if (stacks.length === 0 && !plans) return []
  const engine = await ensureEngine({ report: terminal.note, environment })
  const request: Omit<RunAllRequest, 'operation'> = {
    project,
    terminal,
    stacks,
    engine: engine.directory,
    environment,
    parallel,
    full: false,
    signal: abortOnInterrupt(terminal),
  }
  return plans
    ? planned(session, subject.fleet, engine, request)
    : (await runAll({ ...request, operation: 'preview' })).results
}

/**
 * The engine's previews of a change. Where it cannot be asked, why: what the files change is told all the same. Sets the exit
 * code for that, and for a stack that failed; never rejects.
 */
export const previewEngines = async (
  session: CiSession,
  request: PreviewsRequest,
): Promise<EnginePreviews> => {
  const { project, terminal, finish } = session.context
  let environment: NodeJS.ProcessEnv | undefined
  try {
    environment = await runEnvironment(project, terminal)
    const runs = await previews(session, request, environment)
    if (runs.some(({ outcome }) => outcome !== 'succeeded')) finish(exitCode.fault)
    return { runs, environment }
  } catch (error) {
    finish(reportError(terminal, error))
    const why = error instanceof Error ? error.message : String(error)
    return { why, ...(environment === undefined ? {} : { environment }) }
  }
}
