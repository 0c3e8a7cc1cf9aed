import type { Ucp } from '../../clients/ucp.ts'
import { type NodeChange, readNode, reconsiderNode, type UcpNode } from '../../clients/ucp-nodes.ts'
import { deleteNode } from '../../clients/ucp-swarm.ts'
import { isDrainedByWatcher, isPausedByWatcher, nodeMarks } from '../../core/node-marks.ts'
import { readServices, tasksHolding } from './read-swarm.ts'

/** What came of an action on a node. `left`: somebody else changed it meanwhile, and it is theirs. */
export type NodeOutcome = 'done' | 'left' | 'busy'

/** What somebody called before each change, and who may end it. */
export interface HandOptions {
  readonly ucp: Ucp
  /** @throws {Fault} `lease-lost` where this watcher leads no more. */
  readonly verify: () => Promise<void>
  readonly signal: AbortSignal
}

type Decide = (node: UcpNode) => NodeChange | undefined

const isHeld = ({ labels }: UcpNode): boolean => labels[nodeMarks.hold] !== undefined

/** Pauses first: from then on it takes no new tasks, and what is looked for next cannot appear behind our back. */
const marked =
  (wallTime: string): Decide =>
  (node) =>
    node.availability === 'active' && node.role === 'worker' && !isHeld(node)
      ? { availability: 'pause', labels: { [nodeMarks.drainedAt]: wallTime } }
      : undefined

const drained: Decide = (node) =>
  isDrainedByWatcher(node) && node.availability === 'pause' && !isHeld(node)
    ? { availability: 'drain', labels: {} }
    : undefined

const givenBack: Decide = (node) =>
  isDrainedByWatcher(node) && !isHeld(node)
    ? { availability: 'active', labels: { [nodeMarks.drainedAt]: undefined } }
    : undefined

const withoutPause = {
  [nodeMarks.pausedAt]: undefined,
  [nodeMarks.pausedFor]: undefined,
  [nodeMarks.turn]: undefined,
}

const resumed: Decide = (node) =>
  isPausedByWatcher(node) && !isHeld(node) ? { availability: 'active', labels: withoutPause } : undefined

/** A mark on an active node says what is no longer so: somebody made it active. */
const tidied: Decide = (node) =>
  node.availability === 'active' && node.labels[nodeMarks.drainedAt] !== undefined
    ? { availability: 'active', labels: { [nodeMarks.drainedAt]: undefined } }
    : undefined

/** What the cluster watcher does to nodes of the swarm. Each can be done again; none touches what a person holds. */
export class NodeHands {
  readonly #options: HandOptions

  constructor(options: HandOptions) {
    this.#options = options
  }

  /**
   * Pauses the node with the watcher's mark, looks for work that must finish once more, then drains it; gives it back where there is some.
   *
   * @throws {Fault} of UCP.
   */
  async drain(id: string, wallTime: string): Promise<NodeOutcome> {
    await this.#change(id, marked(wallTime))
    return this.goOnDraining(id)
  }

  /** `drain`, where it was stopped after the pause. @throws {Fault} of UCP. */
  async goOnDraining(id: string): Promise<NodeOutcome> {
    const paused = await readNode(this.#ucp(id), id)
    if (paused === undefined || !isDrainedByWatcher(paused)) return 'left'
    if (paused.availability === 'drain') return 'done'
    if (await this.#hasUnfinished(id)) {
      await this.#change(id, givenBack)
      return 'busy'
    }
    const now = await this.#change(id, drained)
    return now?.availability === 'drain' && isDrainedByWatcher(now) ? 'done' : 'left'
  }

  /** Makes the node active again, where it is still the watcher's. @throws {Fault} of UCP. */
  async giveBack(id: string): Promise<NodeOutcome> {
    const now = await this.#change(id, givenBack)
    return now === undefined || now.labels[nodeMarks.drainedAt] !== undefined ? 'left' : 'done'
  }

  /** Makes a node active that its own watcher paused. @throws {Fault} of UCP. */
  async resume(id: string): Promise<NodeOutcome> {
    const now = await this.#change(id, resumed)
    return now?.availability === 'active' ? 'done' : 'left'
  }

  /** Takes an old mark off an active node. @throws {Fault} of UCP. */
  async tidy(id: string): Promise<void> {
    await this.#change(id, tidied)
  }

  /** Takes a drained node out of the swarm, once nothing holds it any more. @throws {Fault} of UCP. */
  async remove(id: string): Promise<NodeOutcome> {
    const { ucp, verify } = this.#options
    const node = await readNode(this.#ucp(id), id)
    if (node === undefined) return 'done'
    if (!isDrainedByWatcher(node) || node.availability !== 'drain' || isHeld(node) || node.role !== 'worker')
      return 'left'
    if ((await tasksHolding(ucp, id, await readServices(ucp))).length > 0) return 'busy'
    await verify()
    await deleteNode(this.#ucp(id), id, true)
    return 'done'
  }

  /** Takes a node out of the swarm that is down. @throws {Fault} of UCP. */
  async reap(id: string): Promise<NodeOutcome> {
    const node = await readNode(this.#ucp(id), id)
    if (node === undefined) return 'done'
    if (node.state !== 'down' || node.role !== 'worker' || isHeld(node)) return 'left'
    await this.#options.verify()
    // Not forced: one that came back since is refused by the managers.
    await deleteNode(this.#ucp(id), id, false)
    return 'done'
  }

  async #hasUnfinished(id: string): Promise<boolean> {
    const services = await readServices(this.#options.ucp)
    const unfinished = new Set(services.filter(({ mustFinish }) => mustFinish).map((one) => one.id))
    return (await tasksHolding(this.#options.ucp, id, services)).some(({ service }) =>
      unfinished.has(service),
    )
  }

  #ucp(id: string): Ucp {
    return this.#options.ucp.within({ signal: this.#options.signal, resource: `node ${id}` })
  }

  async #change(id: string, decide: Decide): Promise<UcpNode | undefined> {
    await this.#options.verify()
    return reconsiderNode(this.#ucp(id), id, { decide, signal: this.#options.signal })
  }
}
