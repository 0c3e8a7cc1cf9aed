import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../core/fault.ts'
import { type EngineCall, type EngineExit, runEngine } from './engine-process.ts'
import { isProviderType } from './provider-type.ts'
import { refusesState } from './stack-result.ts'

/** Whose state. */
export interface StateCall extends Omit<EngineCall, 'arguments' | 'onLine' | 'signal'> {
  readonly stack: string
}

/**
 * Removes what a state refers to and has no more. The engine writes such a state itself, and refuses it from then on: where a
 * replacement fails in the middle, what it stood on may go all the same (seen, 3.245.0, `--continue-on-error`). What the state
 * says of the world stays; the next run reads the world first.
 */
export const repairState = async ({ stack, ...call }: StateCall): Promise<boolean> => {
  const exit = await runEngine({ ...call, arguments: ['state', 'repair', '--yes', '--stack', stack] })
  return exit.exitCode === 0
}

const runState = async (call: StateCall, action: readonly string[]): Promise<readonly string[]> => {
  const { stack } = call
  const run = (): Promise<EngineExit> =>
    runEngine({ ...call, arguments: ['stack', ...action, '--stack', stack] })
  const first = await run()
  const exit = refusesState(first.errors) && (await repairState(call)) ? await run() : first
  if (exit.exitCode === 0) return exit.output
  throw new Fault('unavailable', `The state of ${stack} cannot be settled: ${exit.errors.join(' ')}`, {
    details: { resource: stack, hint: 'Run `up` again. Check PULUMI_BACKEND_URL and who may write it.' },
  })
}

/**
 * A stack's state as JSON text; secrets stay encrypted.
 *
 * @throws {Fault} `unavailable` when it cannot be read.
 */
export const exportState = async (call: StateCall): Promise<string> =>
  (await runState(call, ['export'])).join('\n')

/**
 * Replaces a stack's state; what is pending in it is dropped. It lies in a file meanwhile, which only its owner can read.
 *
 * @throws {Fault} `unavailable` when it cannot be written.
 */
export const importState = async (call: StateCall, state: string): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-state-'))
  try {
    const file = join(folder, 'state.json')
    await writeFile(file, state, { mode: 0o600 })
    await runState(call, ['import', '--file', file])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface ExportedState {
  readonly deployment?: { readonly resources?: readonly { readonly urn: string; readonly type: string }[] }
}

/** URNs of the providers in an exported state; none where it has none. Pure. @throws {SyntaxError} where it is no JSON. */
export const providersIn = (state: string): readonly string[] =>
  ((JSON.parse(state) as ExportedState).deployment?.resources ?? [])
    .filter(({ type }) => isProviderType(type))
    .map(({ urn }) => urn)
