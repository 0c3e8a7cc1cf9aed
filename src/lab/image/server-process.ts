import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Fault } from '../../core/fault.ts'

/** A server that runs as a child of this process, and ends with it. */
export interface ServerProcess {
  readonly pid: number
  /** Ends it, by force where it lingers. Idempotent. */
  readonly stop: () => Promise<void>
}

export interface ServerCommand {
  readonly program: string
  readonly parameters: readonly string[]
  /** What its output says, once, when it is ready. */
  readonly isReady: (output: string) => boolean
  readonly startMilliseconds: number
}

const lingerMilliseconds = 10_000
const longestOutput = 1024 ** 2

const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), lingerMilliseconds)
  await ended
  clearTimeout(force)
}

const notStarted = (program: string, reason: string): Fault =>
  new Fault('unavailable', `${program} did not start: ${reason}.`, {
    details: { hint: 'Look at what it says, and at the memory and the load of this machine.' },
  })

/** Resolves with its output so far when it is ready. */
const untilReady = (
  child: ChildProcess,
  { program, isReady, startMilliseconds }: ServerCommand,
): Promise<string> =>
  new Promise((resolve, reject) => {
    let output = ''
    const timer = setTimeout(
      () => reject(notStarted(program, `it was not ready in time; ${output.slice(-500)}`)),
      startMilliseconds,
    )
    const read = (piece: Buffer): void => {
      output = (output + piece.toString('utf8')).slice(-longestOutput)
      if (!isReady(output)) return
      clearTimeout(timer)
      resolve(output)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('error', (error) => reject(notStarted(program, error.message)))
    child.once('exit', (code) => reject(notStarted(program, `it ended with ${code}; ${output.slice(-500)}`)))
  })

/** Starts a server and waits until it says that it is ready. @throws {Fault} `unavailable` where it does not. */
export const startServer = async (
  command: ServerCommand,
): Promise<{ readonly server: ServerProcess; readonly output: string }> => {
  const child = spawn(command.program, command.parameters, { stdio: ['ignore', 'pipe', 'pipe'] })
  const end = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  try {
    const output = await untilReady(child, command)
    return { server: { pid: child.pid ?? 0, stop: () => stop(child) }, output }
  } catch (error) {
    await stop(child)
    throw error
  }
}
