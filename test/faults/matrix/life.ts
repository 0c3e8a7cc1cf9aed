import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { appliedFolder, forgetApplied } from '../../../src/cli/applied.ts'
import { checkoutRoot } from '../../../src/engine/checkout.ts'
import { destroyStack } from '../../../src/engine/run-stack.ts'
import type { StackResult } from '../../../src/engine/stack-result.ts'
import { stackStatus } from '../../../src/engine/stack-status.ts'
import type { ClusterLab } from '../../../src/lab/cluster-lab.ts'
import type { StackState } from '../../../src/model/desired-state.ts'
import { handsOn } from '../../integration/by-hand.ts'
import { changesOf, failuresOf, type LabSession, openLabSession } from '../../integration/lab-session.ts'
import { missedWorld, readIdentities, readSettledWorld, type World } from '../../integration/world.ts'
import { Disturbance } from './changing-calls.ts'
import { plantForeign } from './foreign.ts'
import { tenantFiles, withWebhook } from './tenant-files.ts'

/** The steps of a tenant's life, in order: brought up, edited in place, partly made anew, destroyed. */
export const stepNames = ['up', 'update', 'replace', 'destroy'] as const
export type StepName = (typeof stepNames)[number]

/** A tenant's life on a lab of its own, and what the world is after each step when nothing disturbs it. */
export interface Life {
  /** The organization whose runs are disturbed. */
  readonly organization: string
  /** Its stack on the cluster. */
  readonly stack: string
  readonly session: LabSession
  readonly cluster: ClusterLab
  readonly disturbance: Disturbance
  /** Kinds of the calls that change something, by step, in order of their first; one a call where it was counted. */
  readonly calls: Readonly<Record<StepName, readonly string[]>>
  /** Makes the files say what the step is to reach. */
  readonly prepare: (step: StepName) => Promise<void>
  /** One run of the step’s operation; in this process, but for the engine. */
  readonly run: (step: StepName) => Promise<StackResult>
  /**
   * Expects what an undisturbed run of the step leaves: the same world, a state without anything pending, no lock, and,
   * where it is `followed`, as it is where absent, nothing to do for the run after it.
   */
  readonly expectReached: (step: StepName, what: string, followed?: boolean) => Promise<void>
  /** The ids of what stands now. */
  readonly identities: () => Promise<ReadonlyMap<string, string>>
  /** Removes what `destroy` leaves because it holds data, so that the next life begins as the first did. */
  readonly clear: () => Promise<void>
  /** Takes away what a case that failed has left. */
  readonly startOver: () => Promise<void>
  readonly close: () => Promise<void>
}

interface Open {
  readonly organization: string
  readonly stack: string
  readonly session: LabSession
  readonly cluster: ClusterLab
  readonly disturbance: Disturbance
  /** Of the last preparation. */
  state: StackState | undefined
}

const prepare = async (open: Open, step: StepName): Promise<void> => {
  // So that `tenantry up` runs it, and leaves the platform's stack alone, which is as applied.
  const applied = appliedFolder(open.session.environment)
  if (applied !== undefined) await forgetApplied(applied, open.stack)
  if (step === 'destroy') return
  const { organization, session } = open
  await writeFile(join(session.files, 'tenants', `${organization}.ts`), tenantFiles(organization)[step])
  open.state = (await session.stacks([organization])).find((one) => one.stack === open.stack)
}

const run = async ({ session, stack, state }: Open, step: StepName): Promise<StackResult> => {
  const { engine, environment } = session
  if (step === 'destroy') return destroyStack({ stack, engine, environment })
  if (state === undefined) throw new Error('not prepared')
  const [result] = (await session.run('up', [state])).results
  if (result === undefined) throw new Error('no result')
  return result
}

const lockFiles = async ({ session, stack }: Open): Promise<readonly string[]> => {
  const { state } = session.lab.layout
  const folders = [
    join(state, '.pulumi', 'locks', 'organization', 'tenantry', stack),
    join(state, '.tenantry', 'leases'),
  ]
  return (await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])))).flat()
}

interface Reached {
  readonly step: StepName
  readonly wanted: World
  readonly what: string
  readonly followed: boolean
}

