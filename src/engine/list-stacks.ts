import { Fault } from '../core/fault.ts'
import type { Environment } from './cache.ts'
import { checkoutRoot } from './checkout.ts'
import { runEngine } from './engine-process.ts'

interface ListRequest {
  readonly engine: string
  readonly environment: Environment
  readonly project?: string
}

interface ListedStack {
  readonly name: string
  readonly resourceCount?: number
}

/** `organization/tenantry/nonprod.acme` and `nonprod.acme` are one stack. */
const plainName = (name: string): string => name.slice(name.lastIndexOf('/') + 1)

/**
 * Names of the stacks of this project that the state back end has something in, sorted; a stack that was destroyed is empty.
 *
 * @throws {Fault} `unavailable` when the back end cannot be read.
 */
export const listStacks = async (request: ListRequest): Promise<readonly string[]> => {
  const exit = await runEngine({
    ...request,
    project: request.project ?? checkoutRoot(),
    arguments: ['stack', 'ls', '--json'],
  })
  if (exit.exitCode === 0)
    return (JSON.parse(exit.output.join('\n')) as ListedStack[])
      .filter(({ resourceCount }) => resourceCount !== 0)
      .map(({ name }) => plainName(name))
      .sort()
  throw new Fault('unavailable', `The stacks cannot be listed: ${exit.errors.join(' ')}`, {
    details: { hint: 'Check PULUMI_BACKEND_URL and who may read it.' },
  })
}
