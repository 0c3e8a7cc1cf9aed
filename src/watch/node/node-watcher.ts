import type { Clock } from '../../clients/clock.ts'
import type { Reconsider, UcpNode } from '../../clients/ucp-nodes.ts'
import { isFault } from '../../core/fault.ts'
import { nodeMarks } from '../../core/node-marks.ts'
import { type Backoff, backoffMilliseconds } from '../backoff.ts'
import type { Health } from '../serve-status.ts'
import { decideNode, figuresOf, type NodeDecision, type NodeLook, type NodeStanding } from './decide-node.ts'
import { decideTurn, type Peer } from './decide-turn.ts'
import { type NodeRules, noWindows, observeSample, type Wish, wishOf } from './decide-windows.ts'
import { judgeSample, type Unsound } from './judge-sample.ts'
import type { HostSample } from './kernel-figures.ts'
import type { NodeJournal } from './node-journal.ts'
import type { NodeSession } from './node-session.ts'
import type { Sampler } from './sampler.ts'
import {
  announced,
  hasOldMarks,
  paused,
  peersOf,
  resumed,
  standingOf,
  type TakenOver,
  takenOverBy,
  tidied,
} from './standing.ts'

/** How often UCP is asked how the node stands while nothing is to be done. Source: our choice; 600 watchers are 20 calls a second. */
const visitSeconds = 30

/** After a refusal of the cluster, which only others can lift. */
const refusedSeconds = 60

const failureBackoff: Backoff = { firstSeconds: 5, mostSeconds: 300 }

/** Between looks while others are about to be paused too. */
const turnBackoff: Backoff = { firstSeconds: 1, mostSeconds: 4 }
const mostTurns = 6

export interface NodeWatcherParts {
  readonly rules: NodeRules
  readonly sampler: Sampler
  readonly session: NodeSession
  readonly journal: NodeJournal
  readonly clock: Clock
  /** Time of day, for people: nothing is measured with it. */
  readonly wallTime: () => Date
  /** From 0 to 1. */
  readonly random: () => number
  readonly signal: AbortSignal
}

/**
 * Watches one node: samples its host, and pauses it and makes it active again as `decideNode` says.
 *
 * Sampling never waits for UCP. What it did stands on the node's labels, so that the next process goes on from there.
 */
export class NodeWatcher {
  readonly #parts: NodeWatcherParts
  #windows = noWindows
  #sample: HostSample | undefined
  #unsound: Unsound | undefined = 'sample-missing'
  #node: UcpNode | undefined
  /** Asked for only where a pause is wished: the list of a large collection is a large answer. */
  #peers: readonly Peer[] | undefined
  #takenOver: TakenOver
  #visit: Promise<void> | undefined
  #nextVisitAt: number

  constructor(parts: NodeWatcherParts) {
    this.#parts = parts
    this.#nextVisitAt = parts.clock.now()
  }

