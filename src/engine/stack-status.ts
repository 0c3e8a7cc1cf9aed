import { Fault } from '../core/fault.ts'
import type { Environment } from './cache.ts'
import { checkoutRoot } from './checkout.ts'
import { runEngine } from './engine-process.ts'
import { nameOfUrn } from './stack-result.ts'

/** What the state says of one stack. */
export interface StackStatus {
  readonly stack: string
  readonly exists: boolean
  /** Resources of the desired state that are in the state, by type token. */
  readonly resources: Readonly<Record<string, number>>
  /** When the state was last written, ISO 8601. */
  readonly updatedAt?: string
  /** Names of resources whose operation an interrupted run left open. */
  readonly pending: readonly string[]
}

export interface StatusRequest {
  readonly stack: string
  readonly engine: string
  readonly environment: Environment
  readonly project?: string
}

interface StateResource {
  readonly urn: string
  readonly type: string
  readonly custom: boolean
}

interface Exported {
  readonly deployment: {
    readonly manifest?: { readonly time?: string }
    readonly resources?: readonly StateResource[]
    readonly pending_operations?: readonly { readonly resource: StateResource }[]
  }
}

const countByType = (resources: readonly StateResource[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { type, custom } of resources)
    if (custom && !type.startsWith('pulumi:')) counts[type] = (counts[type] ?? 0) + 1
  return counts
}

const statusOf = (stack: string, { deployment }: Exported): StackStatus => ({
  stack,
  exists: true,
  resources: countByType(deployment.resources ?? []),
  ...(deployment.manifest?.time === undefined ? {} : { updatedAt: deployment.manifest.time }),
  pending: (deployment.pending_operations ?? []).map(({ resource }) => nameOfUrn(resource.urn)),
})

/**
 * Reads a stack's state. Touches no cluster.
 *
 * @throws {Fault} `unavailable` when the state back end cannot be read.
 */
export const stackStatus = async (request: StatusRequest): Promise<StackStatus> => {
  const { stack } = request
  const exit = await runEngine({
    ...request,
    project: request.project ?? checkoutRoot(),
    arguments: ['stack', 'export', '--stack', stack],
  })
  if (exit.exitCode === 0) return statusOf(stack, JSON.parse(exit.output.join('\n')) as Exported)
  if (exit.errors.some((line) => line.includes('no stack named')))
    return { stack, exists: false, resources: {}, pending: [] }
  throw new Fault('unavailable', `The state of ${stack} cannot be read: ${exit.errors.join(' ')}`, {
    details: { resource: stack, hint: 'Check PULUMI_BACKEND_URL and who may read it.' },
  })
}
