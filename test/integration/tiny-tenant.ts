import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { appliedFolder, forgetApplied } from '../../src/cli/applied.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { destroyStack } from '../../src/engine/run-stack.ts'
import { stackStatus } from '../../src/engine/stack-status.ts'
import type { ClusterLab } from '../../src/lab/cluster-lab.ts'
import type { InjectedFault } from '../../src/lab/faults.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { changesOf, failuresOf, type LabSession, openLabSession } from './lab-session.ts'
import { missedWorld, readSettledWorld, type World } from './world.ts'

/** Of the lab's directory; no two tenants may share one. */
const groups = ['DS-Scientists', 'IB-Developers']

/** As small as a tenant can be, so that a run is short. */
const tenantFile = (organization: string, application: string, group = groups[0]): string =>
  `import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant({
  organization: '${organization}',
  size: 'small',
  owner: 'nadia.rossi@bank.example',
  technicalLead: 'tom.becker@bank.example',
  costCentre: 'INT-1001',
  teams: { developers: { role: 'developer', ldapGroup: 'CN=${group},OU=Groups,DC=bank,DC=example' } },
  offers: { 'run/std': {} },
  applications: { ${application}: { environments: ['dev'], repositories: ['${application}'] } },
  clusters: { nonprod: {} },
})
`

interface Ended {
  readonly code: number | null
  readonly output: string
}

/** A `tenantry` of its own, in a process group of its own as a shell would start it. */
export interface Running {
  readonly pid: number
  readonly ended: Promise<Ended>
}

export interface StartOptions {
  readonly organization?: string
  /** Instead of the command for the organization. */
  readonly words?: readonly string[]
  readonly environment?: NodeJS.ProcessEnv
  /** Another machine, as far as names tell: a namespace of its own. Root only. */
  readonly host?: string
}

/** A lab with a tiny tenant that was brought up once undisturbed. */
export interface TinyTenant {
  readonly organization: string
  readonly stack: string
  readonly session: LabSession
  readonly cluster: ClusterLab
  /** Calls that change something when the tenant is brought up. */
  readonly writes: number
  /** The folder of the file back end. */
  readonly folder: string
  readonly stateFile: string
  /** Calls `act` at each call that changes something; what it answers happens to the call. How many there were. */
  readonly onWrite: (act: (count: number) => InjectedFault | undefined) => () => number
  readonly start: (command: 'up' | 'destroy', options?: StartOptions) => Running
  /** Without a failure, in this process; the changes. */
  readonly up: () => Promise<readonly string[]>
  readonly remove: () => Promise<void>
  /** Makes the file say something else; `app` is what it says at first. */
  readonly edit: (application: string) => Promise<void>
  /** Expects what an undisturbed run leaves, nothing pending or locked, and nothing to do for the next. */
  readonly expectUndisturbed: (what: string) => Promise<void>
  readonly close: () => Promise<void>
}

const isWrite = ({ method, url }: { method?: string | undefined; url?: string | undefined }): boolean =>
  method !== 'GET' && method !== 'HEAD' && !(url ?? '').includes('/auth/')

const watchWrites = (
  { ucp, registry }: ClusterLab,
  act: (count: number) => InjectedFault | undefined,
): (() => number) => {
  let count = 0
  for (const { faults } of [ucp, registry])
    faults.next = (request) => {
      if (!isWrite(request)) return undefined
      count += 1
      return act(count)
    }
  return () => count
}

const startCommand = (
  { files, environment }: LabSession,
  command: readonly string[],
  options: StartOptions,
): Running => {
  const line = [process.execPath, join(checkoutRoot(), 'bin', 'tenantry.mjs'), '--root', files, ...command]
  const [program = '', ...args] =
    options.host === undefined
      ? line
      : ['unshare', '--uts', 'sh', '-c', `hostname ${options.host} && exec "$@"`, 'sh', ...line]
  const child = spawn(program, args, {
    env: { ...environment, ...options.environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  if (child.pid === undefined) throw new Error('tenantry did not start')
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }))
  return { pid: child.pid, ended }
}