  /** Takes a sample, decides, and begins to ask UCP where that is due. Never throws for a fault of the host or of UCP. */
  tick(): void {
    this.#takeSample()
    const decision = this.#decide()
    if (this.#visit !== undefined || !this.#isVisitDue(decision)) return
    this.#visit = this.#goVisit().finally(() => {
      this.#visit = undefined
    })
  }

  /** Resolves when nothing is under way with UCP. Rejects with what is a bug. */
  async settled(): Promise<void> {
    await this.#visit
  }

  /**
   * Waits for what is under way. With `resumes`, a node that is paused by its watcher is then made active again: for where
   * nobody starts the watcher anew on a paused node, as Docker does not with a service's task. @throws {Fault} of UCP.
   */
  async end({ resumes }: { readonly resumes: boolean }): Promise<void> {
    await this.settled()
    const node = this.#node
    if (!resumes || node === undefined || this.#standing()?.isOurs !== true) return
    const now = await this.#parts.session.changeAtEnd(node, resumed(this.#takenOver))
    if (now?.availability === 'active') this.#parts.journal.did('resumed')
  }

  /** Well while there are samples to decide on; UCP is told of beside it, since no new process would reach it either. */
  health(): Health {
    const { clock, rules, journal } = this.#parts
    const { lastAt } = this.#windows
    const age = lastAt === undefined ? undefined : (clock.now() - lastAt) / 1000
    const sample = this.#sample?.at === lastAt ? this.#sample : undefined
    return {
      isWell: age !== undefined && age <= rules.staleSeconds,
      sampleAgeSeconds: age ?? null,
      loadPercent: sample?.loadPercent ?? null,
      memoryPercent: sample?.memoryPercent ?? null,
      nodeId: this.#node?.id ?? null,
      availability: this.#node?.availability ?? null,
      ucpFailures: journal.failures,
    }
  }

  #takeSample(): void {
    const { sampler, journal, clock, rules } = this.#parts
    this.#sample = undefined
    try {
      this.#sample = sampler()
    } catch (error) {
      journal.unreadable(error)
    }
    const moment = { now: clock.now(), lastAt: this.#windows.lastAt, staleSeconds: rules.staleSeconds }
    this.#unsound = judgeSample(this.#sample, moment)
    journal.sampled(this.#sample, this.#unsound ?? 'sound')
    if (this.#sample !== undefined && this.#unsound === undefined)
      this.#windows = observeSample(this.#windows, this.#sample, rules)
  }

  /** What the host asks for at this moment; nothing where its last sample is not sound or has become too old. */
  #wish(): Wish {
    const { clock, rules } = this.#parts
    const moment = { now: clock.now(), lastAt: undefined, staleSeconds: rules.staleSeconds }
    const isUsable = this.#unsound === undefined && judgeSample(this.#sample, moment) === undefined
    return isUsable ? wishOf(this.#windows, rules) : 'nothing'
  }

  #standing(): NodeStanding | undefined {
    const node = this.#node
    if (node === undefined) return undefined
    const needsPeers = node.availability === 'active' && this.#wish() === 'pause'
    if (needsPeers && this.#peers === undefined) return undefined
    return standingOf(node, { peers: this.#peers ?? [], takenOver: this.#takenOver })
  }

  #look(): NodeLook {
    const { clock, rules } = this.#parts
    return {
      sample: this.#sample,
      windows: this.#windows,
      unsound: this.#unsound,
      standing: this.#standing(),
      now: clock.now(),
      rules,
    }
  }

  #decide(): NodeDecision {
    const look = this.#look()
    const decision = decideNode(look)
    this.#parts.journal.decided(look, decision)
    return decision
  }

  #isVisitDue({ action, reason }: NodeDecision): boolean {
    const { clock, journal } = this.#parts
    if (clock.now() >= this.#nextVisitAt) return true
    return journal.failures === 0 && (action !== 'nothing' || reason === 'standing-unknown')
  }

  async #goVisit(): Promise<void> {
    const { journal, session, clock } = this.#parts
    try {
      const seconds = await this.#visitOnce()
      journal.reached()
      // Spread, so that watchers that started together do not ask together for ever.
      this.#nextVisitAt = clock.now() + seconds * 1000 * (0.75 + this.#parts.random() / 4)
    } catch (error) {
      if (!isFault(error)) throw error
      if (error.code === 'cancelled') return
      const wait = backoffMilliseconds(journal.failures + 1, failureBackoff, this.#parts.random())
      journal.failed(error, wait / 1000)
      this.#node = undefined
      this.#nextVisitAt = clock.now() + wait
      await session.afterFailure(error)
    }
  }

  /** Asks UCP, decides on what it says, does it; resolves to the seconds until it is asked again. */
  async #visitOnce(): Promise<number> {
    const node = await this.#own()
    const isWanted = node.availability === 'active' && this.#wish() === 'pause'
    this.#peers = isWanted ? peersOf(node, await this.#parts.session.peers()) : undefined
    const { action, reason } = this.#decide()
    if (action === 'pause') await this.#pause(node)
    if (action === 'resume') await this.#resume(node)
    return reason === 'last-active-node' || reason === 'too-many-paused' ? refusedSeconds : visitSeconds
  }

  /** The node as it is, without marks that say what is no longer so. */
  async #own(): Promise<UcpNode> {
    const node = this.#saw(await this.#parts.session.own())
    if (!hasOldMarks(node)) return node
    // Somebody made a paused node active: they get a whole window before it is paused again.
    if (node.labels[nodeMarks.pausedAt] !== undefined)
      this.#windows = { ...noWindows, lastAt: this.#windows.lastAt }
    const clean = this.#saw(await this.#parts.session.change(node, tidied))
    this.#parts.journal.did('tidied')
    return clean
  }

  #saw(node: UcpNode): UcpNode {
    this.#takenOver = takenOverBy(node, this.#takenOver)
    this.#node = node
    this.#parts.journal.saw(node)
    return node
  }

  /** Changes the node where the host still asks for it, and nobody else has changed it so that it is not ours to change. */
  async #change(node: UcpNode, wish: Wish, decide: Reconsider): Promise<UcpNode> {
    const ifWished: Reconsider = (now) => (this.#wish() === wish ? decide(now) : undefined)
    return this.#saw(await this.#parts.session.change(node, ifWished))
  }

  async #resume(node: UcpNode): Promise<void> {
    const figures = figuresOf(this.#look())
    const now = await this.#change(node, 'resume', (current) => resumed(this.#takenOver)(current))
    if (now.availability === 'active') this.#parts.journal.did('resumed', figures)
  }

  async #pause(node: UcpNode): Promise<void> {
    try {
      await this.#pauseInTurn(node)
    } catch (error) {
      // Ended in the middle: nobody is to count the node as paused for ever.
      if (this.#parts.signal.aborted) await this.#parts.session.changeAtEnd(node, tidied)
      throw error
    }
  }

  async #pauseInTurn(node: UcpNode): Promise<void> {
    const { session, journal, wallTime } = this.#parts
    const told = await this.#change(node, 'pause', announced(wallTime().toISOString()))
    if (told.labels[nodeMarks.turn] === undefined) return
    journal.did('announced')
    if (await this.#takeTurns(told)) return
    this.#saw(await session.change(told, tidied))
    journal.did('withdrawn')
  }

  /** Whether the node was paused; else the announcement may still stand. */
  async #takeTurns(node: UcpNode): Promise<boolean> {
    const { session, clock, rules, random, signal } = this.#parts
    for (let look = 1; look <= mostTurns; look++) {
      const peers = peersOf(node, await session.peers())
      this.#peers = peers
      const isSeen = peers.some(({ id, hasTurn }) => id === node.id && hasTurn)
      const turn = isSeen ? decideTurn(node.id, peers, rules) : 'wait'
      if (turn === 'withdraw' || this.#wish() !== 'pause') return false
      if (turn === 'go') return this.#pauseNow(node)
      await clock.wait(backoffMilliseconds(look, turnBackoff, random()), signal)
    }
    return false
  }

  async #pauseNow(node: UcpNode): Promise<boolean> {
    const { journal, wallTime } = this.#parts
    const figures = figuresOf(this.#look())
    const now = await this.#change(node, 'pause', paused(wallTime().toISOString(), figures))
    if (this.#standing()?.isOurs !== true) return false
    journal.did('paused', { ...figures, pausedAt: now.labels[nodeMarks.pausedAt] })
    journal.pausedAfter(this.#secondsAbove())
    return true
  }

  /** Since the first sample of the breach, to this moment. */
  #secondsAbove(): number {
    const { clock } = this.#parts
    return (clock.now() - (this.#windows.aboveSince ?? clock.now())) / 1000
  }
}
