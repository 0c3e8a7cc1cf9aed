import { type ChildProcess, spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import { createInterface } from 'node:readline'
import { programEnvironment } from '../core/program-environment.ts'
import type { Environment } from './cache.ts'

/** How the engine's CLI is to be started. */
export interface EngineCall {
  /** Folder of the CLI and its language host. */
  readonly engine: string
  /** The Pulumi project's folder. */
  readonly project: string
  readonly environment: Environment
  readonly arguments: readonly string[]
  readonly onLine?: (line: string) => void
  readonly signal?: AbortSignal
}

export interface EngineExit {
  readonly exitCode: number
  readonly output: readonly string[]
  readonly errors: readonly string[]
  readonly cancelled: boolean
  readonly seconds: number
}

/** How long a cancelled engine may finish what is under way before it is told to end at once. */
const graceMilliseconds = 120_000

/** Sets a flag of every command: logs with secrets in them, an export that decrypts, a part of a stack alone. */
const isFlag = (name: string): boolean => name.startsWith('PULUMI_OPTION_')

/** What the engine's process gets, and its plugins of it: flags are ours alone to give. Source: `declareFlagsAsEnvironmentVariables` of 3.245.0. */
export const engineEnvironment = ({
  engine,
  environment,
}: Pick<EngineCall, 'engine' | 'environment'>): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(programEnvironment(environment)).filter(([name]) => !isFlag(name))),
  PATH: [engine, environment.PATH].filter(Boolean).join(delimiter),
  PULUMI_SKIP_UPDATE_CHECK: 'true',
  PULUMI_ENABLE_STREAMING_JSON_PREVIEW: 'true',
})

/** The engine finishes what is under way on the first SIGINT and drops it on the second. */
const cancelOn = (signal: AbortSignal | undefined, child: ChildProcess): (() => void) => {
  let again: NodeJS.Timeout | undefined
  const interrupt = (): void => {
    child.kill('SIGINT')
    again = setTimeout(() => child.kill('SIGINT'), graceMilliseconds)
  }
  if (signal?.aborted) interrupt()
  signal?.addEventListener('abort', interrupt, { once: true })
  return () => {
    signal?.removeEventListener('abort', interrupt)
    clearTimeout(again)
  }
}

/**
 * Runs the Pulumi CLI to its end.
 *
 * In a process group of its own: Ctrl-C on a terminal would otherwise reach it besides our SIGINT, and two mean "drop
 * what is under way".
 */
export const runEngine = (call: EngineCall): Promise<EngineExit> =>
  new Promise((done, fail) => {
    const started = performance.now()
    const child = spawn('pulumi', [...call.arguments, '--non-interactive', '--color', 'never'], {
      cwd: call.project,
      env: engineEnvironment(call),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const output: string[] = []
    const errors: string[] = []
    createInterface({ input: child.stdout }).on('line', (line) => {
      output.push(line)
      call.onLine?.(line)
    })
    createInterface({ input: child.stderr }).on('line', (line) => errors.push(line))
    const release = cancelOn(call.signal, child)
    child.once('error', fail)
    child.once('close', (code) => {
      release()
      const seconds = (performance.now() - started) / 1000
      done({ exitCode: code ?? 1, output, errors, cancelled: call.signal?.aborted === true, seconds })
    })
  })