const expectReached = async (open: Open, { step, wanted, what, followed }: Reached): Promise<void> => {
  expect(await missedWorld(wanted, open.session.lab, open.cluster), what).toEqual([])
  const { engine, environment } = open.session
  const status = await stackStatus({ stack: open.stack, engine, environment })
  expect(status.pending, what).toEqual([])
  if (step === 'destroy') expect(status.resources, what).toEqual({})
  expect(await lockFiles(open), what).toEqual([])
  if (!followed) return
  const next = await run(open, step)
  expect(failuresOf([next]), what).toEqual([])
  expect(changesOf([next]), what).toEqual([])
}

const clear = async ({ cluster, state }: Open): Promise<void> => {
  const hands = handsOn(cluster)
  try {
    for (const one of state?.resources ?? []) {
      if (one.kind === 'Volume') await hands.ucp('DELETE', `/volumes/${one.name}`)
      if (one.kind === 'VaultMount') await hands.vault('DELETE', `sys/mounts/${one.path}`)
    }
  } finally {
    await hands.close()
  }
}

/**
 * What was made anew between two looks although it stood already. A secret is: nobody can see what an interrupted run put in
 * it, so the next one puts its own. Pure.
 */
export const madeTwice = (
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] =>
  [...before].flatMap(([name, id]) => {
    const now = after.get(name)
    return now === undefined || now === id || name.startsWith('secrets ') ? [] : [name]
  })

/** Lives once without a disturbance, to know every call and every world. */
const liveUndisturbed = async (open: Open) => {
  const worlds = new Map<StepName, World>()
  const calls: Record<StepName, string[]> = { up: [], update: [], replace: [], destroy: [] }
  for (const step of stepNames) {
    await prepare(open, step)
    open.disturbance.direct(({ kind }) => {
      calls[step].push(kind)
      return undefined
    })
    expect(failuresOf([await run(open, step)]), step).toEqual([])
    open.disturbance.rest()
    worlds.set(step, await readSettledWorld(open.session.lab, open.cluster))
  }
  await clear(open)
  return { worlds, calls }
}

const worldAfter = (worlds: ReadonlyMap<StepName, World>, step: StepName): World => {
  const found = worlds.get(step)
  if (found === undefined) throw new Error(`nobody has lived through ${step}`)
  return found
}

const onlyOurTenant = async (files: string): Promise<void> => {
  for (const sample of await readdir(join(files, 'tenants'))) await rm(join(files, 'tenants', sample))
  const clusterFile = join(files, 'stacks', 'nonprod.ts')
  await writeFile(clusterFile, withWebhook(await readFile(clusterFile, 'utf8')))
}

const bringUpPlatform = async (open: Open): Promise<void> => {
  await prepare(open, 'up')
  const stacks = await open.session.stacks([open.organization])
  const platform = stacks.filter((one) => one.stack === 'nonprod.platform')
  expect(failuresOf((await open.session.run('up', platform)).results)).toEqual([])
}

/**
 * Starts a lab, brings its platform up, plants what is foreign, and lives the tenant's life once undisturbed. Lives that
 * go on at once in one checkout need organizations of different names.
 */
export const openLife = async (organization: string): Promise<Life> => {
  const stack = `nonprod.${organization}`
  const session = await openLabSession({ faultProxies: true })
  const close = async (): Promise<void> => {
    await session.close()
    await rm(join(checkoutRoot(), 'stacks', `Pulumi.${stack}.yaml`), { force: true })
  }
  try {
    const cluster = session.lab.clusters.find((one) => one.cluster.cluster === 'nonprod')
    if (cluster === undefined) throw new Error('no nonprod')
    await onlyOurTenant(session.files)
    const disturbance = new Disturbance(session.lab, cluster)
    const open: Open = { organization, stack, session, cluster, disturbance, state: undefined }
    await bringUpPlatform(open)
    await plantForeign(session.lab, cluster, `${organization}-too`)
    const { worlds, calls } = await liveUndisturbed(open)
    return {
      ...{ organization, stack, session, cluster, disturbance, calls, close },
      prepare: (step) => prepare(open, step),
      run: (step) => run(open, step),
      expectReached: (step, what, followed = true) =>
        expectReached(open, { step, wanted: worldAfter(worlds, step), what, followed }),
      identities: () => readIdentities(cluster),
      clear: () => clear(open),
      startOver: async () => {
        disturbance.rest()
        await run(open, 'destroy')
        await clear(open)
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
