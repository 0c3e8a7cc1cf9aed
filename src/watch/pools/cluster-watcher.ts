import type { Clock } from '../../clients/clock.ts'
import { isFault } from '../../core/fault.ts'
import { nodeMarks } from '../../core/node-marks.ts'
import { decideCluster, type WatchedPool } from '../cluster/decide-cluster.ts'
import type { PoolDecision } from '../cluster/decision.ts'
import { countSight, judgeSight, type LastSight } from '../cluster/judge-sight.ts'
import { makeFigures } from '../cluster/make-figures.ts'
import type { PoolSubject, StackView } from '../cluster/pool-subject.ts'
import type { ClusterSight } from '../cluster/swarm.ts'
import type { Health } from '../serve-status.ts'
import { carryOut, type DeedOutcome, type Hands } from './carry-out.ts'
import type { ClusterJournal } from './cluster-journal.ts'
import type { Leadership } from './leadership.ts'
import type { Memories, RecordMoment } from './memory-record.ts'
import type { PoolStacks } from './pool-stacks.ts'
import { StackJobs } from './stack-jobs.ts'

/** What is to be seen of the cluster. @throws {Fault} where any of it cannot be read whole. */
export type ReadSight = (
  owned: ReadonlySet<string>,
) => Promise<{ readonly sight: ClusterSight; readonly silent: readonly string[] }>

/** Where what is remembered is kept. */
export interface MemoryStore {
  readonly read: (moment: RecordMoment) => Promise<Memories | undefined>
  readonly write: (record: RecordMoment & { readonly memories: Memories }) => Promise<void>
}

export interface ClusterWatcherParts {
  readonly cluster: string
  readonly tickSeconds: number
  /** The pools as the files have them now; those of files that cannot be read stay as they were. */
  readonly pools: () => Promise<readonly PoolSubject[]>
  readonly readSight: ReadSight
  readonly hands: Hands
  readonly stacks: PoolStacks
  readonly leadership: Leadership
  readonly memory: MemoryStore
  readonly journal: ClusterJournal
  readonly clock: Clock
  /** Time of day, for people and for whoever leads next: nothing else is measured with it. */
  readonly wallTime: () => Date
  /** From 0 to 1. */
  readonly random: () => number
  readonly signal: AbortSignal
}

/** How long the loop may take for one look, its longest wait after failures among it, before it counts as stuck. */
const stuckSeconds = 900

/** How long nothing can be decided before a person is called: longer than a manager takes to restart. Source: our choice. */
const blindSeconds = 900

const viewsById = async (
  stacks: PoolStacks,
  pools: readonly PoolSubject[],
): Promise<Map<string, StackView>> => {
  const views = new Map<string, StackView>()
  for (const stack of new Set(pools.map((pool) => pool.stack))) {
    const view = await stacks.view(
      stack,
      pools.filter((pool) => pool.stack === stack),
    )
    if (view !== undefined) views.set(stack, view)
  }
  return views
}

const ownedIn = (views: ReadonlyMap<string, StackView>): ReadonlySet<string> =>
  new Set([...views.values()].flatMap(({ live, removing }) => [...Object.values(live).flat(), ...removing]))

/** What one look found, and what is decided on it. */
interface Look {
  readonly pools: readonly PoolSubject[]
  readonly views: ReadonlyMap<string, StackView>
  readonly sight: ClusterSight
  readonly figures: readonly WatchedPool[]
}

/**
 * Watches the pools of a cluster: looks, decides by pure functions, and acts. What it does to VMs goes through the stacks that hold them; what it
 * remembers is saved before it acts, so that the next one that leads finishes or undoes it.
 */
export class ClusterWatcher {
  readonly #parts: ClusterWatcherParts
  readonly #jobs: StackJobs
  #memories: Memories = new Map()
  #before: LastSight = new Map()
  #tickedAt: number
  #lookedAt: number | undefined
  #unapplied = new Set<string>()
  /** When something was decided last, or another watcher led. */
  #sawAt: number

  constructor(parts: ClusterWatcherParts) {
    this.#parts = parts
    this.#jobs = new StackJobs(parts)
    this.#tickedAt = parts.clock.now()
    this.#sawAt = this.#tickedAt
  }

  /** One look and what comes of it; runs of the engine go on beside. Never throws for a fault of another system. */
  async tick(): Promise<void> {
    const { leadership, journal, clock } = this.#parts
    this.#tickedAt = clock.now()
    try {
      const standing = await leadership.ensure()
      if ('other' in standing) {
        this.#sawAt = clock.now()
        return journal.standsBy(standing.other)
      }
      if (standing.began) await this.#begin()
      await this.#look()
    } catch (error) {
      if (!isFault(error)) throw error
      if (error.code !== 'cancelled') journal.lookFailed(error)
    }
    const seconds = (clock.now() - this.#sawAt) / 1000
    if (seconds >= blindSeconds) journal.blind(seconds)
  }

  /** Waits for runs that are under way. */
  settled(): Promise<void> {
    return this.#jobs.settled()
  }

  /** Ends what is under way, and lets another one lead. */
  async end(): Promise<void> {
    await this.#jobs.end()
    await this.#parts.leadership.end()
  }

  /** Well while its loop goes: what it cannot reach no new process would reach either, and is told beside. */
  health(): Health {
    const { clock, tickSeconds, leadership, journal } = this.#parts
    const tickAge = (clock.now() - this.#tickedAt) / 1000
    return {
      isWell: tickAge <= stuckSeconds + tickSeconds,
      leads: leadership.lead !== undefined,
      lookAgeSeconds: this.#lookedAt === undefined ? null : (clock.now() - this.#lookedAt) / 1000,
      failures: journal.failures,
      runs: this.#jobs.running,
    }
  }

  async #begin(): Promise<void> {
    const { journal, leadership, memory } = this.#parts
    journal.leads(leadership.lead?.token ?? 0)
    this.#before = new Map()
    this.#memories = (await memory.read(this.#moment())) ?? new Map()
  }

  #moment(): RecordMoment {
    return { now: this.#parts.clock.now(), wallTime: this.#parts.wallTime() }
  }

  async #look(): Promise<void> {
    const look = await this.#read()
    if (look === undefined) return
    const before = this.#memories
    const decisions = this.#decide(look)
    await this.#remember(decisions)
    this.#jobs.finish(look, await this.#act(look, decisions, before))
  }

