import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { keys } from '../compile/keys.ts'
import type { LivePools } from '../compile/live-machines.ts'
import { nodePool } from '../compile/node-pool.ts'
import { Fault } from '../core/fault.ts'
import { compareText } from '../core/issue.ts'
import type { StackRun } from '../engine/engine-attempt.ts'
import type { StackResult } from '../engine/stack-result.ts'
import { fileFault } from '../engine/state-fault.ts'
import type { StackState } from '../model/desired-state.ts'
import type { PoolSubject, StackView } from '../watch/cluster/pool-subject.ts'
import { machinesIn, placedIn, type ResizedStack, resizeStack } from '../watch/cluster/resize-stack.ts'
import { type LiveRecord, readLive, writeLive } from '../watch/pools/live-record.ts'
import type { PoolStacks, RunOutcome, WantedMachines } from '../watch/pools/pool-stacks.ts'
import { type AppliedRecord, amendApplied, readApplied, unsettlePart } from './applied.ts'
import type { LeaseWatch } from './lease-watch.ts'
import type { WatchedNodePool } from './watched-pools.ts'

export interface PoolStacksOptions {
  /** The folder of the back end. */
  readonly state: string
  /** The checkout with the Pulumi project. */
  readonly project: string
  readonly environment: NodeJS.ProcessEnv
  /** Folder of the engine. */
  readonly engine: string
  /** The pools as they were read last. */
  readonly pools: () => readonly WatchedNodePool[]
  readonly leases: LeaseWatch
  /** `upStack`. */
  readonly up: (run: StackRun) => Promise<StackResult>
}

const without = (names: readonly string[], gone: Iterable<string>): string[] => {
  const out = new Set(gone)
  return names.filter((name) => !out.has(name))
}

const joinedNames = (...lists: readonly (readonly string[])[]): string[] =>
  [...new Set(lists.flat())].sort(compareText)

const changed = (
  record: LiveRecord,
  { pool, add = [], remove = [], replace = [] }: WantedMachines,
): LiveRecord => ({
  ...record,
  pools: {
    ...record.pools,
    [pool]: without(joinedNames(record.pools[pool] ?? [], add, replace), remove),
  },
  removing: joinedNames(without(record.removing, [...add, ...replace]), remove),
  replacing: joinedNames(without(record.replacing, remove), replace),
})

const isSame = (a: LiveRecord | undefined, b: LiveRecord): boolean => JSON.stringify(a) === JSON.stringify(b)

const isApplied = ({ resources }: StackState, pool: string): boolean =>
  resources.some(({ key }) => key === keys.resourcePool(pool))

/**
 * The record of a stack with what its state has besides: VMs that were there before the first record, and those that `up` has made since, as the least was
 * raised. Pure.
 */
export const syncedRecord = (
  stack: string,
  record: LiveRecord | undefined,
  { applied, pools }: { readonly applied: StackState; readonly pools: readonly string[] },
): LiveRecord => {
  const removing = record?.removing ?? []
  const synced: Record<string, string[]> = {}
  for (const pool of pools) {
    if (!isApplied(applied, pool)) continue
    const there = without(machinesIn(applied, keys.resourcePool(pool)), removing)
    synced[pool] = joinedNames(record?.pools[pool] ?? [], there)
  }
  return { stack, pools: { ...record?.pools, ...synced }, removing, replacing: record?.replacing ?? [] }
}

const failedRun = (stack: string, { outcome, diagnostics }: StackResult): Fault => {
  if (outcome === 'cancelled') return new Fault('cancelled', `The run on ${stack} was stopped.`)
  const said = diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message)
  return new Fault(
    'unavailable',
    `The VMs of ${stack} could not be made as they are wanted: ${said.join(' ')}`,
    {
      details: {
        resource: stack,
        hint: `It is tried again. See \`tenantry status\` and vCenter’s own tasks; \`pulumi stack --stack ${stack}\` shows what was made.`,
      },
    },
  )
}

/** The stacks of a file back end, with the engine behind them. */
export class EnginePoolStacks implements PoolStacks {
  readonly #options: PoolStacksOptions

  constructor(options: PoolStacksOptions) {
    this.#options = options
  }

  readonly view = async (stack: string, pools: readonly PoolSubject[]): Promise<StackView | undefined> => {
    const applied = this.#applied(stack)?.state
    if (applied === undefined) return undefined
    const names = pools.map(({ name }) => name)
    const record = await this.#synced(stack, { applied, pools: names })
    const change = await this.#options.leases.holderOf(stack)
    return {
      stack,
      live: Object.fromEntries(Object.entries(record.pools).filter(([pool]) => isApplied(applied, pool))),
      removing: record.removing,
      placed: placedIn(applied),
      isFinished:
        record.removing.length + record.replacing.length === 0 && this.#hasAll(applied, record.pools),
      change,
    }
  }

