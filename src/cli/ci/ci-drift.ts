import { driftCommand } from '../commands/drift.ts'
import type { CiSession } from './ci-session.ts'
import { runCommandForJob } from './run-command.ts'

export interface CiDriftOptions {
  /** Puts right what was changed by hand, but for organizations on hold. */
  readonly fix: boolean
  readonly parallel: number
}

/** `tenantry ci drift`: what is otherwise than it was applied, as `drift` tells it. */
export const ciDrift = async (session: CiSession, { fix, parallel }: CiDriftOptions): Promise<void> => {
  const command = {
    make: driftCommand,
    arguments: ['--parallel', String(parallel), ...(fix ? ['--fix'] : [])],
  }
  await runCommandForJob(session, command, {
    clean: fix ? 'Everything is as applied, or was put right' : 'Everything is as applied',
    issues: 'Something is otherwise than it was applied',
    fault: 'Not everything could be read or put right',
  })
}
