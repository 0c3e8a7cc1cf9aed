import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { RunError } from '@pulumi/pulumi'
import { compilePlatform, compileTenant } from './compile/compile.ts'
import type { LivePools } from './compile/live-machines.ts'
import { platformStack, tenantStack } from './compile/stack-name.ts'
import { Fault } from './core/fault.ts'
import { type Checked, type Issue, placeText } from './core/issue.ts'
import type { Connected, Endpoints } from './deploy/connected.ts'
import { deployStack } from './deploy/deploy-stack.ts'
import { muteDebug } from './deploy/mute-debug.ts'
import { readConnection } from './deploy/read-connection.ts'
import { currentBackEnd } from './engine/back-end.ts'
import { checkoutRoot } from './engine/checkout.ts'
import { stateFolder } from './engine/state-folder.ts'
import { didYouMean } from './load/did-you-mean.ts'
import { type Fleet, placementsOf } from './load/fleet.ts'
import { loadFleet } from './load/load-fleet.ts'
import { readTypedFile } from './load/read-typed-file.ts'
import { validateCluster } from './load/validate-file.ts'
import type { StackState } from './model/desired-state.ts'
import { organizationMadeAs } from './tenant/former-name.ts'
import { readLive } from './watch/pools/live-record.ts'

/** Which stack, and what of the environment says how. */
export interface StackProgram {
  readonly stack: string
  /** TENANTRY_ROOT, TENANTRY_DESIRED, TENANTRY_CONNECTIONS and TENANTRY_ADOPT of it are read. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What the stack is to hold, where that is known already. */
  readonly state?: StackState
  /** Where relative paths of the environment begin: the Pulumi project's, where the engine runs. Absolute. */
  readonly folder: string
}

/** Where `tenants/` and `stacks/` are: TENANTRY_ROOT, or this checkout. */
const rootOf = ({ environment, folder }: StackProgram): string =>
  environment.TENANTRY_ROOT ? resolve(folder, environment.TENANTRY_ROOT) : checkoutRoot()

const issueText = ({ source, code, message, hint }: Issue): string => {
  const place = source === undefined ? '' : `${placeText(source)} `
  return `${place}${message} [${code}]${hint === undefined ? '' : `\n    ${hint}`}`
}

const orFail = <T>(checked: Checked<T>): T => {
  if (checked.ok) return checked.value
  const { length } = checked.issues
  const title = `${length} ${length === 1 ? 'issue' : 'issues'} in the input; nothing is touched:`
  throw new RunError([title, ...checked.issues.map(issueText)].join('\n'))
}

/** The state that `tenantry` compiled for this stack already. */
const readDesired = (file: string, stack: string): StackState => {
  const state = JSON.parse(readFileSync(file, 'utf8')) as StackState
  if (state.stack === stack) return state
  throw new RunError(`TENANTRY_DESIRED names the desired state of ${state.stack}; this stack is ${stack}.`)
}

/** The live VMs of the stack's pools, which stand beside its state: without them a plain `pulumi up` would take them away. */
const liveIn = (environment: StackProgram['environment'], stack: string): LivePools | undefined => {
  const state = stateFolder({ PULUMI_BACKEND_URL: currentBackEnd(environment) })
  return state === undefined ? undefined : readLive(state, stack)?.pools
}

/** What each stack of a fleet would hold, by the stack's name. */
const stacksOf = (
  fleet: Fleet,
  liveOf: (stack: string) => LivePools | undefined,
): Map<string, () => StackState> =>
  new Map([
    ...fleet.clusters.map(({ value }): [string, () => StackState] => {
      const stack = platformStack(value.cluster)
      return [stack, () => compilePlatform(value, liveOf(stack))]
    }),
    ...placementsOf(fleet).map(({ tenant, cluster }): [string, () => StackState] => {
      const stack = tenantStack(cluster.value.cluster, organizationMadeAs(tenant.value))
      return [stack, () => compileTenant(tenant.value, cluster.value, liveOf(stack))]
    }),
  ])

const compileStack = async (program: StackProgram): Promise<StackState> => {
  const { stack, environment } = program
  const liveOf = (name: string) => liveIn(environment, name)
  const stacks = stacksOf(orFail(await loadFleet(rootOf(program))), liveOf)
  const compiled = stacks.get(stack)
  if (compiled !== undefined) return compiled()
  throw new RunError(
    `No tenant or cluster file makes a stack ${stack}. ${didYouMean(stack, [...stacks.keys()])}`,
  )
}

/** Read only where the connections file leaves an address to the cluster file. */
const endpointsOf = (root: string, cluster: string) => (): Endpoints =>
  orFail(validateCluster(orFail(readTypedFile(root, `stacks/${cluster}.ts`, 'cluster')))).value.endpoints

const connect = (program: StackProgram, cluster: string): (() => Connected) => {
  const { environment, folder } = program
  const named = environment.TENANTRY_CONNECTIONS
  let known: Connected | undefined
  return () => {
    known ??= readConnection({
      cluster,
      file: named ? resolve(folder, named) : undefined,
      endpoints: endpointsOf(rootOf(program), cluster),
    })
    return known
  }
}

const stateOf = async (program: StackProgram): Promise<StackState> => {
  const { stack, environment, folder, state } = program
  if (state !== undefined) return state
  const desired = environment.TENANTRY_DESIRED
  return desired ? readDesired(resolve(folder, desired), stack) : compileStack(program)
}

const register = async (program: StackProgram): Promise<void> => {
  const { environment } = program
  const state = await stateOf(program)
  await deployStack({
    state,
    connected: connect(program, state.cluster),
    adopt: environment.TENANTRY_ADOPT === '1',
  })
}

/**
 * Registers a stack's resources with the engine that runs the calling program.
 *
 * @throws {RunError} a sentence for a person: the engine prints it without its stack.
 */
export const runStackProgram = async (program: StackProgram): Promise<void> => {
  muteDebug()
  await register(program).catch((error: unknown) => {
    throw error instanceof Fault ? new RunError(error.message) : error
  })
}