  readonly want = async (stack: string, change: WantedMachines): Promise<void> => {
    const record = readLive(this.#options.state, stack)
    if (record === undefined) throw new Error(`nothing is recorded of ${stack}`)
    const next = changed(record, change)
    if (!isSame(record, next)) await writeLive(this.#options.state, next)
  }

  readonly converge: PoolStacks['converge'] = async (stack, { pools, joined, signal }) => {
    const names = pools.map(({ name }) => name)
    const record = readLive(this.#options.state, stack)
    if (record === undefined) return 'nothing'
    const first = await this.#withoutReplaced(record, { names, joined, signal })
    const now = readLive(this.#options.state, stack) ?? record
    const second = await this.#run(stack, { live: now.pools, names, joined, signal })
    await this.#forgetRemoved(stack)
    return first === 'done' || second === 'done' ? 'done' : 'nothing'
  }

  #applied(stack: string): AppliedRecord | undefined {
    return readApplied(join(this.#options.state, '.tenantry', 'applied'), stack)
  }

  async #synced(
    stack: string,
    given: { readonly applied: StackState; readonly pools: readonly string[] },
  ): Promise<LiveRecord> {
    const record = readLive(this.#options.state, stack)
    const synced = syncedRecord(stack, record, given)
    if (!isSame(record, synced)) await writeLive(this.#options.state, synced)
    return synced
  }

  #hasAll(applied: StackState, live: LivePools): boolean {
    const there = new Set(
      applied.resources.flatMap((one) => (one.kind === 'VirtualMachine' ? [one.name] : [])),
    )
    return Object.entries(live).every(
      ([pool, names]) => !isApplied(applied, pool) || names.every((name) => there.has(name)),
    )
  }

  /** Deletes the VMs that are to be made anew: once they are gone from the state, their names are free. */
  async #withoutReplaced(
    { stack, pools, replacing }: LiveRecord,
    given: {
      readonly names: readonly string[]
      readonly joined: ReadonlySet<string>
      readonly signal: AbortSignal
    },
  ): Promise<RunOutcome> {
    if (replacing.length === 0) return 'nothing'
    const live = Object.fromEntries(
      Object.entries(pools).map(([pool, names]) => [pool, without(names, replacing)]),
    )
    const outcome = await this.#run(stack, { ...given, live })
    const now = readLive(this.#options.state, stack)
    if (now !== undefined)
      await writeLive(this.#options.state, { ...now, replacing: without(now.replacing, replacing) })
    return outcome
  }

  async #forgetRemoved(stack: string): Promise<void> {
    const [record, applied] = [readLive(this.#options.state, stack), this.#applied(stack)?.state]
    if (record === undefined || applied === undefined || record.removing.length === 0) return
    const left = record.removing.filter((name) =>
      applied.resources.some(({ key }) => key === keys.machine(name)),
    )
    if (left.length < record.removing.length)
      await writeLive(this.#options.state, { ...record, removing: left })
  }

  #resized(
    applied: StackState,
    {
      live,
      names,
      joined,
    }: { readonly live: LivePools; readonly names: readonly string[]; readonly joined: ReadonlySet<string> },
  ): ResizedStack {
    const known = this.#options.pools().filter(({ subject }) => subject.stack === applied.stack)
    let found: ResizedStack = { state: applied, touched: [] }
    for (const { pool, subject } of known) {
      const wanted = live[subject.name]
      if (wanted === undefined || !names.includes(subject.name) || !isApplied(applied, subject.name)) continue
      const compiled = nodePool({ ...pool, min: 0, live: wanted })
      const one = resizeStack(found.state, { resourcePool: keys.resourcePool(pool.name), compiled, joined })
      found = { state: one.state, touched: [...found.touched, ...one.touched] }
    }
    return found
  }

  async #run(
    stack: string,
    given: {
      readonly live: LivePools
      readonly names: readonly string[]
      readonly joined: ReadonlySet<string>
      readonly signal: AbortSignal
    },
  ): Promise<RunOutcome> {
    const { state: folder, up, engine, environment, project } = this.#options
    const before = this.#applied(stack)
    if (before === undefined) return 'nothing'
    const { state, touched } = this.#resized(before.state, given)
    if (touched.length === 0) return 'nothing'
    const applied = join(folder, '.tenantry', 'applied')
    let begun: AppliedRecord | undefined
    const result = await up({
      ...{ stack, engine, environment, project, only: touched, signal: given.signal },
      desired: await this.#writeDesired(state),
      // Under the stack's lease: what somebody applied since is not taken back.
      approve: async () => {
        const now = this.#applied(stack)
        if (now === undefined || now.appliedAt !== before.appliedAt) throw appliedSince(stack)
        begun = await unsettlePart(applied, now, `${process.pid}.${Date.now()}`)
      },
    })
    if (result.outcome !== 'succeeded') throw failedRun(stack, result)
    if (begun !== undefined) await amendApplied(applied, begun, state)
    return 'done'
  }

  async #writeDesired(state: StackState): Promise<string> {
    const folder = join(this.#options.project, '.tenantry', 'desired')
    const file = join(folder, `${state.stack}.pools.json`)
    try {
      await mkdir(folder, { recursive: true })
      await writeFile(file, JSON.stringify(state))
    } catch (error) {
      throw fileFault(error, `The working folder for ${state.stack}`, folder)
    }
    return file
  }
}

const appliedSince = (stack: string): Fault =>
  new Fault('conflict', `${stack} was applied by somebody else a moment ago: the next look goes by that.`, {
    details: { resource: stack },
  })
