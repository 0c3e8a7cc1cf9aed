import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import type { LabSession } from './lab-session.ts'

/** How a command ended. */
export interface EndedCommand {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** Both, for a message that tells. */
  readonly said: string
}

/** The command as its users run it, on a session's files; `program` is that of another checkout. */
export const runTenantry = (
  { files, environment }: Pick<LabSession, 'files' | 'environment'>,
  words: readonly string[],
  more: { readonly environment?: NodeJS.ProcessEnv; readonly checkout?: string } = {},
): Promise<EndedCommand> =>
  new Promise((resolve) => {
    const checkout = more.checkout ?? checkoutRoot()
    const child = execFile(
      process.execPath,
      [join(checkout, 'bin', 'tenantry.mjs'), '--root', files, ...words],
      { cwd: checkout, env: { ...environment, ...more.environment }, maxBuffer: 2 ** 28 },
      (_, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr, said: `${stdout}\n${stderr}` }),
    )
  })
