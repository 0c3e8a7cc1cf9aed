import { readFileSync } from 'node:fs'
import { getProject, getStack, RunError } from '@pulumi/pulumi'
import { Fault } from './core/fault.ts'
import type { Endpoints } from './deploy/connected.ts'
import { deployStack } from './deploy/deploy-stack.ts'
import { readConnection } from './deploy/read-connection.ts'
import type { StackState } from './model/desired-state.ts'

const readDesired = (file: string, stack: string): StackState => {
  const state = JSON.parse(readFileSync(file, 'utf8')) as StackState
  if (state.stack !== stack)
    throw new RunError(`TENANTRY_DESIRED names the desired state of ${state.stack}; this stack is ${stack}.`)
  return state
}

const endpointsOf = (cluster: string) => (): Endpoints => {
  throw new Error(`endpoints of ${cluster}`)
}

const state = readDesired(process.env.TENANTRY_DESIRED ?? '', getStack())
try {
  deployStack({
    state,
    connected: () =>
      readConnection({
        cluster: state.cluster,
        file: process.env.TENANTRY_CONNECTIONS,
        endpoints: endpointsOf(state.cluster),
      }),
  })
} catch (error) {
  throw error instanceof Fault ? new RunError(error.message) : error
}
console.debug(getProject())
