import type { Clock } from '../../clients/clock.ts'
import { isFault } from '../../core/fault.ts'
import { type Backoff, backoffMilliseconds } from '../backoff.ts'
import type { PoolSubject, StackView } from '../cluster/pool-subject.ts'
import type { ClusterSight } from '../cluster/swarm.ts'
import type { ClusterJournal } from './cluster-journal.ts'
import type { Leadership } from './leadership.ts'
import type { PoolStacks } from './pool-stacks.ts'

interface JobParts {
  readonly stacks: PoolStacks
  readonly leadership: Leadership
  readonly journal: ClusterJournal
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal
}

interface Look {
  readonly pools: readonly PoolSubject[]
  readonly views: ReadonlyMap<string, StackView>
  readonly sight: ClusterSight
}

interface Job {
  readonly done: Promise<void>
  readonly stop: AbortController
}

/** Between runs on a stack that fail. Source: our choice. */
const failureBackoff: Backoff = { firstSeconds: 30, mostSeconds: 900 }

/** Somebody else works on it: they are through in a moment, and the next look sees that they are. */
const busySeconds = 20

/** Nodes that are ready and have no place yet, of VMs that a stack is to have. */
const joinedIn = (view: StackView, { swarm }: ClusterSight): ReadonlySet<string> => {
  const live = new Set(Object.values(view.live).flat())
  return new Set(
    swarm.nodes
      .filter(({ hostname, state, isManager }) => state === 'ready' && !isManager && live.has(hostname))
      .map(({ hostname }) => hostname),
  )
}

const isDue = (view: StackView, joined: ReadonlySet<string>): boolean =>
  !view.isFinished || [...joined].some((hostname) => !view.placed.has(hostname))

/** Runs of the engine on stacks, one a stack, beside the looks: a clone takes minutes, and the other pools are not to wait for it. */
export class StackJobs {
  readonly #parts: JobParts
  readonly #jobs = new Map<string, Job>()
  readonly #failures = new Map<string, number>()
  readonly #notBefore = new Map<string, number>()

  constructor(parts: JobParts) {
    this.#parts = parts
  }

  /** Stacks that are being run on. */
  get running(): readonly string[] {
    return [...this.#jobs.keys()].sort()
  }

  /** The views, with this watcher's own runs named as what they are. */
  withRuns(views: ReadonlyMap<string, StackView>): ReadonlyMap<string, StackView> {
    return new Map(
      [...views].map(([stack, view]) => [
        stack,
        this.#jobs.has(stack) ? { ...view, change: 'a run of this watcher' } : view,
      ]),
    )
  }

  /**
   * Begins a run on every stack that is not as it is wanted, where nobody works on it: what a watcher before left is finished so. `wanted`: stacks that this
   * look wants otherwise than their views say.
   */
  finish({ pools, views, sight }: Look, wanted: ReadonlySet<string>): void {
    for (const [stack, view] of views) {
      const joined = joinedIn(view, sight)
      const isFree = view.change === undefined && !this.#jobs.has(stack)
      const isLate = this.#parts.clock.now() >= (this.#notBefore.get(stack) ?? Number.NEGATIVE_INFINITY)
      const isWanted = wanted.has(stack) || isDue(view, joined)
      if (!isWanted || !isFree || !isLate || this.#parts.signal.aborted) continue
      this.#begin(stack, { pools: pools.filter((pool) => pool.stack === stack), joined })
    }
  }

  /** Waits for the runs that are under way. */
  async settled(): Promise<void> {
    await Promise.all([...this.#jobs.values()].map(({ done }) => done))
  }

  /** Ends them: the engine finishes what it has begun, and begins nothing else. */
  async end(): Promise<void> {
    for (const { stop } of this.#jobs.values()) stop.abort()
    await this.settled()
  }

  #begin(
    stack: string,
    given: { readonly pools: readonly PoolSubject[]; readonly joined: ReadonlySet<string> },
  ): void {
    const stop = new AbortController()
    const job = this.#run(stack, given, stop.signal).finally(() => this.#jobs.delete(stack))
    this.#jobs.set(stack, { done: job, stop })
  }

  async #run(
    stack: string,
    { pools, joined }: { readonly pools: readonly PoolSubject[]; readonly joined: ReadonlySet<string> },
    stopped: AbortSignal,
  ): Promise<void> {
    const { stacks, leadership, journal, signal } = this.#parts
    const lead = leadership.lead
    if (lead === undefined) return
    const ends = AbortSignal.any([signal, stopped, lead.signal])
    try {
      const outcome = await stacks.converge(stack, { pools, joined, signal: ends })
      this.#failures.delete(stack)
      this.#notBefore.delete(stack)
      if (outcome === 'done') journal.ran(stack, outcome)
    } catch (error) {
      if (!isFault(error)) throw error
      if (!ends.aborted) this.#failed(stack, error)
    }
  }

  #failed(stack: string, fault: Parameters<ClusterJournal['runFailed']>[1]): void {
    const { clock, journal, random } = this.#parts
    const failures = (this.#failures.get(stack) ?? 0) + 1
    const isBusy = fault.code === 'conflict'
    if (!isBusy) this.#failures.set(stack, failures)
    const wait = isBusy ? busySeconds * 1000 : backoffMilliseconds(failures, failureBackoff, random())
    this.#notBefore.set(stack, clock.now() + wait)
    journal.runFailed(stack, fault, wait / 1000)
  }
}