  /** What is to be seen, where it can be believed. */
  async #read(): Promise<Look | undefined> {
    const { stacks, readSight, journal, clock } = this.#parts
    const began = clock.now()
    const all = await this.#parts.pools()
    const known = this.#jobs.withRuns(await viewsById(stacks, all))
    const pools = all.filter(({ stack, name }) => known.get(stack)?.live[name] !== undefined)
    this.#tellUnapplied(all, known)
    const { sight, silent } = await readSight(ownedIn(known))
    const reason = judgeSight({ pools, stacks: known, sight, before: this.#before })
    if (reason !== undefined) {
      journal.disbelieved(reason, countsOf(sight))
      return undefined
    }
    this.#before = countSight(pools, sight)
    this.#lookedAt = clock.now()
    this.#sawAt = this.#lookedAt
    journal.looked((clock.now() - began) / 1000, countsOf(sight))
    journal.silentNodes(silent)
    return { pools, views: known, sight, figures: makeFigures({ pools, stacks: known, sight }) }
  }

  /** A pool that was never applied has nothing to watch: told once. */
  #tellUnapplied(pools: readonly PoolSubject[], views: ReadonlyMap<string, StackView>): void {
    const missing = new Set(pools.map(({ stack }) => stack).filter((stack) => !views.has(stack)))
    for (const stack of missing)
      if (!this.#unapplied.has(stack))
        this.#parts.journal.warn(
          'not-applied',
          `${stack} was never applied: its pools are not watched yet.`,
          {
            stack,
          },
        )
    this.#unapplied = missing
  }

  #decide({ figures, pools }: Look): ReadonlyMap<string, PoolDecision> {
    const { clock, journal } = this.#parts
    const began = performance.now()
    const decisions = decideCluster(figures, { memories: this.#memories, now: clock.now() })
    journal.decidedIn((performance.now() - began) / 1000)
    for (const pool of pools) {
      const decision = decisions.get(pool.id)
      if (decision !== undefined) journal.decided(pool, decision)
    }
    return decisions
  }

  async #remember(decisions: ReadonlyMap<string, PoolDecision>): Promise<void> {
    const memories = new Map([...decisions].map(([pool, { memory }]) => [pool, memory] as const))
    const isSame =
      memories.size === this.#memories.size &&
      [...memories].every(([pool, one]) => this.#memories.get(pool) === one)
    if (isSame) return
    await this.#parts.leadership.verify()
    await this.#parts.memory.write({ ...this.#moment(), memories })
    this.#memories = memories
  }

  /** What was decided and could not be done is decided again: it is remembered as if it had not been. */
  #forget(pool: string, before: Memories): void {
    const [memories, memory] = [new Map(this.#memories), before.get(pool)]
    if (memory === undefined) memories.delete(pool)
    else memories.set(pool, memory)
    this.#memories = memories
  }

  /** Does what was decided; answers the stacks that are to have other VMs. */
  async #act(
    { pools, views, sight }: Look,
    decisions: ReadonlyMap<string, PoolDecision>,
    before: Memories,
  ): Promise<ReadonlySet<string>> {
    const wanted = new Set<string>()
    for (const pool of pools) {
      const [decision, view] = [decisions.get(pool.id), views.get(pool.stack)]
      if (decision === undefined || view === undefined) continue
      const outcome = await this.#actOn(pool, { decision, view, sight })
      if (outcome === 'wanted') wanted.add(pool.stack)
      if (outcome === 'failed') this.#forget(pool.id, before)
    }
    await this.#tidy(sight)
    return wanted
  }

  /** Takes marks off nodes that somebody made active. */
  async #tidy({ swarm }: ClusterSight): Promise<void> {
    for (const { id, availability, labels } of swarm.nodes)
      if (availability === 'active' && labels[nodeMarks.drainedAt] !== undefined)
        await this.#parts.hands.nodes().tidy(id)
  }

  async #actOn(
    pool: PoolSubject,
    given: { readonly decision: PoolDecision; readonly view: StackView; readonly sight: ClusterSight },
  ): Promise<DeedOutcome | 'failed' | undefined> {
    const { hands, stacks, leadership, journal, wallTime } = this.#parts
    const { kind } = given.decision.action
    try {
      const outcome = await carryOut(pool, given, {
        hands,
        stacks,
        verify: () => leadership.verify(),
        wallTime: wallTime().toISOString(),
      })
      if (outcome === undefined) return undefined
      if (kind === 'call') journal.called(pool, given.decision.reason.sentence)
      else journal.did(pool, kind === 'nothing' ? 'drain' : kind, outcome, { deed: given.decision.action })
      return outcome
    } catch (error) {
      if (!isFault(error)) throw error
      if (error.code === 'lease-lost') throw error
      journal.deedFailed(pool, kind, error)
      return 'failed'
    }
  }
}

const countsOf = ({ swarm, machines, samples }: ClusterSight) => ({
  nodes: swarm.nodes.length,
  services: swarm.services.length,
  tasks: swarm.tasks.length,
  machines: machines.length,
  samples: samples.size,
})
