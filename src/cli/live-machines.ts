import { existsSync } from 'node:fs'
import type { LivePools } from '../compile/live-machines.ts'
import { canonicalJson } from '../core/canonical.ts'
import { Fault } from '../core/fault.ts'
import { checkoutRoot } from '../engine/checkout.ts'
import type { StackRun } from '../engine/engine-attempt.ts'
import { stateFolder } from '../engine/state-folder.ts'
import { labLayout } from '../lab/layout.ts'
import type { StackState } from '../model/desired-state.ts'
import { forgetLive, readAllLive, readLive } from '../watch/pools/live-record.ts'

/** Where the state is that a command of this process is about: the caller's back end, else that of this checkout's lab. */
const ownState = (): string | undefined => {
  const own = stateFolder(process.env)
  if (own !== undefined || process.env.PULUMI_BACKEND_URL !== undefined) return own
  const lab = labLayout(checkoutRoot())
  return existsSync(lab.record) ? lab.state : undefined
}

let known: ReadonlyMap<string, LivePools> | undefined

/**
 * The live VMs of a stack's pools, as the cluster watcher keeps them beside the state; undefined where it keeps none. Read once a process, so that both
 * sides of a change go by the same. @throws {Fault} `unavailable` where a record is there and cannot be read.
 */
export const livePools = (stack: string): LivePools | undefined => {
  if (known === undefined) {
    const state = ownState()
    known = state === undefined ? new Map() : readAllLive(state)
  }
  return known.get(stack)
}

/** Called when a stack is gone: an organization that comes back begins with the fewest. */
export const forgetLivePools = async (environment: NodeJS.ProcessEnv, stack: string): Promise<void> => {
  const state = stateFolder(environment)
  if (state !== undefined) await forgetLive(state, stack)
}

const moved = (stack: string): Fault =>
  new Fault(
    'conflict',
    `The cluster watcher gave the pools of ${stack} other VMs since its files were compiled. Nothing was changed.`,
    { details: { resource: stack, hint: 'Run this again: it goes by the VMs that are there now.' } },
  )

/**
 * The approval of a run, and under the stack's lease the look whether its pools are to have the VMs that it was compiled with: a run that began earlier would
 * delete what the watcher has made since. What it returns @throws {Fault} `conflict` where they are not; as `approve` else.
 */
export const withLivePools = (
  environment: NodeJS.ProcessEnv,
  state: StackState,
  approve: StackRun['approve'],
): NonNullable<StackRun['approve']> => {
  const folder = stateFolder(environment)
  const compiledWith = livePools(state.stack)
  return async (look) => {
    const now = folder === undefined ? undefined : readLive(folder, state.stack)?.pools
    if (now !== undefined && !isCompiledWith(state, now, compiledWith)) throw moved(state.stack)
    await approve?.(look)
  }
}

/** Of a state that was compiled before there was a record, only what it lacks can be told. */
const isCompiledWith = (
  { resources, lifecycle }: StackState,
  now: LivePools,
  compiledWith: LivePools | undefined,
): boolean => {
  if (compiledWith !== undefined) return canonicalJson(now) === canonicalJson(compiledWith)
  const keys = new Set(resources.map(({ key }) => key))
  return (
    lifecycle !== undefined ||
    Object.values(now)
      .flat()
      .every((name) => keys.has(`vm/${name}`))
  )
}
