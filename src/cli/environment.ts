import { labEnvironment, labStatus } from '../lab/control.ts'
import { UsageError } from './exit-code.ts'
import type { Terminal } from './terminal.ts'

/**
 * The environment that the engine runs in: the caller's where it names a back end and connections, else that of this
 * checkout's running lab.
 *
 * @throws {UsageError} where there is neither.
 */
export const runEnvironment = async (project: string, terminal: Terminal): Promise<NodeJS.ProcessEnv> => {
  const own = process.env
  if (own.TENANTRY_CONNECTIONS !== undefined && own.PULUMI_BACKEND_URL !== undefined) return own
  const status = await labStatus(project)
  if (status.running) {
    terminal.note(terminal.color.dim("Using this checkout's lab."))
    return { ...own, ...(await labEnvironment(project)) }
  }
  const missing = ['PULUMI_BACKEND_URL', 'TENANTRY_CONNECTIONS'].filter((name) => own[name] === undefined)
  throw new UsageError(
    `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set, and ${status.stale ? "this checkout's lab died" : 'no lab runs in this checkout'}.`,
    'Start the lab with `npx tenantry lab up`, or see "Point it at a real platform" in the README.',
  )
}
