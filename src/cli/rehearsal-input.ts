import { readFile } from 'node:fs/promises'
import type { Issue } from '../core/issue.ts'
import { generatedLoad } from '../simulate/generated-load.ts'
import { parseRecording } from '../simulate/recorded-load.ts'
import type { Scenario } from '../simulate/scenario.ts'
import { recordedScenario } from '../simulate/scenarios/recorded.ts'
import { shippedScenarios } from '../simulate/scenarios/shipped.ts'
import { parseScenario } from '../simulate/what-if.ts'
import type { Workload } from '../simulate/workload.ts'
import { UsageError } from './exit-code.ts'

/** A scenario, and where its load comes from; asked for anew for each run. */
export interface RehearsalInput {
  readonly scenario: Scenario
  readonly load: () => Workload
}

/** What is rehearsed, as the command line says. */
export interface RehearsalChoice {
  readonly names: readonly string[]
  readonly all: boolean
  readonly file?: string
  readonly recording?: string
}

const readText = async (path: string, what: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new UsageError(
      `The ${what} ${path} cannot be read (${cause instanceof Error ? cause.message : String(cause)}).`,
    )
  }
}

const lines = (issues: readonly Issue[]): string =>
  issues
    .slice(0, 20)
    .map(
      ({ source, message }) => `  ${source === undefined ? '' : `${source.file}:${source.line} `}${message}`,
    )
    .join('\n')

const fromFile = async (path: string): Promise<Scenario> => {
  let content: unknown
  try {
    content = JSON.parse(await readText(path, 'scenario'))
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    throw new UsageError(
      `The scenario ${path} is not JSON (${cause instanceof Error ? cause.message : String(cause)}).`,
    )
  }
  const parsed = parseScenario(content, path)
  if (parsed.ok) return parsed.value
  throw new UsageError(
    `The scenario ${path} cannot be rehearsed:\n${lines(parsed.issues)}`,
    'See `tenantry simulate --print growth` for one that can.',
  )
}

const generated = (scenario: Scenario): RehearsalInput => ({
  scenario,
  load: () => generatedLoad(scenario.load),
})

const fromRecording = async (path: string): Promise<RehearsalInput> => {
  const text = await readText(path, 'recording')
  const first = parseRecording(text, path)
  if (!first.ok)
    throw new UsageError(
      `The recording ${path} cannot be replayed:\n${lines(first.issues)}`,
      first.issues[0]?.hint,
    )
  const again = (): Workload => {
    const parsed = parseRecording(text, path)
    return parsed.ok ? parsed.workload : first.workload
  }
  return { scenario: recordedScenario(path, first.seconds), load: again }
}

/** A shipped scenario by its name. @throws {UsageError} where there is none. */
export const shippedScenario = (name: string): Scenario => {
  const found = shippedScenarios.find((one) => one.name === name)
  if (found !== undefined) return found
  const known = shippedScenarios.map((one) => one.name).join(', ')
  throw new UsageError(`There is no scenario ${name}.`, `There are ${known}; --file takes one of your own.`)
}

/** What is to be rehearsed, in order. @throws {UsageError} on what cannot be read, understood or found. */
export const rehearsalInputs = async (choice: RehearsalChoice): Promise<RehearsalInput[]> => {
  const shipped = choice.all ? shippedScenarios : choice.names.map(shippedScenario)
  return [
    ...shipped.map(generated),
    ...(choice.file === undefined ? [] : [generated(await fromFile(choice.file))]),
    ...(choice.recording === undefined ? [] : [await fromRecording(choice.recording)]),
  ]
}
