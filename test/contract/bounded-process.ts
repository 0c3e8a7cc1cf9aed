import { execFile } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Most that a process may hold, of any input. Source: issue 7. */
export const mostMebibytes = 512

/** Nothing but a hang takes this long, on however busy a machine. */
const hangMilliseconds = 300_000

/** How a bounded process ended. */
export interface BoundedEnd {
  /** -1 where it was killed: it hung, or its heap was full. */
  readonly code: number
  readonly out: string
  readonly err: string
  /** Resident, at its highest; NaN where it did not end by itself. */
  readonly mebibytes: number
}

const memoryIn = (file: string): number => {
  if (!existsSync(file)) return Number.NaN
  const kibibytes = Number(readFileSync(file, 'utf8'))
  rmSync(file)
  return kibibytes / 1024
}

/**
 * Runs a program of Node with a heap of 512 MiB at most, and measures what it held.
 * @param folder for a file of the measurement; also where it runs.
 */
export const runBounded = (
  words: readonly string[],
  { folder, environment = {} }: { readonly folder: string; readonly environment?: NodeJS.ProcessEnv },
): Promise<BoundedEnd> =>
  new Promise((done) => {
    const memory = join(folder, 'memory.txt')
    const options = [
      `--max-old-space-size=${mostMebibytes}`,
      `--import=${join(import.meta.dirname, 'tell-memory.mjs')}`,
    ]
    const child = execFile(
      process.execPath,
      [...options, ...words],
      {
        cwd: folder,
        env: { ...process.env, NO_COLOR: '1', ...environment, TENANTRY_TEST_MEMORY_FILE: memory },
        maxBuffer: 1e8,
        timeout: hangMilliseconds,
        killSignal: 'SIGKILL',
      },
      (_, out, err) => done({ code: child.exitCode ?? -1, out, err, mebibytes: memoryIn(memory) }),
    )
  })