/** Locks and leases that are left on a stack. */
const lockFiles = async (folder: string, stack: string): Promise<readonly string[]> => {
  const places = [
    join(folder, '.pulumi', 'locks', 'organization', 'tenantry', stack),
    join(folder, '.tenantry', 'leases'),
  ]
  return (await Promise.all(places.map((place) => readdir(place).catch(() => [])))).flat()
}

const onlyNonprod = (stacks: readonly StackState[]): readonly StackState[] =>
  stacks.filter(({ cluster }) => cluster === 'nonprod')

/** Starts a lab and brings its platform and the tenant up; further organizations are the same but for their names. */
export const openTinyTenant = async (
  organization: string,
  others: readonly string[] = [],
): Promise<TinyTenant> => {
  const stack = `nonprod.${organization}`
  const session = await openLabSession()
  const { engine, environment } = session
  const fileOf = (name: string): string => join(session.files, 'tenants', `${name}.ts`)
  const close = async (): Promise<void> => {
    await session.close()
    for (const name of [organization, ...others])
      await rm(join(checkoutRoot(), 'stacks', `Pulumi.nonprod.${name}.yaml`), { force: true })
  }
  const states = async (names: readonly string[]) => onlyNonprod(await session.stacks(names))
  const own = async () => (await states([organization])).filter((one) => one.stack === stack)
  const removeAll = async (): Promise<void> => {
    expect(failuresOf([await destroyStack({ stack, engine, environment })])).toEqual([])
    const applied = appliedFolder(environment)
    if (applied !== undefined) await forgetApplied(applied, stack)
  }
  const up = async (): Promise<readonly string[]> => {
    const { results } = await session.run('up', await own())
    expect(failuresOf(results)).toEqual([])
    return changesOf(results)
  }
  try {
    const cluster = session.lab.clusters.find((one) => one.cluster.cluster === 'nonprod')
    if (cluster === undefined) throw new Error('no nonprod')
    for (const sample of await readdir(join(session.files, 'tenants')))
      await rm(join(session.files, 'tenants', sample))
    for (const [index, name] of [organization, ...others].entries())
      await writeFile(fileOf(name), tenantFile(name, 'app', groups[index]))
    // By the command itself: what it knows to be applied it leaves alone, which makes every later run short.
    const first = await startCommand(session, ['up', organization, '--cluster', 'nonprod', '--quiet'], {})
      .ended
    expect(first.code, first.output).toBe(0)
    await removeAll()
    const count = watchWrites(cluster, () => undefined)
    await up()
    const writes = count()
    const undisturbed: World = await readSettledWorld(session.lab, cluster)
    const folder = session.lab.layout.state
    return {
      ...{ organization, stack, session, cluster, writes, folder, up, close },
      stateFile: join(folder, '.pulumi', 'stacks', 'tenantry', `${stack}.json`),
      onWrite: (act) => watchWrites(cluster, act),
      start: (command, options = {}) =>
        startCommand(
          session,
          options.words ?? [
            ...[command, options.organization ?? organization, '--cluster', 'nonprod'],
            ...(command === 'up' ? ['--quiet'] : ['--yes', options.organization ?? organization]),
          ],
          options,
        ),
      remove: async () => {
        watchWrites(cluster, () => undefined)
        await removeAll()
      },
      edit: (application) => writeFile(fileOf(organization), tenantFile(organization, application)),
      expectUndisturbed: async (what) => {
        expect(await missedWorld(undisturbed, session.lab, cluster), what).toEqual([])
        expect((await stackStatus({ stack, engine, environment })).pending, what).toEqual([])
        expect(await lockFiles(folder, stack), what).toEqual([])
        expect(await up(), what).toEqual([])
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
